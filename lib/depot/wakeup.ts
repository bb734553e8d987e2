import type { Clock } from "./clock.ts";

/** Lets loops sleep until there is something to do. A call while nobody waits is remembered. */
export class Wakeup {
  #called = false;
  #waiting = new Set<AbortController>();

  /** Wakes everyone who waits. */
  call(): void {
    this.#called = this.#waiting.size === 0;
    for (const waiter of this.#waiting) waiter.abort();
    this.#waiting.clear();
  }

  /** Resolves at the next call, after `ms`, or when `signal` aborts. */
  async wait(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
    if (!this.#called && !signal.aborted) {
      const awake = new AbortController();
      this.#waiting.add(awake);
      await clock.sleep(ms, AbortSignal.any([signal, awake.signal]));
      this.#waiting.delete(awake);
    }
    this.#called = false;
  }
}
