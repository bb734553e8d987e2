/** A clock that stands still until it is told to go on, and then runs what was due, in order. */
import { setImmediate } from "node:timers";
import type { Clock } from "../../lib/depot/clock.ts";

interface Timer {
  at: number;
  order: number;
  resolve(): void;
}

/**
 * Right only for work that waits for nothing but this clock and things in memory: between two
 * moments everything that can go on has gone on.
 */
export class VirtualClock implements Clock {
  #now = 0;
  #order = 0;
  /** A binary heap, the earliest first. */
  #timers: Timer[] = [];

  /** `start`: what the wall clock shows at first. Milliseconds since 1970. */
  constructor(private readonly start = Date.UTC(2026, 0, 1)) {}

  monotonic(): number {
    return this.#now;
  }

  wall(): number {
    return this.start + Math.floor(this.#now);
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const done = () => {
        signal.removeEventListener("abort", done);
        resolve();
      };
      signal.addEventListener("abort", done);
      this.#push({ at: this.#now + Math.max(0, ms), order: this.#order++, resolve: done });
    });
  }

  /** Lets `ms` go by. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    while (this.#timers.length > 0 && this.#timers[0]!.at <= end) {
      this.#now = this.#timers[0]!.at;
      while (this.#timers[0]?.at === this.#now) this.#pop().resolve();
      await settle();
    }
    this.#now = end;
  }

  #push(timer: Timer): void {
    const heap = this.#timers;
    let at = heap.push(timer) - 1;
    for (let up = (at - 1) >> 1; at > 0 && isBefore(timer, heap[up]!); up = (at - 1) >> 1) {
      heap[at] = heap[up]!;
      at = up;
    }
    heap[at] = timer;
  }

  #pop(): Timer {
    const heap = this.#timers;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let at = 0;
    while (2 * at + 1 < heap.length) {
      const left = 2 * at + 1;
      const right = left + 1;
      const down = right < heap.length && isBefore(heap[right]!, heap[left]!) ? right : left;
      if (isBefore(last, heap[down]!)) break;
      heap[at] = heap[down]!;
      at = down;
    }
    heap[at] = last;
    return first;
  }
}

/** Everything that waits for nothing but other promises has gone on when this resolves. */
function settle(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || a.at === b.at && a.order < b.order;
}
