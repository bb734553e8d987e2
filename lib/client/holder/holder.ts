/** Lends a directory to a depot for as long as it is told to: dials, serves, and dials again. */
import {
  BadPeer,
  type Connection,
  ConnectionLost,
  CONTROL,
  decodeAnswer,
  encode,
  HOLDER_REPLIES,
  Refusal,
  REPLIES,
  REQUESTS,
  SILENCE_MS,
} from "../../protocol/mod.ts";
import { diskName } from "../../disk/mod.ts";
import { messageOf } from "../errors.ts";
import type { Peer } from "../sessions.ts";
import { keepTrying, type Pace } from "../pace.ts";
import { readReply } from "../peer.ts";
import { Session } from "../session.ts";
import { Lines } from "./lines.ts";
import { Shelf } from "./shelf.ts";
import type { Traffic } from "./traffic.ts";

/** A goodbye is waited for so long. Milliseconds. */
const GOODBYE_MS = 5_000;
/** Who leaves asks so often whether it may. Milliseconds. */
const ASK_EVERY_MS = 1_000;

export interface HolderOptions {
  /** For people. */
  name: string;
  /**
   * Holders with the same zone are expected to fail together. `null`: this machine, and its disk to
   * a depot that is on it, too.
   */
  zone: string | null;
  /** This machine, when its name is known. */
  machine: string | null;
  /** Goes for good: ends, with a goodbye, once the depot has every copy elsewhere. */
  leave?: boolean;
  /** Aborted: says goodbye and ends. */
  signal: AbortSignal;
  onEvent?: (event: HoldEvent) => void;
  pace?: Pace;
}

/** A holder, and the directory for it. */
export interface HoldOptions extends HolderOptions {
  /** Where to keep what is lent; below it, in `deposito/<depot id>`. Absolute. */
  directory: string;
  /** As of `ShelfOptions`. */
  capacity: number | null;
  reserve: number | null;
}

/** What happens to a holder. `place`: its public id. */
export type HoldEvent =
  | { type: "connected"; place: string }
  | { type: "reconnecting"; why: string; delayMs: number }
  | { type: "leaving"; needed: number }
  | { type: "goodbye" };

/**
 * A directory that is lent. Disposing it lets go of the directory; where the depot refused the place
 * for good, what was made for it is removed again.
 */
export class Holder implements AsyncDisposable {
  readonly traffic: Traffic = { received: 0, sent: 0 };
  /** Whether the depot knows the place, or refused it for good before it did. */
  #welcome: "unknown" | "known" | "refused" = "unknown";

  /** `shelf`: an open one, which is the holder's from now on. */
  constructor(
    private readonly peer: Peer,
    readonly shelf: Shelf,
    private readonly options: HolderOptions,
  ) {}

  /** Opens the directory, and makes it where it is missing. Throws `DiskRefused`. */
  static async open(peer: Peer, options: HoldOptions): Promise<Holder> {
    const { directory, capacity, reserve } = options;
    const shelf = await Shelf.open(directory, { depot: peer.depot, capacity, reserve });
    return new Holder(peer, shelf, options);
  }

  /**
   * Lends until `signal` aborts, over as many connections as it takes. Throws the depot's `Refusal`
   * when trying again would not help, and what makes the directory unusable.
   */
  async run(): Promise<void> {
    const { signal, onEvent, pace } = this.options;
    const onRetry = (error: Error, delayMs: number) =>
      onEvent?.({ type: "reconnecting", why: messageOf(error), delayMs });
    try {
      await keepTrying(() => this.#lend(), { signal, pace, onRetry, mayTryAgain: mayPass });
      onEvent?.({ type: "goodbye" });
    } catch (error) {
      if (this.#welcome === "unknown" && error instanceof Refusal) this.#welcome = "refused";
      if (!signal.aborted) throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#welcome !== "refused") return await this.shelf[Symbol.asyncDispose]();
    // Why the depot refused is what there is to say, not that a folder of ours is in use.
    await this.shelf.forsake().catch(() => {});
  }

  /** One control connection. Resolves after the goodbye, throws when it breaks. */
  async #lend(): Promise<void> {
    const { signal, onEvent } = this.options;
    const connection = await this.#connect(signal);
    try {
      const { place, aliveMs } = await this.#introduce(connection);
      const lost = Promise.withResolvers<never>();
      await using _lines = new Lines({
        shelf: this.shelf,
        traffic: this.traffic,
        open: (signal) => this.#connect(signal),
        onDiskLost: lost.reject,
      });
      onEvent?.({ type: "connected", place });
      await Promise.race([this.#keepUp(connection, aliveMs), lost.promise]);
    } finally {
      connection.close();
    }
  }

  async #connect(signal: AbortSignal): Promise<Connection> {
    const { address, id, depot } = this.peer;
    const session = await Session.open(address, { id, signal });
    if (session.depot === depot) return session.connection;
    session[Symbol.dispose]();
    throw new BadPeer("Another depot answers now at this address");
  }

  async #introduce(connection: Connection) {
    const { name, zone, machine, leave } = this.options;
    const { secret, changes, disk } = this.shelf;
    const room = await this.shelf.room();
    await connection.writeLine(
      encode(REQUESTS.lend, {
        secret,
        zone: zone ?? machine ?? name,
        machine,
        disk: zone === null ? await diskName(disk.layout.root) : null,
        ...room,
        changes,
        leaving: leave ? true : null,
        name,
      }),
    );
    const lent = await readReply(connection, REPLIES.lent);
    this.#welcome = "known";
    return lent;
  }

  /** Says that it lives, and hears that the depot does, until it is told to leave. */
  async #keepUp(connection: Connection, aliveMs: number): Promise<void> {
    const { signal, leave } = this.options;
    let saying: Promise<void> = Promise.resolve();
    const say = (line: () => Promise<string> | string) => {
      // What cannot be said is found out by who listens.
      saying = saying.then(async () => connection.writeLine(await line())).catch(() => {});
    };
    const alive = async () => encode(CONTROL.alive, await this.shelf.room());
    const timer = setInterval(() => say(alive), leave ? ASK_EVERY_MS : aliveEvery(aliveMs));
    let late: ReturnType<typeof setTimeout> | undefined;
    const sayGoodbye = () => {
      say(() => encode(CONTROL.goodbye, {}));
      late = setTimeout(() => connection.close(), GOODBYE_MS);
    };
    signal.addEventListener("abort", sayGoodbye, { once: true });
    if (signal.aborted) sayGoodbye();
    try {
      await hearUntilGoodbye(connection, (needed) => {
        this.options.onEvent?.({ type: "leaving", needed });
        if (needed === 0 && late === undefined) sayGoodbye();
      });
    } finally {
      clearInterval(timer);
      clearTimeout(late);
      signal.removeEventListener("abort", sayGoodbye);
      await saying;
    }
  }
}

/** How often to say that this side lives, when the depot would like it every `aliveMs`. */
function aliveEvery(aliveMs: number): number {
  return Math.max(100, Math.min(aliveMs, SILENCE_MS / 3));
}

async function hearUntilGoodbye(
  connection: Connection,
  onNeeded: (contents: number) => void,
): Promise<void> {
  const goodbye = encode(HOLDER_REPLIES.goodbye, { goodbye: true });
  while (true) {
    const line = await connection.readLine({ patienceMs: SILENCE_MS });
    if (line === null) throw new ConnectionLost("The depot ended the connection");
    if (line === goodbye) return;
    const { needed } = decodeAnswer(HOLDER_REPLIES.alive, line);
    if (needed !== null) onNeeded(needed);
  }
}

/** Whether the same may go well later. A depot that is not there comes back. */
function mayPass(error: unknown): boolean {
  return error instanceof ConnectionLost || error instanceof BadPeer ||
    (error instanceof Refusal && error.retry);
}
