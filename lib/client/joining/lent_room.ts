/**
 * The room that a depot lends to other depots: how much of it is where, and for whom. In each own
 * directory DIR what others keep lies as at any holder (lib/disk/layout.ts), but below
 *
 *     DIR/deposito/<own id>/lent/deposito/<other id>/
 *
 * so that nobody takes it for what the depot itself keeps. The room is set apart: what is promised
 * to others is not free for the depot's own files, and others never get more.
 */
import { statfs } from "node:fs/promises";
import { DiskRefused, otherDepots } from "../../disk/mod.ts";
import { makeFolder } from "../../disk/durable.ts";
import { Layout } from "../../disk/layout.ts";
import { bytesBelow, countContents } from "../../disk/listing.ts";
import { messageOf } from "../errors.ts";
import { Shelf } from "../holder/shelf.ts";
import { shareOut, sum } from "./shares.ts";

/** A directory of the depot's own that is there now. */
export interface OwnDirectory {
  /** Its real path. */
  readonly address: string;
  readonly name: string;
  /** The disk that it is on. */
  readonly zone: string;
  /** The operator empties it: what others have there is to go, too. */
  readonly leaving: boolean;
}

export interface LentRoomOptions {
  /** This depot's identifier. */
  depot: string;
  /** Bytes that others may keep here, all together. */
  limit: number;
  /** How many depots share it. */
  depots: number;
  /** As of `ShelfOptions`. */
  reserve: number | null;
  directories(): OwnDirectory[];
  /** For what the operator should read. */
  warn(message: string): void;
}

/** What a depot has in a directory. */
interface Tenant {
  depot: string;
  address: string;
  shelf: Shelf | null;
  /** As last seen, for when no shelf is open. */
  bytes: number;
  /** Contents there that it still needs, as it says while the directory is emptied. */
  needed: number | null;
}

/** Lends a shelf; to be told what its depot says that it needs of it, or `null`: nothing now. */
export type Lend = (shelf: Shelf, onNeeded: (contents: number | null) => void) => Promise<void>;

export class LentRoom {
  /** By the path of what they have. */
  #tenants = new Map<string, Tenant>();
  /** What of each directory is set apart, used or not, by its address. */
  #parts = new Map<string, { zone: string; bytes: number }>();
  /** By address: whether the tenants of the directory could be looked at. */
  #surveys = new Map<string, Promise<boolean>>();
  /** Paths of what is lent now. */
  #lending = new Set<string>();
  /** Whether it is known what others have here. */
  #isDivided = false;

  /** Sets the room apart. What others have here already is looked at in the background. */
  constructor(private readonly options: LentRoomOptions) {
    this.#divide().catch((error) => options.warn(messageOf(error)));
  }

  /** Bytes to keep free on a disk, by its name as in `OwnDirectory`, for what others may still bring. */
  owed(zone: string): number {
    if (!this.#isDivided) return this.options.limit;
    const parts = [...this.#parts].filter(([, part]) => part.zone === zone);
    return sum(
      parts.map(([address, { bytes }]) => Math.max(0, bytes - sum(this.#in(address).map(has)))),
    );
  }

  /**
   * Contents in a directory that others need. All that a depot has there count as long as it has
   * not said otherwise while the directory is emptied.
   */
  async needed(address: string): Promise<number> {
    await this.#survey(address);
    const { lent } = new Layout(address, this.options.depot);
    const counts = this.#in(address).map(({ depot, shelf, needed }) =>
      needed ?? shelf?.contents ?? countContents(new Layout(lent, depot))
    );
    return sum(await Promise.all(counts));
  }

  /**
   * The directories to lend: those in which others have something, and one of each other disk. A
   * second one there would be no second place: it has the same room, and fails with the first.
   * Room is set apart in those that came since the last look.
   */
  async directories(): Promise<OwnDirectory[]> {
    const directories = await this.#lendable();
    if (directories.some(({ address }) => !this.#parts.has(address))) await this.#divide();
    return directories;
  }

  async #lendable(): Promise<OwnDirectory[]> {
    const all = this.options.directories();
    const isSurveyed = await Promise.all(all.map(({ address }) => this.#survey(address)));
    const there = all.filter((_, index) => isSurveyed[index]);
    const lent = there.filter(({ address }) => this.#in(address).length > 0);
    const zones = new Set(lent.filter(({ leaving }) => !leaving).map(({ zone }) => zone));
    const first = there.filter((own) => !lent.includes(own) && !own.leaving)
      .filter(({ zone }) => !zones.has(zone) && zones.add(zone));
    return [...lent, ...first];
  }

  /**
   * Lends a directory to a depot while `work` runs. Throws `DiskRefused` when it is lent to it
   * already, what opening the shelf throws, and what `work` throws.
   */
  async lend(
    directory: OwnDirectory,
    depot: string,
    work: Lend,
  ): Promise<void> {
    const { lent } = new Layout(directory.address, this.options.depot);
    const path = new Layout(lent, depot).root;
    if (this.#lending.has(path)) {
      throw new DiskRefused(
        `Could not lend ${directory.address} to depot ${depot} a second time: it answers at two ` +
          "addresses. Leave one --join out",
      );
    }
    this.#lending.add(path);
    try {
      await this.#survey(directory.address);
      // Without what is above it: where a disk is not mounted nothing may be made.
      await makeFolder(lent);
      const { reserve } = this.options;
      await using shelf = await Shelf.open(lent, { depot, capacity: 0, reserve });
      await this.#house(path, { ...directory, depot, shelf, bytes: 0, needed: null }, work);
    } finally {
      this.#lending.delete(path);
    }
  }

  async #house(
    path: string,
    tenant: Tenant & { shelf: Shelf },
    work: Lend,
  ): Promise<void> {
    const { shelf } = tenant;
    this.#tenants.set(path, tenant);
    try {
      await this.#divide();
      await work(shelf, (contents) => tenant.needed = contents);
    } finally {
      this.#tenants.set(path, { ...tenant, shelf: null, bytes: shelf.bytes });
    }
  }

  /**
   * Shares out what is left: to the depots in equal parts, to the disks in proportion to their free
   * room. Done when a depot takes up what is lent to it; in between everybody's part stays.
   */
  async #divide(): Promise<void> {
    const directories = await this.#lendable();
    const rooms = await Promise.all(directories.map(roomFor));
    // From here on nothing is awaited, so that no byte comes or goes meanwhile.
    const free = sum(rooms);
    const { mayBring, kept } = this.#shareOut();
    const left = sum(mayBring.values()) + kept;
    this.#parts.clear();
    directories.forEach(({ address, zone }, index) => {
      const part = rooms[index]! / (free || 1);
      const here = this.#in(address);
      this.#parts.set(address, { zone, bytes: sum(here.map(held)) + Math.floor(left * part) });
      for (const tenant of here) {
        if (!tenant.shelf) continue;
        tenant.shelf.capacity = held(tenant) + Math.floor(mayBring.get(tenant.depot)! * part);
      }
    });
    if (!this.#isDivided) this.#warnOfShortage(left, free);
    this.#isDivided = true;
  }

  #shareOut() {
    const { limit, depots } = this.options;
    const tenants = [...this.#tenants.values()];
    const there = new Set(tenants.flatMap(({ depot, shelf }) => shelf ? depot : []));
    const here = new Map<string, number>();
    for (const tenant of tenants.filter(({ depot }) => there.has(depot))) {
      here.set(tenant.depot, (here.get(tenant.depot) ?? 0) + held(tenant));
    }
    const others = sum(tenants.filter(({ depot }) => !there.has(depot)).map(held));
    return shareOut({ limit, depots, here, others });
  }

  #warnOfShortage(left: number, free: number): void {
    if (left <= free) return;
    this.options.warn(
      `The directories have ${free} bytes free, and --lend promises others ${Math.ceil(left)}: ` +
        "nothing is left for this depot's own files. Lend less, or make room",
    );
  }

  #survey(address: string): Promise<boolean> {
    const survey = this.#surveys.get(address) ??
      this.#findTenants(address).then(() => true, (error) => {
        this.options.warn(`Nothing of ${address} is lent: ${messageOf(error)}`);
        return false;
      });
    this.#surveys.set(address, survey);
    return survey;
  }

  async #findTenants(address: string): Promise<void> {
    const { depot } = this.options;
    const { lent } = new Layout(address, depot);
    for (const other of await otherDepots(lent, depot)) {
      const path = new Layout(lent, other).root;
      const bytes = await bytesBelow(path);
      this.#tenants.set(path, { depot: other, address, shelf: null, bytes, needed: null });
    }
  }

  #in(address: string): Tenant[] {
    return [...this.#tenants.values()].filter((tenant) => tenant.address === address);
  }
}

function has({ shelf, bytes }: Tenant): number {
  return shelf?.bytes ?? bytes;
}

/** What a tenant has, and what it is getting now. */
function held(tenant: Tenant): number {
  return has(tenant) + (tenant.shelf?.promised ?? 0);
}

/** Bytes that are free for more in a directory, which may have gone since it was listed. */
async function roomFor({ address, leaving }: OwnDirectory): Promise<number> {
  if (leaving) return 0;
  const { bavail, bsize } = await statfs(address).catch(() => ({ bavail: 0, bsize: 0 }));
  return bavail * bsize;
}
