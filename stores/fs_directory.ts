/** One directory of the `fs` store: looked at, opened as a place, lost, and back again. */
import {
  type Disk,
  diskName,
  DiskRefused,
  openDisk,
  otherDepots,
  readMark,
} from "../lib/disk/mod.ts";
import type { NamedDirectory } from "./fs_directories.ts";
import {
  type Place,
  type PlaceEvent,
  type StoreContext,
  StoreRefused,
  Unreachable,
} from "./store.ts";

export class FsDirectory implements AsyncDisposable {
  /** The place that is there now. */
  place: Place | null = null;
  /** The place that the mark named when `look` read it. */
  marked: string | null = null;
  readonly #directory: NamedDirectory;
  readonly #context: StoreContext;
  #disk: Disk | null = null;
  #unreadable: unknown;
  #lastWarning = "";
  #disposed = false;
  /** A place that was made and not told of yet. */
  #renewed: Place | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(directory: NamedDirectory, context: StoreContext) {
    this.#directory = directory;
    this.#context = context;
  }

  /** Where it really is. */
  get address(): string {
    return this.#directory.address;
  }

  /** As the operator wrote it. */
  get given(): string {
    return this.#directory.given;
  }

  /** Reads what is there and changes nothing. Throws `StoreRefused` when it is another depot's. */
  async look(): Promise<void> {
    const { address } = this.#directory;
    try {
      await this.#refuseOthers();
      this.marked = (await readMark(address, this.#context.depot))?.place ?? null;
    } catch (error) {
      if (error instanceof StoreRefused) throw error;
      // A broken disk must not stop a depot that has others; a new one is better refused.
      if (error instanceof DiskRefused || !this.#known()) throw refused(error);
      this.#unreadable = error;
    }
  }

  /** Opens the place, or makes one, or says why it is away. `marked`: the places of all marks seen. */
  async open(marked: Set<string>): Promise<void> {
    const known = this.#known();
    if (this.#unreadable) return this.#warnAway(reasonOf(this.#unreadable));
    // When the known place turned up elsewhere, this directory is free for a new one.
    if (!this.marked && known && !marked.has(known.id)) {
      return this.#warnAway(`there is no mark in ${this.given}`);
    }
    try {
      await this.#join(!this.marked);
    } catch (error) {
      if (error instanceof DiskRefused || !this.marked) throw refused(error);
      this.#warnAway(reasonOf(error));
    }
  }

  /** What changed since the last look. `joined`: the places that are there, wherever. */
  change(joined: () => Set<string>): Promise<PlaceEvent | null> {
    return this.#inTurn(async () => {
      const place = this.#renewed;
      this.#renewed = null;
      if (place) return { type: "joined", place };
      return this.#disk ? await this.#checkDisk(this.#disk) : await this.#lookForReturn(joined());
    });
  }

  /** As `Store.renew`: the next `change` tells of the new place. */
  renew(): Promise<string> {
    return this.#inTurn(async () => {
      const { address } = this.#directory;
      if (this.#disk) throw new StoreRefused(`Could not use ${address}: its place is there`);
      await this.#refuseOld();
      try {
        this.#renewed = await this.#join(true);
      } catch (error) {
        throw refused(error);
      }
      if (this.#renewed) return this.#renewed.id;
      throw new StoreRefused(`Could not use ${address}: the depot is stopping`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await this.#letGo();
  }

  /** One at a time, in the order of asking. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  /** Throws `StoreRefused` unless there is a directory that has nothing of a depot's. */
  async #refuseOld(): Promise<void> {
    const { address } = this.#directory;
    const isThere = await Deno.stat(address).then((info) => info.isDirectory, () => false);
    if (!isThere) {
      throw new StoreRefused(
        `Could not use ${address}: there is no such directory. Mount the new disk, or make the ` +
          "directory, and try again",
      );
    }
    await this.#refuseOthers();
    const mark = await readMark(address, this.#context.depot).catch((error) => {
      throw refused(error);
    });
    if (!mark) return;
    throw new StoreRefused(
      `Could not use ${address} as a new disk: it is the place ${mark.place}, which joins by itself`,
    );
  }

  async #checkDisk(disk: Disk): Promise<PlaceEvent | null> {
    try {
      await disk.confirm();
      return null;
    } catch (error) {
      if (this.#disposed || !(error instanceof Unreachable)) return null;
      await this.#letGo();
      this.#warnAway(reasonOf(error));
      return { type: "left", id: disk.id, why: "lost" };
    }
  }

  async #lookForReturn(joined: Set<string>): Promise<PlaceEvent | null> {
    const { address } = this.#directory;
    try {
      const mark = await readMark(address, this.#context.depot);
      if (!mark) return null;
      await this.#refuseOthers();
      if (joined.has(mark.place)) {
        throw new StoreRefused(
          `${this.given} is a copy of the place ${mark.place}, which is there`,
        );
      }
      const place = await this.#join(false);
      return place && { type: "joined", place };
    } catch (error) {
      this.#warnAway(reasonOf(error));
      return null;
    }
  }

  async #join(create: boolean): Promise<Place | null> {
    const { address, name } = this.#directory;
    const disk = await openDisk(address, { depot: this.#context.depot, create });
    this.#disk = disk;
    const zone = await diskName(address).catch(() => `directory-${address}`);
    if (this.#disposed) await this.#letGo();
    else this.place = placeOf(disk, { name, address, zone });
    this.#lastWarning = "";
    return this.place;
  }

  async #letGo(): Promise<void> {
    const disk = this.#disk;
    this.#disk = this.place = null;
    await disk?.[Symbol.asyncDispose]();
  }

  async #refuseOthers(): Promise<void> {
    const [other] = await otherDepots(this.#directory.address, this.#context.depot);
    if (other === undefined) return;
    throw new StoreRefused(
      `${this.given} belongs to another depot, ${other}. Give this depot a directory of its own`,
    );
  }

  #known(): { id: string; name: string } | undefined {
    return this.#context.known(this.#directory.address);
  }

  /** Says it once, not at each look. */
  #warnAway(reason: string): void {
    const name = this.#known()?.name ?? this.#directory.name;
    const message = `The place ${name} is away: ${reason}. ` +
      `Is the disk of ${this.#directory.address} mounted? The place joins when its mark is there. ` +
      `If there is a new disk instead: deposito server replace`;
    if (message === this.#lastWarning) return;
    this.#lastWarning = message;
    this.#context.warn(message);
  }
}

function placeOf(disk: Disk, about: { name: string; address: string; zone: string }): Place {
  const machine = machineName();
  return {
    ...about,
    ...(machine !== undefined && { machine }),
    id: disk.id,
    trusted: true,
    room: () => disk.room(),
    begin: (upload) => disk.begin(upload),
    get: (digest, range) => disk.get(digest, range),
    hash: (digest, options) => disk.hash(digest, options),
    delete: (digest) => disk.delete(digest),
    setAside: (digest) => disk.setAside(digest),
    asides: () => disk.asides(),
    dropAside: (digest) => disk.dropAside(digest),
    list: (options) => disk.list(options),
    uploads: () => disk.uploads(),
    discard: (uploadId) => disk.discard(uploadId),
    mark: () => disk.mark(),
    setMark: (mark) => disk.setMark(mark),
  };
}

/** Nothing needs the name, so its permission is not asked for. */
function machineName(): string | undefined {
  try {
    return Deno.hostname();
  } catch {
    return undefined;
  }
}

function refused(error: unknown): StoreRefused {
  return new StoreRefused(reasonOf(error), { cause: error });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
