/** Which copies of a content count, now that some places are away. */
import type { ContentRecord } from "./catalog/catalog.ts";
import type { Core } from "./core.ts";
import { countsFor, type Situation, stillCounts } from "./judgement.ts";

/** The copies of one content, as identifiers of places. */
export interface Weight {
  /** Good, and can be read now. */
  live: string[];
  /** Good and counted as wanted copies, there or not. */
  counted: string[];
  /** Counted copies that are fewer than wanted; negative when there are more. */
  missing: number;
  /** The same, of copies that can be read now: nothing is waited for. */
  missingNow: number;
}

/** A place that just came back counts as when it left, until it has been compared with the catalog. */
const NO_HURRY = { live: Infinity, silentMs: 0 };

/** Weighs the good copies of a content. */
export function weigh(content: ContentRecord, core: Core): Weight {
  const { places, settings } = core;
  const good = content.replicas.filter(({ state }) => state === "good").map(({ place }) => place);
  const live = good.filter((id) => places.get(id));
  const situation = situationOf(good, core);
  const counted = good.filter((id) => {
    const absence = places.absence(id);
    if (places.isLeaving(id)) return false;
    const how = places.get(id) ? { ...situation, ...NO_HURRY } : situation;
    return absence === null || stillCounts(absence, how, settings);
  });
  const staying = live.filter((id) => !places.isLeaving(id));
  return {
    live,
    counted,
    missing: content.wanted - counted.length,
    missingNow: content.wanted - staying.length,
  };
}

/**
 * For how many milliseconds more a good replica at a place that is away counts, by itself or (with
 * `good`: all places with a good one) as one of a content's.
 */
export function waitedFor(id: string, core: Core, good: string[] | null = null): number {
  const absence = core.places.absence(id);
  if (absence === null) return 0;
  const { places, settings, clock } = core;
  const settledInMs = Math.max(0, settings.settleMs - (clock.monotonic() - places.openedAt));
  const situation = good === null ? NO_HURRY : situationOf(good, core);
  return countsFor(absence, situation, { ...settings, settledInMs });
}

function situationOf(good: string[], core: Core): Situation {
  const { places } = core;
  let live = 0;
  let silentMs = Infinity;
  for (const id of good) {
    const absence = places.absence(id);
    if (isWaitedFor(id, core)) live++;
    else if (absence?.why === "lost") silentMs = Math.min(silentMs, absence.awayMs);
  }
  return { settling: isSettling(core), live, silentMs };
}

/** The depot started only just now: places may still come. */
export function isSettling({ places, settings, clock }: Core): boolean {
  return clock.monotonic() - places.openedAt < settings.settleMs;
}

/** Lists of places for a survey, which asks without knowing each content's situation. */
export interface Lists {
  /** Whose replicas count where there is no hurry. */
  counted: string[];
  /** For contents down to their last copy: those there or waited for, and those that still count. */
  few: { live: string[]; counted: string[] };
}

/** What a survey has to ask so that no content that needs care is passed over. */
export function surveyLists(core: Core): Lists {
  const { places, settings } = core;
  const settling = isSettling(core);
  const counting = (hurry: boolean) =>
    places.known().filter(({ id }) => {
      const absence = places.absence(id);
      const leaving = places.isLeaving(id);
      if (leaving || absence === null) return !leaving;
      const situation = hurry && !places.get(id)
        ? { settling, live: 1, silentMs: absence.awayMs }
        : { settling, ...NO_HURRY };
      return stillCounts(absence, situation, settings);
    }).map(({ id }) => id);
  const live = places.known().map(({ id }) => id).filter((id) => isWaitedFor(id, core));
  return { counted: counting(false), few: { live, counted: counting(true) } };
}

/** Whether a place is there, or said goodbye and is expected back. */
function isWaitedFor(id: string, { places, settings }: Core): boolean {
  if (places.get(id)) return true;
  const absence = places.absence(id);
  return absence?.why === "goodbye" && absence.awayMs < settings.goodbyeGraceMs;
}
