import { BLOCK_BYTES } from "../protocol/mod.ts";

/** What all bodies that are being received have for their buffers together. Bytes. */
const SHARED_BYTES: number = 64 * 1024 * 1024;
/** Smaller pieces would cost more time than they save memory. Bytes. */
const LEAST_BYTES: number = 16 * 1024;

/** Lets the buffers of bodies shrink as more of them arrive at once, so that their sum is bounded. */
export class BodyMemory {
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

  /** How large each of a body's two buffers may be now. Bytes. */
  get pieceBytes(): number {
    const share = Math.floor(SHARED_BYTES / 2 / Math.max(this.#bodies, 1));
    return Math.max(LEAST_BYTES, Math.min(BLOCK_BYTES, share));
  }
}
