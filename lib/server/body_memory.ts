import { wholePages } from "../content/page.ts";
import { BLOCK_BYTES } from "../protocol/mod.ts";
import { FairMemory } from "./fair_memory.ts";

/** What all bodies that are being received have for their buffers together. Bytes. */
const SHARED_BYTES: number = 64 * 1024 * 1024;
/** Smaller pieces would cost more time than they save memory. Bytes. */
const LEAST_BYTES: number = 32 * 1024;

/** What a body may have for its buffers. */
export interface Share {
  /** With two, the next bytes are read while the last are written. */
  buffers: 1 | 2;
  /** Of each. */
  bytes: number;
}

/** Lets the buffers of bodies shrink as more of them arrive at once, so that their sum is bounded. */
export class BodyMemory {
  /** What batches have for the pieces that they come in and are answered in. Bytes. */
  readonly batches: FairMemory = new FairMemory(SHARED_BYTES);
  #bodies = 0;

  /** One more body is being received, until the result is disposed. */
  enter(): Disposable {
    this.#bodies++;
    let inside = 1;
    return {
      [Symbol.dispose]: () => {
        this.#bodies -= inside;
        inside = 0;
      },
    };
  }

  /**
   * Each body's share now. Where many arrive, one is read while others are written: then one buffer
   * does as much as two of half the size, with half the calls.
   */
  get share(): Share {
    const bytes = Math.floor(SHARED_BYTES / Math.max(this.#bodies, 1));
    return {
      buffers: bytes >= 2 * BLOCK_BYTES ? 2 : 1,
      bytes: Math.max(LEAST_BYTES, Math.min(BLOCK_BYTES, wholePages(bytes))),
    };
  }
}
