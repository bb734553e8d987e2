/** Sessions of one client at one depot: opened as they are needed, and again when they break. */
import { Budget } from "../content/budget.ts";
import { BadPeer, ConnectionLost, Refusal } from "../protocol/mod.ts";
import { type Advanced, type Pace, REAL_PACE, withRetries } from "./pace.ts";
import { type Address, Session } from "./session.ts";

/** Where a depot is and who this client is there, as the first session found them. */
export interface Peer {
  /** Where the depot listens. */
  readonly address: Address;
  /** The client's identifier at this depot. */
  readonly id: string;
  /** The depot's own identifier. */
  readonly depot: string;
}

export interface SessionsOptions {
  pace?: Pace;
  patienceMs?: number | undefined;
  /** Told before each wait for another attempt. */
  onRetry?: ((error: Error, delayMs: number) => void) | undefined;
}

/** Sessions that nobody uses are kept for the next request, so many of them. */
const IDLE_SESSIONS = 16;

/**
 * Files that take more than one round trip, sent at once: the depot refuses one client's uploads
 * when too many are under way, and another program of the same client is to have its share.
 */
const LARGE_AT_ONCE = 16;

/** Requests at the same time have a session each. */
export class Sessions implements Disposable {
  readonly peer: Peer;
  /** Turns of those who send a large file. */
  readonly large: Budget = new Budget(LARGE_AT_ONCE);
  /** So many requests the depot takes in one batch, as the first session found it; 0: none. */
  readonly batch: number;
  #options: SessionsOptions;
  #idle: Session[];
  #over = false;

  /** `session`: an open one, which is taken over. */
  constructor(peer: Peer, options: SessionsOptions = {}, session: Session | null = null) {
    this.peer = peer;
    this.#options = options;
    this.batch = session?.batch ?? 0;
    this.#idle = session ? [session] : [];
  }

  /**
   * Runs `attempt` on a session, and again on another when it breaks or the depot says that it may
   * succeed later. `advanced` as in `withRetries`.
   */
  run<T>(
    attempt: (session: Session, advanced: Advanced) => Promise<T>,
    { signal }: { signal?: AbortSignal | undefined } = {},
  ): Promise<T> {
    const { onRetry, pace = REAL_PACE } = this.#options;
    return withRetries((advanced) => this.#once(attempt, { advanced, signal }), {
      pace,
      signal,
      onRetry,
    });
  }

  /** Closes the sessions that nobody uses now, and the others when they are not used any more. */
  [Symbol.dispose](): void {
    this.#over = true;
    this.#dropIdle();
  }

  /** As `run`, on a session that begins now. */
  runAnew<T>(
    attempt: (session: Session, advanced: Advanced) => Promise<T>,
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<T> {
    this.#dropIdle();
    return this.run(attempt, options);
  }

  async #once<T>(
    attempt: (session: Session, advanced: Advanced) => Promise<T>,
    { advanced, signal }: { advanced: Advanced; signal: AbortSignal | undefined },
  ): Promise<T> {
    const session = this.#idle.pop() ?? await this.#open(signal);
    try {
      const result = await attempt(session, advanced);
      this.#giveBack(session);
      return result;
    } catch (error) {
      if (isUsableAfter(error)) this.#giveBack(session);
      else session[Symbol.dispose]();
      // What broke one connection has broken the others of the same time.
      if (error instanceof ConnectionLost) this.#dropIdle();
      throw error;
    }
  }

  async #open(signal: AbortSignal | undefined): Promise<Session> {
    const { address, id, depot } = this.peer;
    const { patienceMs } = this.#options;
    const session = await Session.open(address, {
      id,
      signal,
      ...(patienceMs === undefined ? {} : { patienceMs }),
    });
    if (session.depot === depot) return session;
    session[Symbol.dispose]();
    throw new BadPeer("Another depot answers now at this address: check --server");
  }

  #giveBack(session: Session): void {
    if (this.#over || this.#idle.length >= IDLE_SESSIONS) session[Symbol.dispose]();
    else this.#idle.push(session);
  }

  #dropIdle(): void {
    for (const session of this.#idle.splice(0)) session[Symbol.dispose]();
  }
}

/** A session is over after anything but a refusal; after some refusals the depot ends it. */
function isUsableAfter(error: unknown): boolean {
  return error instanceof Refusal && !ENDS_THE_SESSION.has(error.code);
}

/** After these the depot closes the connection, or may not know where in a message it is. */
const ENDS_THE_SESSION: ReadonlySet<string> = new Set([
  "encerrando",
  "ocupado",
  "tempo_esgotado",
  "interno",
  "mensagem_invalida",
]);
