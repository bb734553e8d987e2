/** One other depot that this one lends room to, for as long as this one runs. */
import { messageOf } from "../errors.ts";
import { Holder, type HoldEvent } from "../holder/holder.ts";
import type { Identities } from "../identity.ts";
import { introduce } from "../introduction.ts";
import { keepTrying, REAL_PACE } from "../pace.ts";
import type { Address } from "../session.ts";
import type { Peer } from "../sessions.ts";
import type { LentRoom, OwnDirectory } from "./lent_room.ts";

/** How often to look for directories that came. Milliseconds. */
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
}

/** Joins at once, waits for a depot that is not there, and says goodbye when it is disposed. */
export class JoinedDepot implements AsyncDisposable {
  readonly #stop = new AbortController();
  /** By the directories' addresses. */
  readonly #lending = new Map<string, Promise<void>>();
  readonly #running: Promise<void>;
  #peer: Peer | null = null;
  #lastWhy = "";

  constructor(private readonly options: JoinedDepotOptions) {
    this.#running = this.#run().catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await Promise.all(this.#lending.values());
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    await this.#insist(async () => void await this.#meet());
    while (!signal.aborted) {
      for (const directory of await this.options.room.directories()) this.#start(directory);
      await REAL_PACE.sleep(LOOK_EVERY_MS, signal);
    }
  }

  #start(directory: OwnDirectory): void {
    const { address } = directory;
    if (this.#lending.has(address)) return;
    const lending = this.#insist(() => this.#lend(directory)).catch(() => {});
    this.#lending.set(address, lending);
  }

  async #lend(directory: OwnDirectory): Promise<void> {
    const { room, name, zone, machine } = this.options;
    const { signal } = this.#stop;
    const peer = await this.#meet();
    await room.lend(directory, peer.depot, async (shelf) => {
      const holder = new Holder(peer, shelf, {
        name: `${name}:${directory.name}`,
        zone,
        machine,
        signal,
        onEvent: (event) => this.#tell(event, directory),
      });
      await holder.run();
    });
  }

  /** Finds out which depot it is, and who this one is there. */
  async #meet(): Promise<Peer> {
    if (this.#peer) return this.#peer;
    const { address, identities, depot } = this.options;
    using session = await introduce(address, { identities, signal: this.#stop.signal });
    const peer = { address, id: session.id, depot: session.depot };
    if (peer.depot !== depot) return this.#peer = peer;
    throw new Error(
      "Refused to join: this depot itself answers there, and two copies on its own disks would " +
        "pass for copies at two depots. Leave that --join out",
    );
  }

  /**
   * Runs `attempt` until it succeeds or this is disposed. Nothing is given up: what is wrong here or
   * there may be mended while the depot runs.
   */
  #insist(attempt: () => Promise<void>): Promise<void> {
    const { signal } = this.#stop;
    const onRetry = (error: Error) => {
      this.#peer = null;
      this.#complain(messageOf(error));
    };
    return keepTrying(attempt, { signal, onRetry, mayTryAgain: () => true });
  }

  #tell(event: HoldEvent, { name: directory }: OwnDirectory): void {
    const { log, shown: depot } = this.options;
    if (event.type === "reconnecting") return this.#complain(event.why);
    this.#lastWhy = "";
    if (event.type === "connected") {
      log.info("Room is lent to another depot", { depot, directory, place: event.place });
    } else if (event.type === "goodbye") {
      log.info("Said goodbye to another depot", { depot, directory });
    }
  }

  /** Says it once, not at each attempt. */
  #complain(why: string): void {
    if (why === this.#lastWhy) return;
    this.#lastWhy = why;
    const { log, shown: depot } = this.options;
    log.warn("No room is lent to another depot for now; trying again", { depot, why });
  }
}
