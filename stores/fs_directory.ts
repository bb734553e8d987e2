/** One directory of the `fs` store: looked at, opened as a place, lost, and back again. */
import {
  type Disk,
  diskName,
  DiskRefused,
  openDisk,
  otherDepots,
  readMark,
} from "../lib/disk/mod.ts";
import { soon } from "../lib/worker/soon.ts";
import { DiskCalls } from "./fs_calls.ts";
import type { NamedDirectory } from "./fs_directories.ts";
import { DiskLook, type HangLimits } from "./fs_look.ts";
import { FsPlace } from "./fs_place.ts";
import {
  type Place,
  type PlaceEvent,
  type StoreContext,
  StoreRefused,
  Unreachable,
} from "./store.ts";

/** A disk that is let go of has so long to end what is under way on it. Milliseconds. */
const LEAVE_MS = 2_000;

/** Neither a start nor the operator waits longer for a disk that does not answer. Milliseconds. */
const START_MS = 10_000;

/** A disk while it is a place. */
interface Opened {
  disk: Disk;
  calls: DiskCalls;
  look: DiskLook;
}

export class FsDirectory implements AsyncDisposable {
  /** The place that is there now. */
  place: Place | null = null;
  /** The place that the mark named when `look` read it. */
  marked: string | null = null;
  readonly #directory: NamedDirectory;
  readonly #context: StoreContext;
  readonly #limits: HangLimits;
  #opened: Opened | null = null;
  /**
   * What was asked of a disk that is not a place now, and has no answer yet. Nothing more is asked
   * before: each call to a disk that hangs costs a thread.
   */
  #asked: Promise<PlaceEvent | null> | null = null;
  #unreadable: unknown;
  #lastWarning = "";
  #disposed = false;
  /** A place that was made and not told of yet. */
  #renewed: Place | null = null;
  #isRenewing = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(directory: NamedDirectory, context: StoreContext, limits: HangLimits) {
    this.#directory = directory;
    this.#context = context;
    this.#limits = limits;
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
    try {
      const looked = this.#lookAtMark();
      if (await soon(looked, START_MS) !== undefined) return;
      // Until that look ends, there is no other.
      this.#asked = looked.then(() => null, () => null);
      throw new Error(`the disk of ${this.address} does not answer`);
    } catch (error) {
      if (error instanceof StoreRefused) throw error;
      // A broken disk must not stop a depot that has others; a new one is better refused.
      if (error instanceof DiskRefused || !this.#known()) throw refused(error);
      this.#unreadable = error;
    }
  }

  async #lookAtMark(): Promise<true> {
    await this.#refuseOthers();
    this.marked = (await readMark(this.address, this.#context.depot))?.place ?? null;
    return true;
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
      const joining = this.#join(!this.marked);
      if (await soon(joining, START_MS) !== undefined) return;
      this.#asked = joining.then((place) => place && { type: "joined", place }, () => null);
      throw new Error(`the disk of ${this.address} does not answer`);
    } catch (error) {
      if (error instanceof DiskRefused || !this.marked) throw refused(error);
      this.#warnAway(reasonOf(error));
    }
  }

  /** What changed since the last look. `joined`: the places that are there, wherever. */
  async change(joined: () => Set<string>): Promise<PlaceEvent | null> {
    // The disk may hang, and others are looked at together with it.
    if (this.#isRenewing) return null;
    return await this.#inTurn(async () => {
      const place = this.#renewed;
      this.#renewed = null;
      if (place) return { type: "joined", place };
      if (this.#opened && !this.#asked) return await this.#checkDisk(this.#opened);
      const asked = this.#asked ??= this.#lookForReturn(joined);
      const event = await soon(asked, this.#limits.soonMs);
      if (event !== undefined && this.#asked === asked) this.#asked = null;
      return event ?? null;
    });
  }

  /** As `Store.renew`: the next `change` tells of the new place. */
  async renew(): Promise<string> {
    const id = await soon(this.#inTurn(() => this.#renew()), START_MS);
    if (id !== undefined) return id;
    throw new StoreRefused(`Could not use ${this.address}: its disk does not answer`);
  }

  async #renew(): Promise<string> {
    const { address } = this.#directory;
    this.#isRenewing = true;
    try {
      if (this.#opened) throw new StoreRefused(`Could not use ${address}: its place is there`);
      await this.#refuseOld();
      // It was asked of the disk that was here before.
      this.#asked = null;
      this.#renewed = await this.#join(true);
    } catch (error) {
      throw error instanceof StoreRefused ? error : refused(error);
    } finally {
      this.#isRenewing = false;
    }
    if (this.#renewed) return this.#renewed.id;
    throw new StoreRefused(`Could not use ${address}: the depot is stopping`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await this.#letGo(new Unreachable(`Could not use ${this.address}: the depot is stopping`));
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

  async #checkDisk({ disk, look }: Opened): Promise<PlaceEvent | null> {
    const away = await look.away();
    if (!away || this.#disposed) return null;
    const left = this.#letGo(away.error);
    if (away.hangs) {
      this.#warnHangs();
    } else {
      await left;
      this.#warnAway(reasonOf(away.error));
    }
    return { type: "left", id: disk.id, why: "lost" };
  }

  async #lookForReturn(joined: () => Set<string>): Promise<PlaceEvent | null> {
    const { address } = this.#directory;
    try {
      const mark = await readMark(address, this.#context.depot);
      if (!mark) return null;
      await this.#refuseOthers();
      const refuseCopy = (id: string) => {
        if (!joined().has(id)) return;
        throw new StoreRefused(`${this.given} is a copy of the place ${id}, which is there`);
      };
      refuseCopy(mark.place);
      const place = await this.#join(false, refuseCopy);
      return place && { type: "joined", place };
    } catch (error) {
      this.#warnAway(reasonOf(error));
      return null;
    }
  }

  /** `judge`: throws when the disk may not be a place; asked last, for others come meanwhile. */
  async #join(create: boolean, judge: (id: string) => void = () => {}): Promise<Place | null> {
    const { address, name } = this.#directory;
    const disk = await openDisk(address, { depot: this.#context.depot, create });
    const zone = await diskName(address).catch(() => `directory-${address}`);
    await using unused = new AsyncDisposableStack();
    unused.use(disk);
    judge(disk.id);
    if (this.#disposed || this.#opened) return null;
    unused.move();
    const calls = new DiskCalls();
    this.#opened = { disk, calls, look: new DiskLook(disk, calls, this.#limits) };
    this.place = new FsPlace(disk, calls, { name, address, zone });
    this.#lastWarning = "";
    return this.place;
  }

  /** Who waits for the disk waits no longer; the disk is closed when it does not hang any more. */
  async #letGo(why: Error): Promise<void> {
    if (!this.#opened) return;
    const { disk, calls } = this.#opened;
    this.#opened = this.place = null;
    disk.letGo();
    const closed = calls.letGo(why).then(() => disk[Symbol.asyncDispose]());
    this.#asked = closed.then(() => null, () => null);
    if (await soon(this.#asked, LEAVE_MS) === null) this.#asked = null;
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

  #warnAway(reason: string): void {
    this.#warn(
      `The place ${this.#name} is away: ${reason}. ` +
        `Is the disk of ${this.address} mounted? The place joins when its mark is there. ` +
        `If there is a new disk instead: deposito server replace`,
    );
  }

  #warnHangs(): void {
    this.#warn(
      `The place ${this.#name} is away: the disk of ${this.address} does not answer. Nothing waits ` +
        `for it any longer, and after --grace its copies are made elsewhere. The place joins again ` +
        `when the disk answers; the system's log may say why it does not`,
    );
  }

  get #name(): string {
    return this.#known()?.name ?? this.#directory.name;
  }

  /** Says it once, not at each look. */
  #warn(message: string): void {
    if (message === this.#lastWarning) return;
    this.#lastWarning = message;
    this.#context.warn(message);
  }
}

function refused(error: unknown): StoreRefused {
  return new StoreRefused(reasonOf(error), { cause: error });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
