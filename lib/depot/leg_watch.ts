/**
 * Which place of an upload holds the others up for nothing:
 *
 * 1. One that was given bytes and has not moved for `STALLED_MS`.
 * 2. One that the others wait for more than half of the time, and that has taken bytes at less than
 *    a tenth of the others' median speed for `SLOW_MS`. Speeds are those that places tell of
 *    themselves (`PlaceWriter.speed`); a disk tells none, and is not compared with a far machine.
 */

/** Milliseconds. */
export const STALLED_MS = 15_000;
/** Milliseconds. */
export const SLOW_MS = 30_000;
/** Of the others' median. */
const SLOW_SHARE = 0.1;
/** Of the time that passes. */
const WAITED_SHARE = 0.5;

/** What is looked at of a writer. */
export interface Watched {
  readonly position: number;
  readonly speed?: number | undefined;
}

/** Watches one place. Times are monotonic milliseconds. */
export class LegWatch {
  #position = -1;
  #movedAt = 0;
  #begunAt: number | null = null;
  #slowSince: number | null = null;
  /** Milliseconds waited since it is slow. */
  #waited = 0;

  constructor(private readonly writer: Watched) {}

  get speed(): number | undefined {
    return this.writer.speed;
  }

  /** It was given bytes. */
  begin(now: number): void {
    this.#begunAt = this.#movedAt = now;
    this.#position = this.writer.position;
  }

  /** It took them. */
  end(now: number): void {
    this.#waited += now - (this.#begunAt ?? now);
    this.#begunAt = null;
  }

  /** Why it is to be dropped, if it is. `others`: the speeds of the others. */
  judge(now: number, others: number[]): string | null {
    if (this.#begunAt !== null && this.writer.position !== this.#position) {
      this.#position = this.writer.position;
      this.#movedAt = now;
    }
    if (this.#begunAt !== null && now - this.#movedAt >= STALLED_MS) {
      return `it took nothing for ${STALLED_MS / 1000} s`;
    }
    return this.#isSlow(now, others) ? "it is far slower than the others" : null;
  }

  #isSlow(now: number, others: number[]): boolean {
    const { speed } = this.writer;
    if (speed === undefined || others.length === 0 || speed >= median(others) * SLOW_SHARE) {
      this.#slowSince = null;
      return false;
    }
    if (this.#slowSince === null) {
      this.#slowSince = now;
      this.#waited = 0;
    }
    const waited = this.#waited + now - (this.#begunAt ?? now);
    const slowFor = now - this.#slowSince;
    if (slowFor < SLOW_MS) return false;
    if (waited > slowFor * WAITED_SHARE) return true;
    this.#slowSince = null;
    return false;
  }
}

function median(numbers: number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
