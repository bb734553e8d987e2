/** Looks at every replica now and then, so that rot is found while there are good copies left. */
import type { Place } from "../../stores/store.ts";
import { PAGE_ROWS } from "./catalog/catalog.ts";
import type { Core } from "./core.ts";

/** A replica is looked at again after this part of the period, so that none is late. */
const LOOKS_PER_PERIOD = 2;
/** Between two passes over all places there is at least this part of the period. */
const PASSES_PER_PERIOD = 8;
/** And at least this, when the period is long. Milliseconds. */
const SHORTEST_PAUSE_MS = 3_600_000;

/** How far one pass over the replicas of one place is. */
export interface ScrubState {
  place: string;
  /** From 0 to 1, about. */
  part: number;
}

export interface Scrubbing {
  core: Core;
  signal: AbortSignal;
  /** Told before each look. */
  onLook(state: ScrubState): void;
  /** Judges one replica of this content, or all of them, and acts on what it finds. False: it could not. */
  look(digest: string): Promise<boolean>;
}

/** A place at which so many replicas cannot be looked at is left alone until the next pass. */
const FAILURES_PER_PASS = 10;

/**
 * How long to wait after a pass over all places, when the next replica is due in `dueMs`.
 * Milliseconds.
 */
export function scrubPause(dueMs: number, scrubMs: number): number {
  const shortest = Math.min(scrubMs / PASSES_PER_PERIOD, SHORTEST_PAUSE_MS);
  return Math.max(shortest, Math.min(dueMs, scrubMs / LOOKS_PER_PERIOD));
}

/**
 * Has every replica at `place` looked at that was not for half of the period. Resolves to when,
 * by the wall clock, the next one will be due.
 */
export async function scrubPlace(place: Place, scrubbing: Scrubbing): Promise<number> {
  const { core, signal, look, onLook } = scrubbing;
  const period = core.settings.scrubMs / LOOKS_PER_PERIOD;
  let next = Infinity;
  let failures = 0;
  let after: string | null = null;
  do {
    const page = await core.catalog.looksAt(place.id, { after, limit: PAGE_ROWS });
    for (const { digest, verifiedAt, part } of page.looks) {
      if (signal.aborted || core.places.get(place.id) !== place) return next;
      const due = (verifiedAt ?? -Infinity) + period;
      if (due > core.clock.wall()) {
        next = Math.min(next, due);
        continue;
      }
      onLook({ place: place.name, part });
      if (!await look(digest) && ++failures === FAILURES_PER_PASS) return 0;
    }
    after = page.next;
  } while (after !== null);
  return failures > 0 ? 0 : next;
}
