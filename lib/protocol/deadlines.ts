/**
 * Deadlines for waits that nearly always end in time. A timer for each of them costs more than many
 * a read or write, so that waits of the same length share one: they run out in the order in which
 * they began, and only the oldest is looked at.
 */

/** A timer of more ends at once. Milliseconds. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

interface Wait {
  /** Monotonic milliseconds. */
  until: number;
  late: () => void;
}

/** Waits of one length. Its timer runs while there is any. */
class Waits {
  /** In the order of their ends. */
  #waits = new Set<Wait>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly ms: number) {}

  add(late: () => void): Wait {
    const wait = { until: performance.now() + this.ms, late };
    this.#waits.add(wait);
    if (this.#timer === undefined) this.#lookIn(this.ms);
    return wait;
  }

  drop(wait: Wait): void {
    // One that ran out is not here any more, and others of its length may wait elsewhere.
    if (!this.#waits.delete(wait) || this.#waits.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    BY_LENGTH.delete(this.ms);
  }

  #lookIn(ms: number): void {
    this.#timer = setTimeout(this.#look, Math.min(ms, LONGEST_TIMER_MS));
  }

  #look = (): void => {
    const now = performance.now();
    for (const wait of this.#waits) {
      if (wait.until > now) return this.#lookIn(wait.until - now);
      this.drop(wait);
      wait.late();
    }
  };
}

const BY_LENGTH = new Map<number, Waits>();

/**
 * What `work` resolves to. After `ms` without an end: calls `late` and rejects with what it returns;
 * what becomes of the work then is nobody's concern.
 */
export function within<T>(work: Promise<T>, ms: number, late: () => Error): Promise<T> {
  let waits = BY_LENGTH.get(ms);
  if (!waits) BY_LENGTH.set(ms, waits = new Waits(ms));
  const all = waits;
  return new Promise((resolve, reject) => {
    const wait = all.add(() => reject(late()));
    work.then((value) => {
      all.drop(wait);
      resolve(value);
    }, (error) => {
      all.drop(wait);
      reject(error);
    });
  });
}
