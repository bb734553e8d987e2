/** One other depot that this one lends room to, for as long as this one runs. */
import { messageOf } from "../errors.ts";
import { Holder, type HoldEvent } from "../holder/holder.ts";
import type { Identities } from "../identity.ts";
import { introduce } from "../introduction.ts";
import { keepTrying, type Pace, REAL_PACE } from "../pace.ts";
import type { Address } from "../session.ts";
import type { Peer } from "../sessions.ts";
import type { LentRoom, OwnDirectory } from "./lent_room.ts";

/** How often to look for directories that came, or are being emptied. Milliseconds. */
const LOOK_EVERY_MS = 5_000;

/** What an operator reads. */
export interface JoinLog {
  info(event: string, fields: Record<string, string>): void;
  warn(event: string, fields: Record<string, string>): void;
}

export interface JoinedDepotOptions {
  address: Address;
  /** The address as the operator reads it. */
  shown: string;
  /** This depot's own identifier. */
  depot: string;
  /** Who this depot is as a client of the other. */
  identities: Identities;
  /** For people; a directory's name follows it. */
  name: string;
  /** As of `HolderOptions`. */
  zone: string | null;
  machine: string | null;
  room: LentRoom;
  log: JoinLog;
  pace?: Pace | undefined;
}

/** One directory, lent. */
interface Lending {
  leaving: boolean;
  stop: AbortController;
  done: Promise<void>;
}

/** Joins at once, waits for a depot that is not there, and says goodbye when it is disposed. */
export class JoinedDepot implements AsyncDisposable {
  readonly #stop = new AbortController();
  /** By the directories' addresses. */
  readonly #lending = new Map<string, Lending>();
  readonly #running: Promise<void>;
  #peer: Promise<Peer> | null = null;
  /** What was complained of last, by what could not be lent. */
  #complaints = new Map<string, string>();

  constructor(private readonly options: JoinedDepotOptions) {
    this.#running = this.#run().catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await Promise.all(Array.from(this.#lending.values(), ({ done }) => done));
  }

  async #run(): Promise<void> {
    const { room, pace = REAL_PACE } = this.options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      for (const directory of await room.directories()) this.#see(directory);
      await pace.sleep(LOOK_EVERY_MS, signal);
    }
  }

  /** Lends a directory from now on, or in another way than before. */
  #see(directory: OwnDirectory): void {
    const { address, leaving } = directory;
    const before = this.#lending.get(address);
    if (before?.leaving === leaving) return;
    before?.stop.abort();
    const stop = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, stop.signal]);
    const lend = async () => {
      await before?.done;
      await this.#insist(directory.name, () => this.#lend(directory, signal), signal);
    };
    this.#lending.set(address, { leaving, stop, done: lend().catch(() => {}) });
  }

  /** Ends when the other depot needs nothing of a directory that is being emptied. */
  async #lend(directory: OwnDirectory, signal: AbortSignal): Promise<void> {
    const { room, name, zone, machine } = this.options;
    const peer = await this.#meet();
    await room.lend(directory, peer.depot, async (shelf, onNeeded) => {
      const holder = new Holder(peer, shelf, {
        name: `${name}:${directory.name}`,
        zone,
        machine,
        signal,
        leave: directory.leaving,
        onEvent: (event) => {
          if (event.type === "leaving") onNeeded(event.needed);
          // Until it answers again it may need more than it did.
          if (event.type === "reconnecting") onNeeded(null);
          this.#tell(event, directory);
        },
      });
      await holder.run();
    });
  }

  /** Finds out which depot it is, and who this one is there; once for all directories. */
  #meet(): Promise<Peer> {
    return this.#peer ??= this.#introduce();
  }

  async #introduce(): Promise<Peer> {
    const { address, identities, depot } = this.options;
    using session = await introduce(address, { identities, signal: this.#stop.signal });
    const peer = { address, id: session.id, depot: session.depot };
    if (peer.depot !== depot) return peer;
    throw new Error(
      "Refused to join: this depot itself answers there, and two copies on its own disks would " +
        "pass for copies at two depots. Leave that --join out",
    );
  }

  /**
   * Runs `attempt` until it succeeds or this is disposed. Nothing is given up: what is wrong here or
   * there may be mended while the depot runs.
   */
  #insist(
    directory: string,
    attempt: () => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const { pace } = this.options;
    const onRetry = (error: Error) => {
      this.#peer = null;
      this.#complain(directory, messageOf(error));
    };
    return keepTrying(attempt, { signal, onRetry, pace, mayTryAgain: () => true });
  }

  #tell(event: HoldEvent, { name: directory }: OwnDirectory): void {
    const { log, shown: depot } = this.options;
    if (event.type === "reconnecting") return this.#complain(directory, event.why);
    this.#complaints.delete(directory);
    if (event.type === "leaving" && event.needed === 0) {
      log.info("Another depot needs nothing of this directory any more", { depot, directory });
    }
    if (event.type === "connected") {
      log.info("Room is lent to another depot", { depot, directory, place: event.place });
    } else if (event.type === "goodbye") {
      log.info("Said goodbye to another depot", { depot, directory });
    }
  }

  /** Says it once, not at each attempt. */
  #complain(directory: string, why: string): void {
    if (this.#complaints.get(directory) === why) return;
    this.#complaints.set(directory, why);
    const { log, shown: depot } = this.options;
    log.warn("No room is lent to another depot for now; trying again", { depot, directory, why });
  }
}
