import type { Clock } from "./clock.ts";

/** Holds work to a number of bytes a second, on average, with bursts of at most one second's worth. */
export class Rate {
  #ready: number;

  constructor(private readonly bytesPerSecond: number, private readonly clock: Clock) {
    this.#ready = clock.monotonic();
  }

  /** Waits until `bytes` may move. */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    const now = this.clock.monotonic();
    const start = Math.max(this.#ready, now - 1000);
    this.#ready = start + bytes / this.bytesPerSecond * 1000;
    const wait = start - now;
    if (wait > 0) await this.clock.sleep(wait, signal);
    signal.throwIfAborted();
  }
}
