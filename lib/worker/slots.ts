/** Memory that a worker reads: its caller copies bytes into a slot, and tells it which one. */
import { Budget } from "../content/budget.ts";
import { sharedPages } from "./shared_pages.ts";

/** Bytes that the worker can read, until it is disposed. */
export type Piece = Disposable & { slot: number; bytes: number };

/** As many slots of the same size, which begin at a page of the system's memory. */
export class Slots {
  readonly #count: number;
  readonly #bytes: number;
  readonly #budget: Budget;
  readonly #free: number[];
  #memory: SharedArrayBuffer | undefined;

  /** `bytes`: of each, a multiple of 64 KiB. */
  constructor(count: number, bytes: number) {
    this.#count = count;
    this.#bytes = bytes;
    this.#budget = new Budget(count);
    this.#free = Array.from({ length: count }, (_, slot) => slot);
  }

  /** All of it, there once it is asked for. Throws where there is not so much. */
  get memory(): SharedArrayBuffer {
    return this.#memory ??= sharedPages(this.#count * this.#bytes);
  }

  /**
   * Copies `bytes`, at most as many as a slot has, into one that is free: before it returns where there
   * is one. Throws when aborted.
   */
  put(bytes: Uint8Array, signal?: AbortSignal): Piece | Promise<Piece> {
    signal?.throwIfAborted();
    const room = this.#budget.tryTake(1);
    if (room) return this.#fill(bytes, room);
    return this.#budget.take(1, signal).then((freed) => this.#fill(bytes, freed));
  }

  /** Resolves when all are free; nobody gets one after that. */
  async close(): Promise<void> {
    await this.#budget.take(this.#count);
  }

  #fill(bytes: Uint8Array, room: Disposable): Piece {
    const slot = this.#free.pop()!;
    slotOf(this.memory, { slot, bytes: bytes.length, slotBytes: this.#bytes }).set(bytes);
    return {
      slot,
      bytes: bytes.length,
      [Symbol.dispose]: () => {
        this.#free.push(slot);
        room[Symbol.dispose]();
      },
    };
  }
}

/** The bytes in a slot, as the worker sees them. */
export function slotOf(
  memory: SharedArrayBuffer,
  { slot, bytes, slotBytes }: { slot: number; bytes: number; slotBytes: number },
): Uint8Array<SharedArrayBuffer> {
  return new Uint8Array(memory, slot * slotBytes, bytes);
}
