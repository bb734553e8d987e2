import type { Clock } from "./clock.ts";

/** A place that failed is in doubt for so long, and each time that it fails again for twice as long. Milliseconds. */
const FIRST_MS = 10 * 60_000;
const LONGEST_MS = 24 * 3_600_000;
/** What fails within so long of a failure is the same trouble, however many deposits it hits. Milliseconds. */
const SAME_MS = 60_000;

/**
 * Which places failed lately: refused bytes that they had room for, or had wrong ones or none where
 * there should be a copy. They are read and repaired like all others, and given new copies last. A
 * trouble is remembered for twice as long as it puts a place in doubt.
 */
export class Doubts {
  /** Monotonic milliseconds. */
  #troubles = new Map<string, { at: number; forMs: number }>();

  constructor(private readonly clock: Clock) {}

  /** The place failed. */
  note(place: string): void {
    const at = this.clock.monotonic();
    const before = this.#troubles.get(place);
    const ageMs = before ? at - before.at : Infinity;
    if (ageMs < SAME_MS) return;
    const again = before && ageMs < 2 * before.forMs;
    const forMs = again ? Math.min(2 * before.forMs, LONGEST_MS) : FIRST_MS;
    this.#troubles.set(place, { at, forMs });
  }

  /** The places that are in doubt now. */
  get places(): ReadonlySet<string> {
    const now = this.clock.monotonic();
    const doubted = [...this.#troubles].filter(([, { at, forMs }]) => now - at < forMs);
    return new Set(doubted.map(([place]) => place));
  }
}
