/** What the words around a command, the environment and this process make of a client. */
import { checkValue } from "./arguments.ts";
import { Identities, identityFolder } from "../client/identity.ts";
import { type Address, connect, type Link } from "../client/mod.ts";
import { retryWords } from "./complaint.ts";
import type { Context } from "./commands/command.ts";
import type { Screen } from "./screen.ts";
import { formatDuration } from "./units.ts";
import { environment, userPath } from "./user_path.ts";
import { formatAddress, parseAddress, parseIdentifier } from "./values.ts";

export interface ClientSettings {
  address: Address;
  /** It was said, and is not only the usual one. */
  named: boolean;
  /** `null`: the remembered one, or a new one. */
  id: string | null;
  json: boolean;
  quiet: boolean;
}

/** Reads the settings. Throws `UsageError`, before anything is connected. */
export function clientSettings(
  flags: { server: string | null; id: string | null; json: boolean; quiet: boolean },
): ClientSettings {
  const { json, quiet } = flags;
  const named = either(flags.server, "DEPOSITO_SERVER", parseAddress);
  return {
    address: named ?? parseAddress("127.0.0.1"),
    named: named !== null,
    id: either(flags.id, "DEPOSITO_ID", parseIdentifier),
    json,
    quiet,
  };
}

/** What a flag says, else the environment; `null`: neither does. */
function either<T>(given: string | null, name: string, read: (text: string) => T): T | null {
  if (given !== null) return read(given);
  const text = environment(name);
  return text === undefined ? null : checkValue(text, name, read);
}

/** A client of this process. Disposing it ends its connection. */
export class ProcessClient implements Disposable {
  readonly context: Context;
  #settings: ClientSettings;
  #screen: Screen;
  #link: Promise<Link> | null = null;
  #isNew = false;
  #signal: AbortSignal;

  constructor(
    settings: ClientSettings,
    options: { screen: Screen; signal: AbortSignal; confirm: Context["confirm"] },
  ) {
    this.#settings = settings;
    this.#screen = options.screen;
    this.#signal = options.signal;
    this.context = {
      screen: this.#screen,
      json: settings.json,
      signal: options.signal,
      link: () => this.#link ??= this.#connect(),
      server: settings.named ? settings.address : null,
      identities: () => new Identities(identityFolder(environment)),
      path: userPath,
      get stdin() {
        return Deno.stdin.readable;
      },
      stdout: Deno.stdout,
      confirm: options.confirm,
    };
  }

  /** Whether the depot met this client for the first time. */
  get isNew(): boolean {
    return this.#isNew;
  }

  [Symbol.dispose](): void {
    this.#link?.then((link) => link[Symbol.dispose](), () => {});
  }

  /** `null`: there is nowhere to remember, on which a given identifier does not depend. */
  #identityFolder(): string | null {
    try {
      return identityFolder(environment);
    } catch (error) {
      if (this.#settings.id === null) throw error;
      this.#screen.remark("this machine does not remember the identifier: HOME is not set");
      return null;
    }
  }

  async #connect(): Promise<Link> {
    try {
      const { address, id } = this.#settings;
      const folder = this.#identityFolder();
      let said = { words: "", until: 0 };
      // What is sent at the same time breaks at the same time, and is one thing to the user.
      const onRetry = (error: Error, delayMs: number) => {
        const words = retryWords(error);
        const now = performance.now();
        if (words === said.words && now < said.until) return;
        said = { words, until: now + delayMs };
        this.#screen.remark(`${words}; trying again in ${formatDuration(delayMs)}`);
      };
      const onNew = (id: string, before: string | null) => {
        this.#isNew = true;
        if (before !== null) this.#screen.remark(anotherDepot(address));
        for (const line of newIdentifierLines(id)) this.#screen.remark(line);
      };
      const onForgotten = (error: Error) => this.#screen.remark(error.message);
      const link = await connect(address, {
        id,
        identityFolder: folder,
        onRetry,
        onNew,
        onForgotten,
        signal: this.#signal,
      });
      // What is remembered may be damaged, on which a given identifier does not depend.
      const remembered = folder === null
        ? null
        : await new Identities(folder).of(link.depot).catch(() => null);
      if (id !== null && remembered !== null && remembered !== link.id) {
        this.#screen.remark(
          "this machine remembers another identifier: --id counts this time only",
        );
      }
      return link;
    } catch (error) {
      this.#link = null;
      throw error;
    }
  }
}

/** Where another depot answered before, whose files are not here. */
function anotherDepot(address: Address): string {
  return `another depot than before answers at ${
    formatAddress(address)
  }, as with another --data: ` +
    "the files of the earlier one are not here";
}

/** Said once: afterwards the machine remembers it. */
function newIdentifierLines(id: string): string[] {
  return [
    "you are new at this depot; your identifier is",
    id,
    "note it down: it is all that reaches your files from another machine",
  ];
}
