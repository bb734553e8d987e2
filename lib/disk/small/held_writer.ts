/**
 * A small upload, held in memory until it commits. One that is kept, that grows beyond what was
 * said, or whose folder is missing becomes a part like any other.
 */
import type { DiskWriter } from "../disk_writer.ts";
import { diskError } from "../errors.ts";
import { removeIfThere } from "../durable.ts";
import { openPart, type RoomyOwner } from "../part_opening.ts";
import type { PartWriter } from "../part_writer.ts";
import type { SmallContents } from "./contents.ts";

export interface HeldUpload {
  id: string;
  /** Bytes that it will have at most, as long as it is held. */
  size: number;
  signal: AbortSignal;
  /** The memory that it is held in, let go of when it is over or a part. */
  room: Disposable;
}

/** What a held upload needs of its disk. */
export interface HeldOwner extends RoomyOwner {
  readonly small: SmallContents;
}

/** Disposed without `commit` or `keep`: its bytes are dropped. */
export class HeldWriter implements DiskWriter {
  readonly #owner: HeldOwner;
  readonly #upload: HeldUpload;
  readonly #path: string;
  #bytes: Uint8Array<ArrayBuffer>;
  #position = 0;
  #part: PartWriter | null = null;
  /** Why nothing more is possible. */
  #failure: unknown;
  #settled = false;

  constructor(owner: HeldOwner, upload: HeldUpload) {
    this.#owner = owner;
    this.#upload = upload;
    this.#path = owner.layout.part(upload.id);
    this.#bytes = new Uint8Array(upload.size);
  }

  get position(): number {
    return this.#part?.position ?? this.#position;
  }

  get isHeld(): boolean {
    return this.#part === null;
  }

  async *prefix(): AsyncGenerator<Uint8Array> {
    if (this.#part) yield* this.#part.prefix();
    else if (this.#position > 0) yield this.#bytes.subarray(0, this.#position);
  }

  async rewind(position: number): Promise<void> {
    this.#upload.signal.throwIfAborted();
    if (this.#part) return await this.#part.rewind(position);
    if (!(position >= 0 && position <= this.#position)) {
      throw new RangeError(`Could not rewind to ${position}: the upload has ${this.#position}`);
    }
    await this.#attempt(() => {
      this.#position = position;
    });
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#upload.signal.throwIfAborted();
    const end = this.#position + chunk.length;
    if (this.#part || end > this.#bytes.length) return await (await this.#asPart()).write(chunk);
    await this.#attempt(() => {
      this.#bytes.set(chunk, this.#position);
      this.#position = end;
    });
  }

  async commit(content: { digest: string; size: number }): Promise<void> {
    this.#owner.layout.content(content.digest);
    this.#upload.signal.throwIfAborted();
    if (this.#part) return await this.#part.commit(content);
    await this.#attempt(() => this.#commitHeld(content));
  }

  async keep(): Promise<void> {
    await (await this.#asPart()).keep();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#upload.room[Symbol.dispose]();
    if (this.#part) return await this.#part[Symbol.asyncDispose]();
    const isOver = this.#settled;
    this.#settled = true;
    try {
      // A part that an earlier writer kept; of a disk that was let go of, it may be another's by now.
      if (!isOver && this.#owner.held) await removeIfThere(this.#path);
    } catch (error) {
      throw diskError(`drop ${this.#path}`, error);
    } finally {
      this.#owner.released(this.#upload.id);
    }
  }

  async #commitHeld({ digest, size }: { digest: string; size: number }): Promise<void> {
    if (this.#position !== size) {
      const why = `${this.#position} bytes were written, not ${size}`;
      throw new Error(`Could not commit ${this.#path}: ${why}`);
    }
    this.#owner.alive();
    const content = { id: this.#upload.id, digest, bytes: this.#bytes.subarray(0, size) };
    await this.#owner.small.commit(content, async () => {
      const part = await this.#openPart();
      await part.commit({ digest, size });
    });
    this.#settled = true;
  }

  async #asPart(): Promise<PartWriter> {
    return this.#part ?? await this.#attempt(() => this.#openPart());
  }

  async #openPart(): Promise<PartWriter> {
    this.#owner.alive();
    // The signal is asked here: what is stopped from outside may still be kept.
    const { signal } = new AbortController();
    const part = await openPart(this.#owner, { ...this.#upload, signal });
    if (this.#settled) {
      await part[Symbol.asyncDispose]();
      throw this.#closed();
    }
    this.#part = part;
    await part.write(this.#bytes.subarray(0, this.#position));
    this.#bytes = new Uint8Array();
    this.#upload.room[Symbol.dispose]();
    return part;
  }

  /** Runs one step; after one that failed, every later one fails with the same error. */
  async #attempt<T>(step: () => T | Promise<T>): Promise<T> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#settled) throw this.#closed();
    try {
      return await step();
    } catch (error) {
      throw this.#failure = error;
    }
  }

  #closed(): Error {
    return new Error(`Could not use ${this.#path}: it is closed`);
  }
}
