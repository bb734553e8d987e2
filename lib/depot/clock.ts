/** Time as the depot sees it; a parameter everywhere, so that delays are tested without waiting. */
export interface Clock {
  /** Milliseconds that only grow, for delays. */
  monotonic(): number;
  /** Milliseconds since 1970, to be shown. */
  wall(): number;
  /** Resolves after `ms`, or sooner when that is weeks, or at once when `signal` aborts. Never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** A timer for longer than this would end at once. Milliseconds. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What `work` resolves to, or an error after `ms` of real time. The work itself goes on. */
export async function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`No answer within ${ms / 1000} s`)), ms);
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timer);
    work.catch(() => {});
  }
}

export const SYSTEM_CLOCK: Clock = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  sleep(ms, signal) {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, Math.min(ms, LONGEST_TIMER_MS));
      signal.addEventListener("abort", done);
    });
  },
};
