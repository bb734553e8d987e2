/** The directory that a holder lends: a disk with a limit, and a count of its changes. */
import { statfs } from "node:fs/promises";
import { type Disk, type DiskUpload, Full, openDisk, unmakeDisk } from "../../disk/mod.ts";
import { hasContents } from "../../disk/listing.ts";
import { parseAsideName } from "../../disk/layout.ts";
import { statFile } from "../../disk/reading.ts";
import { HeldState } from "./held_state.ts";
import { type ShelfRoom, ShelfWriter } from "./shelf_writer.ts";

const GIB = 1024 ** 3;
/** The disk's own free room is asked for again after so many bytes. */
const LOOK_EVERY_BYTES: number = 64 * 1024 ** 2;

export interface ShelfOptions {
  /** The depot's identifier. */
  depot: string;
  /** Bytes that contents, parts and set-aside copies take together, at most; `null`: what fits. */
  capacity: number | null;
  /** Bytes to keep free on the disk; `null`: 1 GiB or 2 %, whichever is more. */
  reserve: number | null;
}

/** An open shelf. Contents are the disk's; what changes them goes through here and is counted. */
export class Shelf implements ShelfRoom, AsyncDisposable {
  #bytes = 0;
  #contents = 0;
  #promised = 0;
  /** What the disk may still take, as last looked at. */
  #diskLeft = 0;

  /** As of `ShelfOptions`; may be changed at any time. */
  capacity: number | null;

  private constructor(
    readonly disk: Disk,
    private readonly state: HeldState,
    private readonly options: ShelfOptions,
  ) {
    this.capacity = options.capacity;
  }

  /** Opens what is lent in `directory` to a depot, or begins it. Throws `DiskRefused`. */
  static async open(directory: string, options: ShelfOptions): Promise<Shelf> {
    await using stack = new AsyncDisposableStack();
    const disk = stack.use(await openDisk(directory, { depot: options.depot, create: true }));
    const state = await HeldState.open(
      disk.layout.root,
      async () => !await hasContents(disk.layout),
    );
    const shelf = new Shelf(disk, state, options);
    await shelf.#measure();
    stack.move();
    return shelf;
  }

  get secret(): string {
    return this.state.secret;
  }

  get changes(): number {
    return this.state.changes;
  }

  /** Of contents, parts and set-aside copies. */
  get bytes(): number {
    return this.#bytes;
  }

  get contents(): number {
    return this.#contents;
  }

  /** Bytes that open uploads may still take. */
  get promised(): number {
    return this.#promised;
  }

  /** Bytes that may be kept here in all, and those still free for that. */
  async room(): Promise<{ capacity: number; free: number }> {
    const diskFree = await this.#lookAtDisk();
    const capacity = this.capacity ?? this.#bytes + diskFree;
    return { capacity, free: Math.max(0, Math.min(capacity - this.#bytes, diskFree)) };
  }

  /** As `Disk.begin`. Throws `Full` also when the limit would be passed. */
  async begin(upload: DiskUpload): Promise<ShelfWriter> {
    if (!upload.resume) await this.discard(upload.id);
    const writer = await this.disk.begin(upload);
    const promised = Math.max(0, (upload.size ?? 0) - writer.position);
    const { free } = await this.room();
    if (promised <= free - this.#promised) return new ShelfWriter(this, writer, promised);
    if (upload.resume) await writer.keep();
    await writer[Symbol.asyncDispose]();
    throw new Full(`No room: ${free} bytes are free, not ${promised}`);
  }

  async takeRoom(bytes: number): Promise<void> {
    if (this.#diskLeft < bytes) await this.#lookAtDisk();
    const limit = this.capacity ?? Infinity;
    if (this.#bytes + bytes > limit || this.#diskLeft < bytes) {
      throw new Full(`No room: ${this.#bytes} bytes are here, and ${bytes} more do not fit`);
    }
    this.#bytes += bytes;
    this.#diskLeft -= bytes;
  }

  freeRoom(bytes: number): void {
    this.#bytes -= bytes;
  }

  promise(bytes: number): void {
    this.#promised += bytes;
  }

  async replacing(digest: string, commit: () => Promise<void>): Promise<void> {
    const before = await this.sizeOf(digest);
    await this.state.count();
    await commit();
    if (before === null) this.#contents++;
    else this.freeRoom(before);
  }

  async delete(digest: string): Promise<void> {
    const size = await this.sizeOf(digest);
    await this.state.count();
    await this.disk.delete(digest);
    if (size === null) return;
    this.#contents--;
    this.freeRoom(size);
  }

  async setAside(digest: string): Promise<void> {
    const size = await this.sizeOf(digest);
    await this.state.count();
    await this.disk.setAside(digest);
    if (size !== null) this.#contents--;
  }

  async dropAside(digest: string): Promise<void> {
    const before = await this.#asideBytes(digest);
    await this.state.count();
    await this.disk.dropAside(digest);
    this.freeRoom(before);
  }

  /** Not a change of what is here: parts are nobody's copy. */
  async discard(uploadId: string): Promise<void> {
    const info = await statFile(this.disk.layout.part(uploadId));
    await this.disk.discard(uploadId);
    if (info) this.freeRoom(info.size);
  }

  /** `null`: not here. */
  async sizeOf(digest: string): Promise<number | null> {
    return (await statFile(this.disk.layout.content(digest)))?.size ?? null;
  }

  /** Lets go of the directory, and takes away again what `open` made there, if that is all there is. */
  async forsake(): Promise<void> {
    const isNew = this.disk.made.includes(this.disk.layout.root) && this.changes === 0;
    if (!isNew) return await this[Symbol.asyncDispose]();
    await using disk = this.disk;
    await this.state.settled();
    await unmakeDisk(disk, [this.state.path]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.state.close().finally(() => this.disk[Symbol.asyncDispose]());
  }

  async #measure(): Promise<void> {
    const { signal } = new AbortController();
    for await (const { size } of this.disk.list({ signal })) {
      this.#bytes += size;
      this.#contents++;
    }
    for await (const { bytes } of this.disk.uploads()) this.#bytes += bytes;
    this.#bytes += await this.#asideBytes();
  }

  /** Of the set-aside copies of one content, or of all. */
  async #asideBytes(digest?: string): Promise<number> {
    const { layout } = this.disk;
    let bytes = 0;
    for await (const { name } of Deno.readDir(layout.aside)) {
      const aside = parseAsideName(name);
      if (!aside || (digest !== undefined && aside.digest !== digest)) continue;
      bytes += (await statFile(layout.asideCopy(aside.digest, aside.number)))?.size ?? 0;
    }
    return bytes;
  }

  /** What may still be written before the reserve is touched. */
  async #lookAtDisk(): Promise<number> {
    const { blocks, bavail, bsize } = await statfs(this.disk.layout.root);
    const reserve = this.options.reserve ?? Math.max(GIB, blocks * bsize * 0.02);
    const left = Math.max(0, Math.floor(bavail * bsize - reserve));
    this.#diskLeft = Math.min(left, LOOK_EVERY_BYTES);
    return left;
  }
}
