/**
 * For how long the replicas of a place that is not there still count.
 *
 * 1. A place that said goodbye has its replicas and will bring them back: they count for
 *    `goodbyeGraceMs`, and until then they are no reason to hurry for others.
 * 2. A place that fell silent may be broken: its replicas count for `graceMs`.
 * 3. Where only one copy of a content is left, besides those of places that said goodbye, the
 *    silent ones count for `graceLastMs` at most, from when the last of them fell silent: a
 *    place that blinks must not set off copies each time that it does.
 * 4. The replicas of a place that is gone for good do not count.
 * 5. Soon after a start nobody but those is given up: places need time to come.
 */
import type { AwayState } from "./catalog/catalog.ts";

/** Milliseconds. */
export interface Delays {
  goodbyeGraceMs: number;
  graceMs: number;
  graceLastMs: number;
}

/** How a place went away. */
export interface Absence {
  why: AwayState;
  /** Monotonic milliseconds when it was noticed. */
  from: number;
  /** How long it was away, until now or until it came back. Milliseconds. */
  awayMs: number;
}

/** How the content is whose replica is judged. */
export interface Situation {
  /** Whether the depot started only just now. */
  settling: boolean;
  /** Copies on places that are there, or that said goodbye and are waited for. */
  live: number;
  /** Since when no further place of this content fell silent. Milliseconds. */
  silentMs: number;
}

/** Whether a good replica on a place that is away, or was until now, counts as a copy. */
export function stillCounts(
  { why, awayMs }: Pick<Absence, "why" | "awayMs">,
  { settling, live, silentMs }: Situation,
  delays: Delays,
): boolean {
  if (why === "gone") return false;
  if (settling) return true;
  if (why === "goodbye") return awayMs < delays.goodbyeGraceMs;
  if (awayMs >= delays.graceMs) return false;
  return live > 1 || silentMs < delays.graceLastMs;
}

/**
 * For how many milliseconds more it will count, if nothing else changes; 0: it does not now.
 * `settledInMs`: until places had the time to come that they have after a start.
 */
export function countsFor(
  { why, awayMs }: Pick<Absence, "why" | "awayMs">,
  { live, silentMs }: Pick<Situation, "live" | "silentMs">,
  { settledInMs, ...delays }: Delays & { settledInMs: number },
): number {
  if (why === "gone") return 0;
  if (why === "goodbye") return Math.max(0, settledInMs, delays.goodbyeGraceMs - awayMs);
  const left = delays.graceMs - awayMs;
  const hurried = live > 1 ? left : Math.min(left, delays.graceLastMs - silentMs);
  return Math.max(0, settledInMs, hurried);
}

/** After how many milliseconds of absence a content with replicas there may need care; ascending. */
export function turningPoints(why: AwayState, delays: Delays): number[] {
  if (why === "gone") return [];
  if (why === "goodbye") return [delays.goodbyeGraceMs];
  return [Math.min(delays.graceLastMs, delays.graceMs), delays.graceMs];
}
