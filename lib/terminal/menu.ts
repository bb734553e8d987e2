/** The first menu of the seed: server, client or holder, and what each needs to begin. */
import { AddressQuestions } from "./address_questions.ts";
import { EXIT } from "./commands/command.ts";
import { askDirectory, capacityWords } from "./menu_words.ts";
import { hasTerminal, Questions } from "./prompts.ts";
import { processScreen } from "./screen.ts";
import { stoppedStatus, Stopping } from "./stopping.ts";
import { userPath } from "./user_path.ts";
import { DEFAULT_PORT, parsePort, UsageError } from "./values.ts";

/** The server's default, which naming a store replaces: holders are welcome beside it. */
const STORES = ["--store", "clients", "--store", "fs:./deposito-data/store"];

/** What the first menu's answers call for. */
export interface Parts {
  server(args: string[]): Promise<number>;
  client(args: string[]): Promise<number>;
}

interface Start {
  part: keyof Parts;
  words: string[];
}

/**
 * Asks and begins, and asks again when that fails. Resolves to the exit status. Throws
 * `UsageError` without a terminal.
 */
export async function runFirstMenu(parts: Parts): Promise<number> {
  if (!hasTerminal()) {
    throw new UsageError("Missing words: deposito server, or deposito client COMMAND; see --help");
  }
  const menu = new FirstMenu();
  while (true) {
    const start = await menu.ask();
    if (typeof start === "number") return start;
    const status = await parts[start.part](start.words);
    if (status !== EXIT.failed) return status;
  }
}

/** What was answered is offered again when a start fails. */
class FirstMenu {
  #addresses = new AddressQuestions();
  #port = String(DEFAULT_PORT);

  /** A number: the user left, with this exit status. */
  async ask(): Promise<Start | number> {
    using stopping = new Stopping();
    const questions = new Questions({
      stopping,
      screen: processScreen({ quiet: false, json: false }),
    });
    while (!stopping.signal.aborted) {
      const part = await questions.choose("What shall this be?", [
        { value: "client", label: "Client: deposit, retrieve" },
        { value: "server", label: "Server: keep files" },
        { value: "holder", label: "Holder: lend disk" },
        { value: "leave", label: "Leave" },
      ]);
      if (part === null || part === "leave") break;
      if (part === "client") return { part: "client", words: [] };
      const start = await (part === "server" ? this.#server(questions) : this.#holder(questions));
      if (start) return start;
    }
    return stoppedStatus(stopping.signal, EXIT.done);
  }

  async #server(questions: Questions): Promise<Start | null> {
    const port = await questions.text("Which port?", {
      initial: this.#port,
      check: (text) => parsePort(text, 0),
    });
    if (port === null) return null;
    this.#port = port;
    return { part: "server", words: ["--port", port, ...STORES] };
  }

  async #holder(questions: Questions): Promise<Start | null> {
    const address = await this.#addresses.ask(questions);
    const directory = address && await askDirectory(questions, userPath);
    const capacity = directory && await capacityWords(questions);
    if (!address || !capacity) return null;
    return { part: "client", words: [...address, "hold", ...capacity, "--", directory!] };
  }
}
