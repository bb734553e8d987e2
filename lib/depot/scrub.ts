/** Reads every replica now and then, so that rot is found while there are good copies left. */
import type { Place } from "../../stores/store.ts";
import type { Core } from "./core.ts";
import type { Verdict } from "./replicas.ts";
import { replicasAt } from "./replicas.ts";

/** A pass begins this often, so that a replica that came just after the last one is not late. */
const PASSES_PER_PERIOD = 2;
/** Between two looks for replicas that are due, at most. Milliseconds. */
const LONGEST_PAUSE_MS = 3_600_000;

export interface Scrubbing {
  core: Core;
  signal: AbortSignal;
  /** Reads one replica whole, at the repair rate, and acts on what it finds. */
  judge(digest: string, place: string): Promise<Verdict | null>;
  onBad(digest: string): void;
}

/** How long to wait after a pass over all places. Milliseconds. */
export function scrubPause(scrubMs: number): number {
  return Math.min(scrubMs / PASSES_PER_PERIOD / 4, LONGEST_PAUSE_MS);
}

/** Judges every replica at `place` that was not looked at for half of the period. */
export async function scrubPlace(place: Place, work: Scrubbing): Promise<void> {
  const { core, signal } = work;
  const period = core.settings.scrubMs / PASSES_PER_PERIOD;
  for await (const { digest, state, verifiedAt } of replicasAt(place.id, core)) {
    if (signal.aborted || core.places.get(place.id) !== place) return;
    const due = verifiedAt === null || verifiedAt < core.clock.wall() - period;
    if (state !== "good" || !due) continue;
    const verdict = await work.judge(digest, place.id);
    if (verdict === "damaged" || verdict === "absent") work.onBad(digest);
  }
}
