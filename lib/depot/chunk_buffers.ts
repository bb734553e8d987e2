import { CHUNK_BYTES } from "../content/chunk_checks.ts";
import type { Budget } from "../content/budget.ts";
import { windowOf } from "./ranges.ts";

/** With fewer than these a reader and its consumer would wait for each other. */
const LEAST_BUFFERS = windowOf(1);

/** The buffers of one retrieval, all of its memory: so many chunks and no more are held at once. */
export class ChunkBuffers implements Disposable {
  #free: Uint8Array[] = [];
  #inUse = 0;
  #limit = LEAST_BUFFERS;
  /** The memory of each buffer beyond the least. */
  #more: Disposable[] = [];

  private constructor(
    private readonly bytes: number,
    private readonly memory: Budget,
    private readonly least: Disposable,
  ) {}

  /** For chunks of a content of `size` bytes. Waits for memory; throws when aborted. */
  static async take(memory: Budget, size: number, signal: AbortSignal): Promise<ChunkBuffers> {
    const bytes = Math.min(CHUNK_BYTES, size);
    return new ChunkBuffers(bytes, memory, await memory.take(LEAST_BUFFERS * bytes, signal));
  }

  /** How many there may be at once. */
  get limit(): number {
    return this.#limit;
  }

  /** Whether others wait for memory. */
  get areWanted(): boolean {
    return this.memory.isShort;
  }

  /** A buffer, or `null` when no more than `spare` are left. */
  take(spare = 0): Uint8Array | null {
    if (this.#inUse + spare >= this.#limit) return null;
    this.#inUse++;
    return this.#free.pop() ?? new Uint8Array(this.bytes);
  }

  give(buffer: Uint8Array): void {
    this.#inUse--;
    this.#free.push(buffer);
    this.#letGo();
  }

  /**
   * Allows `limit` buffers at once. Half of the memory that all share stays for those who come:
   * false, and nothing changes, where that would not be so.
   */
  resize(limit: number): boolean {
    while (LEAST_BUFFERS + this.#more.length < limit) {
      const held = this.memory.tryTake(this.bytes, this.memory.amount / 2);
      if (!held) {
        this.#letGo();
        return false;
      }
      this.#more.push(held);
    }
    this.#limit = Math.max(limit, LEAST_BUFFERS);
    this.#letGo();
    return true;
  }

  [Symbol.dispose](): void {
    this.#free = [];
    for (const held of [...this.#more.splice(0), this.least]) held[Symbol.dispose]();
  }

  /** Memory goes back when the buffers that were made of it are back. */
  #letGo(): void {
    const kept = Math.max(this.#limit, this.#inUse);
    while (this.#inUse + this.#free.length > kept) this.#free.pop();
    while (LEAST_BUFFERS + this.#more.length > kept) this.#more.pop()![Symbol.dispose]();
  }
}
