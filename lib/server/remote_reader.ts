/** Bytes from a holder; each reader has a data connection of its own. */
import type { PlaceReader } from "../../stores/store.ts";
import type { HolderLine } from "./holder_line.ts";

/** What a stream needs of its place. */
export interface StreamOwner {
  /** The line waits for work again. */
  giveBack(line: HolderLine): void;
  /** The line is of no use any more, because of `error` if there is one. */
  drop(line: HolderLine, error?: unknown): void;
  /** The error that callers of a place know. */
  errorOf(error: unknown): unknown;
  /** Bytes went to the holder. */
  wrote(bytes: number): void;
  /** The holder changed what it has, and said so. */
  changed(): void;
  /** Drops an upload whose connection broke, in the background. */
  forget(uploadId: string): void;
}

/** An open range of a replica. */
export class RemoteReader implements PlaceReader {
  #line: HolderLine | null;
  #blockLeft = 0;
  #left: number;

  /** `left`: bytes of the range. */
  constructor(
    private readonly owner: StreamOwner,
    line: HolderLine,
    private readonly range: { size: number; left: number; signal: AbortSignal },
  ) {
    this.#line = line;
    this.#left = range.left;
    if (this.#left === 0) this.#release();
  }

  get size(): number {
    return this.range.size;
  }

  async read(target: Uint8Array): Promise<number> {
    this.range.signal.throwIfAborted();
    const wanted = Math.min(target.length, this.#left);
    if (wanted === 0) return 0;
    if (!this.#line) throw new Error("Could not read the replica: the reader is closed");
    const { signal } = this.range;
    // What nobody waits for any more ends at once, however slow the holder is.
    const abort = () => this.#drop();
    signal.addEventListener("abort", abort);
    try {
      await this.#fill(this.#line, target.subarray(0, wanted));
    } catch (error) {
      this.#drop(error);
      signal.throwIfAborted();
      throw this.owner.errorOf(error);
    } finally {
      signal.removeEventListener("abort", abort);
    }
    signal.throwIfAborted();
    return wanted;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#drop();
    return Promise.resolve();
  }

  async #fill(line: HolderLine, target: Uint8Array): Promise<void> {
    for (let filled = 0; filled < target.length;) {
      if (this.#blockLeft === 0) this.#blockLeft = await line.block(this.#left);
      const part = target.subarray(filled, filled + this.#blockLeft);
      await line.connection.readFull(part);
      filled += part.length;
      this.#blockLeft -= part.length;
      this.#left -= part.length;
    }
    if (this.#left === 0) this.#release();
  }

  #release(): void {
    if (this.#line) this.owner.giveBack(this.#line);
    this.#line = null;
  }

  /** What is still on its way cannot be told from a later answer. */
  #drop(error?: unknown): void {
    if (this.#line) this.owner.drop(this.#line, error);
    this.#line = null;
  }
}
