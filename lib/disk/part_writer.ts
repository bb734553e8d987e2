/**
 * One upload's bytes on a disk, from the first byte until they are a content, kept or dropped.
 *
 * A content is there after a power cut because of this order: write the part, sync the part, give
 * it the content's name, sync the folder of that name.
 */
import { allEnded } from "../worker/all_ended.ts";
import type { DiskWriter } from "./disk_writer.ts";
import { diskError, isAbsence } from "./errors.ts";
import { FolderSync, makeFolder, removeIfThere, syncFolder } from "./durable.ts";
import { GrowingFile, type Growth } from "./growing_file.ts";
import type { Layout } from "./layout.ts";
import { openRange, pieces } from "./reading.ts";

/** What a writer needs of the disk that it writes to. */
export interface PartOwner {
  readonly layout: Layout;
  readonly growth: Growth;
  /** Whether the disk is still this process's. */
  readonly held: boolean;
  /** Throws `Unreachable` unless `held`. */
  alive(): void;
  /** Throws `Unreachable` when the disk is not there any more; looks at it. */
  confirm(): Promise<void>;
  /** The writer is done with its upload. */
  released(uploadId: string): void;
}

/** An open part. Disposed without `commit` or `keep`: its bytes are dropped. */
export class PartWriter implements DiskWriter {
  readonly #owner: PartOwner;
  readonly #uploadId: string;
  readonly #path: string;
  readonly #signal: AbortSignal;
  readonly #isNew: boolean;
  readonly #file: GrowingFile;
  #isOpen = true;
  /** Why nothing more is possible. After a failed write or sync nobody knows what the file has. */
  #failure: Error | null = null;
  #settled = false;

  /** `file` stands at its end, `position`; `isNew`: nobody else ever wrote to it. */
  constructor(
    owner: PartOwner,
    part: {
      uploadId: string;
      file: Deno.FsFile;
      position: number;
      isNew: boolean;
      signal: AbortSignal;
    },
  ) {
    this.#owner = owner;
    this.#uploadId = part.uploadId;
    this.#path = owner.layout.part(part.uploadId);
    this.#signal = part.signal;
    this.#isNew = part.isNew;
    this.#file = new GrowingFile(this.#path, part.file, part.position, owner.growth);
  }

  /** How many bytes of the upload the disk has. */
  get position(): number {
    return this.#file.position;
  }

  get isHeld(): boolean {
    return false;
  }

  /** The bytes before `position`. Each piece is good until the next is asked for. */
  async *prefix(): AsyncGenerator<Uint8Array> {
    await this.#file.settled();
    const range = { from: 0, length: this.position, signal: this.#signal };
    await using reader = await openRange(this.#path, range);
    if (!reader) throw new Error(`Could not read ${this.#path}: it is not there any more`);
    yield* pieces(reader);
  }

  /** Drops what is after `position`. */
  async rewind(position: number): Promise<void> {
    this.#signal.throwIfAborted();
    if (!(position >= 0 && position <= this.position)) {
      throw new RangeError(`Could not rewind to ${position}: the upload has ${this.position}`);
    }
    await this.#attempt("rewind", () => this.#file.rewind(position));
  }

  /** Appends; the buffer is the caller's again when it resolves. Throws `Full` without room. */
  async write(chunk: Uint8Array): Promise<void> {
    // Before the attempt: what is stopped from outside is still whole, and may be kept.
    this.#signal.throwIfAborted();
    await this.#attempt("write", () => this.#file.write(chunk));
  }

  /** Makes the bytes the disk's copy of `digest`, durably, in place of one that was there. */
  async commit({ digest, size }: { digest: string; size: number }): Promise<void> {
    const target = this.#owner.layout.content(digest);
    this.#signal.throwIfAborted();
    await this.#attempt("commit", async () => {
      await this.#checkSize(size);
      using shard = new FolderSync(this.#owner.layout.shard(digest));
      // Side by side, because each waits for another thread.
      await allEnded([this.#file.sync(), shard.openIfThere()]);
      await this.#close();
      this.#owner.alive();
      await this.#rename(target, { digest, shard });
      this.#settled = true;
      await shard.sync();
    });
  }

  /** Keeps the bytes for a later writer, also after a restart. Works after the signal, too. */
  keep(): Promise<void> {
    return this.#attempt("keep", async () => {
      await this.#file.sync();
      await syncFolder(this.#owner.layout.partFolder(this.#uploadId));
      this.#settled = true;
      await this.#close();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    try {
      // Of a disk that was let go of, the name may be another writer's by now.
      if (!this.#settled && this.#owner.held) await removeIfThere(this.#path);
    } catch (error) {
      throw diskError(`drop ${this.#path}`, error);
    } finally {
      this.#settled = true;
      this.#owner.released(this.#uploadId);
    }
  }

  /** Runs one step; after one that failed, every later one fails with the same error. */
  async #attempt(verb: string, step: () => Promise<void>): Promise<void> {
    if (this.#failure) throw this.#failure;
    if (!this.#isOpen) throw new Error(`Could not ${verb} ${this.#path}: it is closed`);
    try {
      await step();
    } catch (error) {
      this.#failure = diskError(`${verb} ${this.#path}`, error);
      throw this.#failure;
    }
  }

  /** Of a part that an earlier writer left, the file itself is asked. */
  async #checkSize(size: number): Promise<void> {
    const actual = this.#isNew ? this.position : await this.#file.size();
    if (actual === size && this.position === size) return;
    throw new Error(`the file has ${actual} bytes, ${this.position} were written, not ${size}`);
  }

  async #rename(
    target: string,
    { digest, shard }: { digest: string; shard: FolderSync },
  ): Promise<void> {
    try {
      await Deno.rename(this.#path, target);
    } catch (error) {
      if (!isAbsence(error)) throw error;
      await this.#owner.confirm();
      // Somebody cleared the contents away by hand; the next copies must have a place to go.
      await makeFolder(this.#owner.layout.contents);
      await makeFolder(this.#owner.layout.shard(digest));
      shard.forget();
      await Deno.rename(this.#path, target);
    }
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#file.close();
  }
}
