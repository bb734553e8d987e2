import type { Budget } from "../content/budget.ts";
import { PAGE_BYTES } from "../content/page.ts";
import { allEnded } from "../worker/all_ended.ts";
import { EarlySync } from "./early_sync.ts";
import type { UncachedFile, UncachedWrites } from "./uncached/writes.ts";

/** What comes after so many bytes is written past the system's cache, where that is possible. Bytes. */
const CACHED_BYTES = 32 * 1024 * 1024;

/** What the growing files of one disk share. */
export interface Growth {
  /** Turns of the files that are synced while they grow. */
  readonly earlySyncs: Budget;
  readonly uncached: UncachedWrites;
}

/**
 * A file that bytes are appended to. The disk takes those of a large one while more of them come:
 * otherwise all of them would wait in memory for the sync at the end, and the disk for the network
 * until then.
 */
export class GrowingFile {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  readonly #growth: Growth;
  readonly #early: EarlySync;
  #position: number;
  /** `null` before it is open, and where there is no such thing. */
  #uncached: UncachedFile | null = null;
  #opening: Promise<void> | null = null;

  /** `file` is open at `path`, and stands at its end, `position`, when it is written to. */
  constructor(path: string, file: Deno.FsFile, position: number, growth: Growth) {
    this.#path = path;
    this.#file = file;
    this.#growth = growth;
    this.#position = position;
    this.#early = new EarlySync(path, growth.earlySyncs);
  }

  /** Bytes that it has. */
  get position(): number {
    return this.#position;
  }

  /** Resolves when the file has all that was written, if not yet durably. */
  async settled(): Promise<void> {
    await this.#uncached?.settled();
  }

  /** Bytes that the file itself says it has. */
  async size(): Promise<number> {
    await this.settled();
    return (await this.#file.stat()).size;
  }

  /**
   * Appends; the buffer is the caller's again when it resolves. `inPlace`: few bytes, for which no
   * other thread is to be woken where they only go to the system's memory.
   */
  async write(bytes: Uint8Array, { inPlace = false } = {}): Promise<void> {
    for (let rest = bytes; rest.length > 0;) {
      // Begun before this returns: who writes does something else meanwhile.
      const taken = this.#uncached ? await this.#uncached.take(rest, this.#position) : null;
      const count = taken ?? await this.#writeCached(rest, inPlace);
      this.#position += count;
      rest = rest.subarray(count);
      if (!this.#uncached) this.#early.grown(this.#position);
    }
    if (this.#position >= CACHED_BYTES) this.#opening ??= this.#openUncached();
  }

  /** Drops what is after `position`. */
  async rewind(position: number): Promise<void> {
    await this.settled();
    await this.#file.truncate(position);
    await this.#file.seek(position, Deno.SeekMode.Start);
    this.#early.rewound(position);
    this.#position = position;
  }

  /**
   * Resolves when its bytes are on the disk, and `withState` its times and mode, too. Not to be tried
   * again when it throws.
   */
  async sync({ withState = false } = {}): Promise<void> {
    await this.settled();
    const synced = withState ? this.#file.sync() : this.#file.syncData();
    await allEnded([synced, this.#early.settled()]);
  }

  async close(): Promise<void> {
    this.#file.close();
    await this.#early.settled().catch(() => {});
    await this.#opening;
    await this.#uncached?.close();
  }

  /** Until it is open, and where it cannot be, bytes are written as ever. */
  async #openUncached(): Promise<void> {
    const info = await this.#file.stat().catch(() => null);
    if (info) this.#uncached = await this.#growth.uncached.open(this.#path, info);
  }

  async #writeCached(bytes: Uint8Array, inPlace: boolean): Promise<number> {
    if (this.#uncached) return await this.#writeToNextPage(bytes);
    return inPlace ? this.#file.writeSync(bytes) : await this.#file.write(bytes);
  }

  /** In its turn: before it is there what is written past the cache, so that no hole is left. */
  async #writeToNextPage(bytes: Uint8Array): Promise<number> {
    await this.settled();
    await this.#file.seek(this.#position, Deno.SeekMode.Start);
    return await this.#file.write(bytes.subarray(0, PAGE_BYTES - this.#position % PAGE_BYTES));
  }
}
