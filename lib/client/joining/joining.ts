/** `--join`: this depot as a holder of other depots, with room in directories of its own. */
import { join } from "node:path";
import { Identities } from "../identity.ts";
import type { Pace } from "../pace.ts";
import type { Address } from "../session.ts";
import { JoinedDepot, type JoinLog } from "./joined_depot.ts";
import { LentRoom, type OwnDirectory } from "./lent_room.ts";

export interface JoiningSettings {
  /** The other depots, by their addresses as an operator reads them. */
  addresses: ReadonlyMap<string, Address>;
  /** Bytes that they may keep here, all together. */
  limit: number;
  /** As of `JoinedDepotOptions`. */
  name: string;
  zone: string | null;
  machine: string | null;
}

export interface JoiningOptions extends JoiningSettings {
  depot: OwnDepot;
  /** Where to remember who this depot is at the others. */
  folder: string;
  /** As of `ShelfOptions`. */
  reserve: number | null;
  log: JoinLog;
  pace?: Pace;
}

/** This depot. */
export interface OwnDepot {
  readonly id: string;
  /** Places of a store's kind that are there now. */
  placesOf(kind: "fs"): OwnDirectory[];
}

/** The other depots that this one lends room to. Disposing it says goodbye to all. */
export class Joining implements AsyncDisposable {
  #joined: JoinedDepot[] = [];
  readonly #room: LentRoom;

  /** Sets the room apart; nobody is joined before `start`. */
  constructor(private readonly options: JoiningOptions) {
    const { addresses, depot, log } = options;
    this.#room = new LentRoom({
      ...options,
      depot: depot.id,
      depots: addresses.size,
      directories: () => depot.placesOf("fs"),
      warn: (message) => log.warn(message, {}),
    });
  }

  /** As of `LentRoom`. */
  owed(zone: string): number {
    return this.#room.owed(zone);
  }

  /** As of `LentRoom`. */
  needed(address: string): Promise<number> {
    return this.#room.needed(address);
  }

  start(): void {
    const { addresses, folder, depot } = this.options;
    for (const [shown, address] of addresses) {
      // A folder for each address: who answers at one learns nothing of the others.
      const identities = new Identities(join(folder, shown.replace(/[^A-Za-z0-9.-]/g, "_")));
      const which = { address, shown, identities, depot: depot.id, room: this.#room };
      this.#joined.push(new JoinedDepot({ ...this.options, ...which }));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#joined.map((depot) => depot[Symbol.asyncDispose]()));
  }
}
