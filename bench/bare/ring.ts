/** Memory that one thread fills, piece after piece, and another one reads. */
import { sharedPages } from "../../lib/worker/shared_pages.ts";

/** In `counts`: pieces that were filled, and of those the ones that were read. */
const FILLED = 0;
const READ = 1;

/** What travels to the thread that reads. */
export interface Ring {
  memory: SharedArrayBuffer;
  counts: Int32Array<SharedArrayBuffer>;
  /** Bytes of each piece; 0 is the end. */
  sizes: Int32Array<SharedArrayBuffer>;
}

export function makeRing(slots: number, slotBytes: number): Ring {
  return {
    memory: sharedPages(slots * slotBytes),
    counts: new Int32Array(new SharedArrayBuffer(8)),
    sizes: new Int32Array(new SharedArrayBuffer(4 * slots)),
  };
}

/** The side that fills: its thread is free while it waits. */
export class RingFiller {
  readonly #ring: Ring;
  #filled = 0;

  constructor(ring: Ring) {
    this.#ring = ring;
  }

  /** The next piece's memory, once it was read. */
  async room(): Promise<Uint8Array> {
    const { counts, sizes } = this.#ring;
    while (true) {
      const read = Atomics.load(counts, READ);
      if (this.#filled - read < sizes.length) break;
      await Atomics.waitAsync(counts, READ, read).value;
    }
    return slot(this.#ring, this.#filled);
  }

  /** So many bytes are in what `room` gave. None: that was all. */
  filled(bytes: number): void {
    const { counts, sizes } = this.#ring;
    sizes[this.#filled++ % sizes.length] = bytes;
    Atomics.store(counts, FILLED, this.#filled);
    Atomics.notify(counts, FILLED);
  }
}

/** The side that reads: its thread sleeps while there is nothing. */
export function* read(ring: Ring): Generator<Uint8Array> {
  const { counts, sizes } = ring;
  for (let number = 0;; number++) {
    while (Atomics.load(counts, FILLED) === number) Atomics.wait(counts, FILLED, number);
    const bytes = sizes[number % sizes.length]!;
    if (bytes === 0) return;
    yield slot(ring, number).subarray(0, bytes);
    Atomics.store(counts, READ, number + 1);
    Atomics.notify(counts, READ);
  }
}

function slot({ memory, sizes }: Ring, number: number): Uint8Array {
  const bytes = memory.byteLength / sizes.length;
  return new Uint8Array(memory, number % sizes.length * bytes, bytes);
}
