/** Readers and writers of the store in memory. */
import type { PlaceReader, PlaceWriter, ReadRange } from "../../stores/store.ts";
import type { MemoryPlace } from "./memory_place.ts";

const FIRST_BUFFER_BYTES = 256;

export class MemoryReader implements PlaceReader {
  readonly size: number;
  readonly #place: MemoryPlace;
  readonly #bytes: Uint8Array;
  readonly #signal: AbortSignal;
  readonly #generation: number;
  #at: number;
  #given = 0;
  readonly #end: number;

  constructor(place: MemoryPlace, bytes: Uint8Array, range: ReadRange) {
    this.size = bytes.length;
    this.#place = place;
    this.#generation = place.generation;
    this.#bytes = bytes;
    this.#signal = range.signal;
    this.#at = range.from;
    this.#end = range.length === undefined ? bytes.length : range.from + range.length;
  }

  // deno-lint-ignore require-await
  async read(target: Uint8Array): Promise<number> {
    this.#signal.throwIfAborted();
    this.#place.reach(this.#generation);
    const count = Math.min(target.length, this.#end - this.#at);
    if (count < 0 || this.#at + count > this.#bytes.length) {
      throw new Error("Could not read: the replica ends before what was asked for");
    }
    if (this.#given + count > (this.#place.faults.failReadsAfter ?? Infinity)) {
      throw new Error(`Could not read at ${this.#place.name}: fault`);
    }
    target.set(this.#bytes.subarray(this.#at, this.#at + count));
    this.#at += count;
    this.#given += count;
    return count;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

export class MemoryWriter implements PlaceWriter {
  readonly #place: MemoryPlace;
  readonly #uploadId: string;
  readonly #signal: AbortSignal;
  readonly #generation: number;
  #buffer: Uint8Array;
  #position: number;
  #failure: unknown;
  #settled = false;

  constructor(
    place: MemoryPlace,
    upload: { id: string; kept: Uint8Array; signal: AbortSignal },
  ) {
    this.#place = place;
    this.#generation = place.generation;
    this.#uploadId = upload.id;
    this.#signal = upload.signal;
    this.#buffer = upload.kept;
    this.#position = upload.kept.length;
  }

  get position(): number {
    return this.#position;
  }

  async *prefix(): AsyncGenerator<Uint8Array> {
    this.#place.reach(this.#generation);
    if (this.#position > 0) yield this.#buffer.subarray(0, this.#position);
  }

  async rewind(position: number): Promise<void> {
    this.#signal.throwIfAborted();
    if (!(position >= 0 && position <= this.#position)) {
      throw new RangeError(`Could not rewind to ${position}: the upload has ${this.#position}`);
    }
    await this.#attempt(() => {
      this.#place.give(this.#position - position);
      this.#position = position;
    });
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#signal.throwIfAborted();
    await this.#attempt(() => {
      if (this.#position + chunk.length > (this.#place.faults.failWritesAfter ?? Infinity)) {
        throw new Error(`Could not write at ${this.#place.name}: fault`);
      }
      this.#place.take(chunk.length);
      this.#grow(this.#position + chunk.length);
      this.#buffer.set(chunk, this.#position);
      this.#position += chunk.length;
    });
  }

  async commit({ digest, size }: { digest: string; size: number }): Promise<void> {
    this.#signal.throwIfAborted();
    await this.#attempt(() => {
      if (this.#place.faults.failCommits) {
        throw new Error(`Could not commit at ${this.#place.name}: fault`);
      }
      if (this.#position !== size) {
        throw new Error(`Could not commit: ${this.#position} bytes were written, not ${size}`);
      }
      this.#place.committed(digest, this.written());
      this.#settled = true;
    });
  }

  async keep(): Promise<void> {
    await this.#attempt(() => {
      this.#place.kept(this.#uploadId, this.written());
      this.#settled = true;
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (this.#generation === this.#place.generation) {
      if (!this.#settled) this.#place.give(this.#position);
      this.#place.released(this.#uploadId);
    }
    this.#settled = true;
    return Promise.resolve();
  }

  /** A copy of the bytes so far. */
  written(): Uint8Array {
    return this.#buffer.slice(0, this.#position);
  }

  // deno-lint-ignore require-await
  async #attempt(step: () => void): Promise<void> {
    if (this.#failure) throw this.#failure;
    if (this.#settled) throw new Error("Could not use the upload: it is closed");
    try {
      this.#place.reach(this.#generation);
      step();
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  #grow(size: number): void {
    if (size <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(size, this.#buffer.length * 2, FIRST_BUFFER_BYTES));
    larger.set(this.#buffer.subarray(0, this.#position));
    this.#buffer = larger;
  }
}
