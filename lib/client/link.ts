import { BadPeer, Refusal } from "../protocol/mod.ts";
import { type Advanced, type Pace, REAL_PACE, withRetries } from "./pace.ts";
import type { StoredFile } from "./records.ts";
import { type Address, type ListOptions, Session } from "./session.ts";

/** Where a depot is and who this client is there, as the first session found them. */
export interface Peer {
  address: Address;
  id: string;
  depot: string;
}

export interface LinkOptions {
  pace?: Pace;
  patienceMs?: number;
  /** Told before each wait for another attempt. */
  onRetry?: ((error: Error, delayMs: number) => void) | undefined;
}

export interface RunOptions {
  signal?: AbortSignal | undefined;
}

/**
 * A session that is opened again when it breaks. One request at a time; who wants several at once
 * takes a `sibling` for each.
 */
export class Link implements Disposable {
  readonly peer: Peer;
  #options: LinkOptions;
  #session: Session | null;

  /** `session`: an open one, which is the link's from now on. */
  constructor(peer: Peer, options: LinkOptions = {}, session: Session | null = null) {
    this.peer = peer;
    this.#options = options;
    this.#session = session;
  }

  get pace(): Pace {
    return this.#options.pace ?? REAL_PACE;
  }

  /** Another link to the same depot, with a connection of its own. */
  sibling(): Link {
    return new Link(this.peer, this.#options);
  }

  /**
   * Runs `attempt` on a session, and again on another when it breaks or the depot says that it may
   * succeed later. `advanced` as in `withRetries`.
   */
  run<T>(
    attempt: (session: Session, advanced: Advanced) => Promise<T>,
    { signal }: RunOptions = {},
  ): Promise<T> {
    const { onRetry } = this.#options;
    return withRetries((advanced) => this.#once(attempt, { advanced, signal }), {
      pace: this.pace,
      signal,
      onRetry,
    });
  }

  /** Every file whose name starts with `prefix`, ascending. */
  async *list({ prefix = "", signal }: ListOptions = {}): AsyncGenerator<StoredFile> {
    let after = "";
    for (let more = true; more;) {
      const from = after;
      const page = await this.run((session) => session.page({ prefix, after: from, signal }), {
        signal,
      });
      yield* page.files;
      after = page.files.at(-1)?.name ?? after;
      more = page.more;
    }
  }

  /** Removes a file; one that a lost answer may have been about counts as removed. */
  remove(name: string, options: RunOptions = {}): Promise<void> {
    let attempts = 0;
    return this.run(async (session) => {
      attempts++;
      try {
        await session.remove(name, options.signal);
      } catch (error) {
        const gone = error instanceof Refusal && error.code === "nao_encontrado";
        if (!gone || attempts === 1) throw error;
      }
    }, options);
  }

  [Symbol.dispose](): void {
    this.#session?.[Symbol.dispose]();
    this.#session = null;
  }

  async #once<T>(
    attempt: (session: Session, advanced: Advanced) => Promise<T>,
    options: { advanced: Advanced; signal: AbortSignal | undefined },
  ): Promise<T> {
    try {
      return await attempt(await this.#open(options.signal), options.advanced);
    } catch (error) {
      this.#dropAfter(error);
      throw error;
    }
  }

  async #open(signal: AbortSignal | undefined): Promise<Session> {
    if (this.#session) return this.#session;
    const { address, id, depot } = this.peer;
    const { patienceMs } = this.#options;
    const session = await Session.open(address, {
      id,
      signal,
      ...(patienceMs === undefined ? {} : { patienceMs }),
    });
    if (session.depot !== depot) {
      session[Symbol.dispose]();
      throw new BadPeer("Another depot answers now at this address: check --server");
    }
    return this.#session = session;
  }

  /** A session is over after anything but a refusal; after some refusals the depot ends it. */
  #dropAfter(error: unknown): void {
    if (!(error instanceof Refusal) || ENDS_THE_SESSION.has(error.code)) this[Symbol.dispose]();
  }
}

/** After these the depot closes the connection, or may not know where in a message it is. */
const ENDS_THE_SESSION: ReadonlySet<string> = new Set([
  "encerrando",
  "ocupado",
  "tempo_esgotado",
  "interno",
  "mensagem_invalida",
]);
