/** A directory that keeps contents durably, for one depot. What lies where: layout.ts. */
import { statfs } from "node:fs/promises";
import { Budget } from "../content/budget.ts";
import { type DiskAside, listAsides, moveAside, newestAside, removeAsides } from "./asides.ts";
import type { DiskUpload, DiskWriter } from "./disk_writer.ts";
import { removeIfThere } from "./durable.ts";
import { diskError, isAbsence, Unreachable } from "./errors.ts";
import type { Layout } from "./layout.ts";
import { listContents } from "./listing.ts";
import { confirmMark, type DiskMark, readMark, writeMark } from "./mark.ts";
import { openPart } from "./part_opening.ts";
import { partsOf } from "./parts.ts";
import { type FileRange, type FileReader, hashFile, openRange, statFile } from "./reading.ts";
import type { Growth } from "./growing_file.ts";
import { SMALL_BYTES } from "./small/border.ts";
import { SmallContents } from "./small/contents.ts";
import { type HeldOwner, HeldWriter } from "./small/held_writer.ts";
import { UncachedWrites } from "./uncached/writes.ts";

/** What a `Disk` is made of; `openDisk` in opening.ts puts it together. */
export interface DiskParts {
  layout: Layout;
  mark: DiskMark;
  /** Folders that opening it made and in which the disk lies, the innermost first. */
  made: readonly string[];
  /** Open and locked; closed with the disk. */
  lock: Deno.FsFile;
  /** Milliseconds of the wall clock. */
  now: () => number;
}

/** What small uploads have in memory together; those beyond it are parts from their beginning. Bytes. */
const HELD_BYTES = 16 * 1024 * 1024;

/**
 * An open disk, locked for this process until it is disposed. Its methods are those of a place in
 * the store contract. What is absent is `null` or a success only while the mark is there: a disk
 * that went away throws `Unreachable` and does not look empty.
 */
export class Disk implements HeldOwner, AsyncDisposable {
  /** The place that the mark names. Survives moves to another path. */
  readonly id: string;
  readonly depot: string;
  readonly layout: Layout;
  readonly made: readonly string[];
  readonly small: SmallContents;
  readonly growth: Growth = {
    earlySyncs: new Budget(1),
    uncached: new UncachedWrites({ staysReady: true }),
  };
  /** The memory of small uploads. */
  readonly #held = new Budget(HELD_BYTES);
  readonly #now: () => number;
  #lock: Deno.FsFile | null;
  #isLeft = false;
  #openUploads = new Set<string>();
  #lastChange: Promise<unknown> = Promise.resolve();

  constructor({ layout, mark, made, lock, now }: DiskParts) {
    this.id = mark.place;
    this.depot = mark.depot;
    this.layout = layout;
    this.made = made;
    this.small = new SmallContents(layout);
    this.#lock = lock;
    this.#now = now;
  }

  /** Bytes of the file system in all, and those free for this user. */
  async room(): Promise<{ capacity: number; free: number }> {
    try {
      // Of our own folder: an empty mount point would tell of the disk below it.
      const { blocks, bavail, bsize } = await statfs(this.layout.root);
      return { capacity: blocks * bsize, free: bavail * bsize };
    } catch (error) {
      if (isAbsence(error)) await this.confirm();
      throw diskError(`ask for the room of ${this.layout.directory}`, error);
    }
  }

  /**
   * Opens an upload for writing. Throws `Full` when `size` cannot fit, an `Error` when it is open. A
   * small one is not written before it is committed or kept, and a disk that went away says so then.
   */
  async begin(upload: DiskUpload): Promise<DiskWriter> {
    const held = this.beginHeld(upload);
    if (held) return held;
    this.#openUploads.add(upload.id);
    try {
      return await openPart(this, upload);
    } catch (error) {
      this.#openUploads.delete(upload.id);
      throw error;
    }
  }

  /** As `begin`, of an upload that needs nothing of the disk yet; `null` for the others. */
  beginHeld({ id, size, resume, signal }: DiskUpload): DiskWriter | null {
    signal.throwIfAborted();
    this.alive();
    this.#refuseOpen(id, "begin");
    this.layout.part(id);
    if (resume || size === undefined || size > SMALL_BYTES) return null;
    const room = this.#held.tryTake(size);
    if (!room) return null;
    this.#openUploads.add(id);
    return new HeldWriter(this, { id, size, signal, room });
  }

  /** Opens a part of a content, or of its newest set-aside copy; `null` when there is none. */
  async get(
    digest: string,
    range: FileRange & { aside?: boolean },
  ): Promise<FileReader | null> {
    range.signal.throwIfAborted();
    this.alive();
    const path = range.aside ? await newestAside(this.layout, digest) : this.layout.content(digest);
    return (path && await openRange(path, range)) || await this.#absent();
  }

  /** SHA-256 over `prefix` and the content, or `null` when there is none. */
  async hash(
    digest: string,
    options: { prefix: Uint8Array; signal: AbortSignal },
  ): Promise<string | null> {
    this.alive();
    return await hashFile(this.layout.content(digest), options) ?? await this.#absent();
  }

  /**
   * Removes a content. Not synced: should it be there again after a power cut, it is a copy that
   * nobody knows, and those are found and cleared as such.
   */
  async delete(digest: string): Promise<void> {
    await this.#removeFile(this.layout.content(digest));
  }

  /** Moves a content out of the way without losing its bytes, nor those of earlier copies. */
  setAside(digest: string): Promise<void> {
    return this.#change(async () => {
      if (!await moveAside(this.layout, digest, this.#now())) await this.#absent();
    });
  }

  /** The newest set-aside copy of each content that has one, ascending by digest. */
  async *asides(): AsyncGenerator<DiskAside> {
    await this.confirm();
    yield* listAsides(this.layout);
  }

  /** Removes every set-aside copy of a content. */
  dropAside(digest: string): Promise<void> {
    return this.#change(async () => {
      this.layout.content(digest);
      await this.confirm();
      await removeAsides(this.layout, digest);
    });
  }

  /** Contents ascending by digest, from the first after `after`. */
  list(
    options: { after?: string; signal: AbortSignal },
  ): AsyncGenerator<{ digest: string; size: number }> {
    return listContents(this.layout, { ...options, confirm: () => this.confirm() });
  }

  /** What is kept of uploads that nobody is writing now. */
  async *uploads(): AsyncGenerator<{ id: string; bytes: number }> {
    await this.confirm();
    for await (const id of partsOf(this.layout)) {
      if (this.#openUploads.has(id)) continue;
      const info = await statFile(this.layout.part(id));
      if (info) yield { id, bytes: info.size };
    }
  }

  /** Removes what is kept of an upload. An `Error` while it is being written. */
  async discard(uploadId: string): Promise<void> {
    this.#refuseOpen(uploadId, "discard");
    await this.#removeFile(this.layout.part(uploadId));
  }

  /** Depot and sequence number that the mark has now; `null` when the mark is gone. */
  async mark(): Promise<{ depot: string; sequence: number } | null> {
    const mark = await readMark(this.layout.directory, this.depot);
    return mark && { depot: mark.depot, sequence: mark.sequence };
  }

  /** Writes the mark durably. Throws for another depot's. */
  setMark({ depot, sequence }: { depot: string; sequence: number }): Promise<void> {
    return this.#change(async () => {
      if (depot !== this.depot) {
        throw new TypeError(`Could not mark ${this.layout.root} for ${depot}: it is another depot`);
      }
      await this.confirm();
      await writeMark(this.layout, { place: this.id, depot, sequence });
    });
  }

  /** Throws `Unreachable` unless the mark of this place is where it was. */
  async confirm(): Promise<void> {
    this.alive();
    await confirmMark(this.layout.directory, { depot: this.depot, place: this.id });
  }

  /**
   * As `confirm`, and has something written through to the disk, which it may refuse: a disk that
   * hangs may still be read from the system's memory.
   */
  async confirmWriting(): Promise<void> {
    await this.confirm();
    const now = this.#now() / 1000;
    try {
      await this.#lock?.utime(now, now);
      await this.#lock?.sync();
    } catch {
      // That is an answer, too.
    }
  }

  /** Whether it is used still. */
  get held(): boolean {
    return !this.#isLeft;
  }

  /** Throws `Unreachable` unless `held`. */
  alive(): void {
    if (this.held) return;
    throw new Unreachable(`Could not use ${this.layout.directory}: it was let go of`);
  }

  /** A writer is done with its upload. */
  released(uploadId: string): void {
    this.#openUploads.delete(uploadId);
  }

  /** Begins nothing more: writers that are open cannot commit any more. It is still to be disposed. */
  letGo(): void {
    this.#isLeft = true;
  }

  /** As `letGo`, and lets go of the lock. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.letGo();
    const lock = this.#lock;
    this.#lock = null;
    await this.#lastChange.catch(() => {});
    // Side by side, because each waits for a disk that hangs.
    await Promise.all([
      this.small[Symbol.asyncDispose](),
      this.growth.uncached[Symbol.asyncDispose](),
    ]);
    lock?.close();
  }

  #refuseOpen(uploadId: string, verb: string): void {
    if (!this.#openUploads.has(uploadId)) return;
    throw new Error(`Could not ${verb} the upload ${uploadId}: it is being written`);
  }

  async #removeFile(path: string): Promise<void> {
    this.alive();
    try {
      if (!await removeIfThere(path)) await this.#absent();
    } catch (error) {
      throw diskError(`remove ${path}`, error);
    }
  }

  /** The answer for what is not there, once it is sure that the disk is. */
  async #absent(): Promise<null> {
    await this.confirm();
    return null;
  }

  /** Changes that must not meet each other: of the mark, and of the set-aside copies. */
  #change<T>(action: () => Promise<T>): Promise<T> {
    const next = () => {
      this.alive();
      return action();
    };
    const done = this.#lastChange.then(next, next);
    this.#lastChange = done;
    return done;
  }
}
