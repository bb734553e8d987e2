/** A stream as something to deposit: of unknown length, and read once. */
import { BLOCK_BYTES } from "../protocol/mod.ts";
import { LocalError } from "./errors.ts";
import { type Pace, REAL_PACE } from "./pace.ts";
import type { Source, SourceReader } from "./source.ts";

/**
 * A slow stream gives away a byte this often, in milliseconds, of those that are held back: a
 * transfer in which nothing moves for 30 seconds is over.
 */
const TRICKLE_MS = 10_000;

/** Where bytes come from; `null`: there are no more. Cancelled when nobody wants the rest. */
interface Stream {
  read(target: Uint8Array): Promise<number | null>;
  cancel?(): Promise<void>;
}

/** A stream of unknown length. It can be opened once. */
export function streamSource(stream: Stream, pace: Pace = REAL_PACE): Source {
  let spent = false;
  return {
    size: null,
    modifiedAt: null,
    executable: false,
    identity: null,
    get spent() {
      return spent;
    },
    open(signal) {
      if (spent) throw new LocalError("envio_unico", "A stream can be read only once");
      spent = true;
      return Promise.resolve(new StreamReader(stream, { pace, signal }));
    },
  };
}

class StreamReader implements SourceReader {
  #stream: Stream;
  #pace: Pace;
  #signal: AbortSignal | undefined;
  #held = new Uint8Array(BLOCK_BYTES);
  #part = new Uint8Array(64 * 1024);
  #start = 0;
  #end = 0;
  #ended = false;
  #coming: Promise<void> | null = null;

  constructor(
    stream: Stream,
    options: { pace: Pace; signal: AbortSignal | undefined },
  ) {
    this.#stream = stream;
    this.#pace = options.pace;
    this.#signal = options.signal;
  }

  seek(position: number): Promise<void> {
    if (position !== 0) throw new TypeError("A stream is read from its start");
    return Promise.resolve();
  }

  async read(target: Uint8Array): Promise<number> {
    const until = this.#pace.now() + TRICKLE_MS;
    while (!this.#ended && this.#end - this.#start < target.length) {
      this.#coming ??= this.#more();
      if (!await this.#arrives(until)) return this.#take(target, 1);
    }
    return this.#take(target, target.length);
  }

  check(): void {}

  [Symbol.dispose](): void {
    this.#coming?.catch(() => {});
    if (!this.#ended) this.#stream.cancel?.().catch(() => {});
  }

  /** Whether more came before `until`; for ever when there is nothing to give away meanwhile. */
  async #arrives(until: number): Promise<boolean> {
    const idle = this.#end === this.#start;
    const timer = new AbortController();
    const signal = AbortSignal.any([timer.signal, ...this.#signal ? [this.#signal] : []]);
    const late = idle
      ? untilAborted(signal)
      : this.#pace.sleep(Math.max(0, until - this.#pace.now()), signal).then(() => false);
    try {
      return await Promise.race([this.#coming!.then(() => true), late]);
    } finally {
      late.catch(() => {});
      timer.abort();
    }
  }

  async #more(): Promise<void> {
    const room = this.#held.length - (this.#end - this.#start);
    const part = this.#part.subarray(0, Math.min(this.#part.length, room));
    const count = await this.#stream.read(part);
    this.#coming = null;
    if (count === null) this.#ended = true;
    else this.#append(part.subarray(0, count));
  }

  #append(part: Uint8Array): void {
    if (this.#start > 0) {
      this.#held.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    this.#held.set(part, this.#end);
    this.#end += part.length;
  }

  #take(target: Uint8Array, most: number): number {
    const count = Math.min(most, target.length, this.#end - this.#start);
    target.set(this.#held.subarray(this.#start, this.#start + count));
    this.#start += count;
    return count;
  }
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
