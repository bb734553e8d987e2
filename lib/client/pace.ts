import { ConnectionLost, Refusal } from "../protocol/mod.ts";

/** Time and chance, as parameters. */
export interface Pace {
  /** Milliseconds on a clock that only goes forward. */
  now(): number;
  /** Rejects with the signal's reason when it aborts. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /** From 0 to below 1. */
  random(): number;
}

export const REAL_PACE: Pace = {
  now: () => performance.now(),
  random: Math.random,
  sleep(milliseconds, signal) {
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", stop);
        resolve();
      }, milliseconds);
      if (signal?.aborted) stop();
      else signal?.addEventListener("abort", stop, { once: true });
    });
  },
};

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;

/** Tries end when nothing got further for this long, in milliseconds. */
export const GIVE_UP_AFTER_MS = 300_000;

/** The same where no good copy could be read and nothing came yet. Milliseconds. */
const NO_COPY_MS = 30_000;

/** A depot that fails by itself so often in a row is not asked again. */
const INTERNAL_FAILURES = 3;

/** Whether the same request may succeed later without anybody changing anything. */
export function mayTryAgain(error: unknown): boolean {
  return error instanceof ConnectionLost || (error instanceof Refusal && error.retry);
}

/**
 * Told how far a stage of the work is, such as `sending`, in numbers that grow. Each stage counts
 * by itself.
 */
export type Advanced = (stage: string, position: number) => void;

export interface RetryOptions {
  pace: Pace;
  signal?: AbortSignal | undefined;
  /** Told before each wait. */
  onRetry?: ((error: Error, delayMs: number) => void) | undefined;
  /** Which errors are worth another try; the ones that may pass by themselves when not given. */
  mayTryAgain?: (error: unknown) => boolean;
}

/**
 * Runs `attempt` until it succeeds, fails for good, or nothing got further for five minutes (half
 * a minute where the depot has no copy to read and nothing came at all). Waits 0.5 s, doubling to
 * 30 s, each time between half of that and all of it. `attempt` says how far it is with `advanced`;
 * only a higher number than ever before in that stage counts.
 */
export async function withRetries<T>(
  attempt: (advanced: Advanced) => Promise<T>,
  options: RetryOptions,
): Promise<T> {
  const { pace, signal, onRetry } = options;
  const worthIt = options.mayTryAgain ?? mayTryAgain;
  const furthest = new Map<string, number>();
  let since = pace.now();
  let tries = 0;
  const advanced = (stage: string, position: number) => {
    if (position <= (furthest.get(stage) ?? 0)) return;
    furthest.set(stage, position);
    since = pace.now();
    tries = 0;
  };
  while (true) {
    signal?.throwIfAborted();
    try {
      return await attempt(advanced);
    } catch (error) {
      signal?.throwIfAborted();
      const delay = delayBefore(++tries, pace.random());
      const isAway = furthest.size === 0 && error instanceof Refusal &&
        error.code === "indisponivel";
      const late = pace.now() + delay - since > (isAway ? NO_COPY_MS : GIVE_UP_AFTER_MS);
      if (!worthIt(error) || late || failsByItself(error, tries)) throw error;
      onRetry?.(error as Error, delay);
      await pace.sleep(delay, signal);
    }
  }
}

/** An attempt that lasted so long begins the next pauses from the shortest. Milliseconds. */
const STEADY_MS = 30_000;

export interface KeepTryingOptions {
  signal: AbortSignal;
  mayTryAgain: (error: unknown) => boolean;
  /** Told before each wait. */
  onRetry?: ((error: Error, delayMs: number) => void) | undefined;
  pace?: Pace | undefined;
}

/**
 * Runs `attempt` for as long as it takes, where there is something to wait for: with the pauses of
 * `withRetries`, and no end but `signal`, with whose reason it then rejects.
 */
export async function keepTrying<T>(
  attempt: () => Promise<T>,
  { signal, mayTryAgain, onRetry, pace = REAL_PACE }: KeepTryingOptions,
): Promise<T> {
  for (let tries = 0;;) {
    signal.throwIfAborted();
    const began = pace.now();
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (!mayTryAgain(error)) throw error;
      if (pace.now() - began > STEADY_MS) tries = 0;
      const delayMs = delayBefore(++tries, pace.random());
      onRetry?.(error as Error, delayMs);
      await pace.sleep(delayMs, signal);
    }
  }
}

/** Milliseconds before try number `tries` + 1. */
export function delayBefore(tries: number, random: number): number {
  const full = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (tries - 1));
  return Math.round(full * (0.5 + random / 2));
}

function failsByItself(error: unknown, tries: number): boolean {
  return error instanceof Refusal && error.code === "interno" && tries >= INTERNAL_FAILURES;
}
