import type { DiskWriter } from "../../disk/mod.ts";

/** What a shelf counts of its uploads. Bytes. */
export interface ShelfRoom {
  /** Takes what an upload writes off the room. Throws `Full`. */
  takeRoom(bytes: number): Promise<void>;
  /** Bytes are not here any more. */
  freeRoom(bytes: number): void;
  /** An upload may take so many bytes more, or fewer. */
  promise(bytes: number): void;
  /** Runs what makes a part a content, in place of one that may be there. */
  replacing(digest: string, commit: () => Promise<void>): Promise<void>;
}

/** One upload on a shelf: a part that is counted as it grows. */
export class ShelfWriter implements AsyncDisposable {
  #promised: number;
  #over = false;

  constructor(
    private readonly shelf: ShelfRoom,
    private readonly part: DiskWriter,
    promised: number,
  ) {
    this.#promised = promised;
    shelf.promise(promised);
  }

  get position(): number {
    return this.part.position;
  }

  prefix(): AsyncIterable<Uint8Array> {
    return this.part.prefix();
  }

  async rewind(position: number): Promise<void> {
    const before = this.position;
    await this.part.rewind(position);
    this.shelf.freeRoom(before - position);
  }

  /** Throws `Full` when the limit or the reserve would be touched. */
  async write(chunk: Uint8Array): Promise<void> {
    await this.shelf.takeRoom(chunk.length);
    const promised = Math.min(chunk.length, this.#promised);
    this.#promised -= promised;
    this.shelf.promise(-promised);
    const before = this.position;
    try {
      await this.part.write(chunk);
    } catch (error) {
      this.shelf.freeRoom(chunk.length - (this.position - before));
      throw error;
    }
  }

  async commit(content: { digest: string; size: number }): Promise<void> {
    await this.shelf.replacing(content.digest, () => this.part.commit(content));
    this.#over = true;
  }

  async keep(): Promise<void> {
    await this.part.keep();
    this.#over = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.shelf.promise(-this.#promised);
    this.#promised = 0;
    const dropped = this.#over ? 0 : this.position;
    this.#over = true;
    await this.part[Symbol.asyncDispose]();
    this.shelf.freeRoom(dropped);
  }
}
