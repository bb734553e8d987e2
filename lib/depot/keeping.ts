/** What was removed or replaced is kept for a while, so that it can be restored. */
import type { Keeping } from "./catalog/catalog.ts";
import type { Core } from "./core.ts";
import { QUEUE_LIMIT } from "./repair_queue.ts";

/** Removed files released in one transaction, at most. */
const RELEASED_AT_ONCE = 1_000;
/** A long queue is looked at again after this. Milliseconds. */
const QUEUE_PAUSE_MS = 100;

/** How long what is removed or replaced now can be restored; `undefined`: it cannot. */
export function keepingOf({ settings, clock }: Core): Keeping | undefined {
  if (settings.keepRemovedMs === 0) return undefined;
  const now = clock.wall();
  return { now, until: now + settings.keepRemovedMs };
}

export interface Releasing {
  signal: AbortSignal;
  /** A content may need care. */
  attend(digest: string): void;
  /** Contents that wait for care. */
  queued(): number;
}

/** Lets go of removed files that were kept for long enough. */
export async function releaseRemoved(
  { catalog, clock }: Pick<Core, "catalog" | "clock">,
  { signal, attend, queued }: Releasing,
): Promise<void> {
  while (true) {
    while (queued() > QUEUE_LIMIT && !signal.aborted) await clock.sleep(QUEUE_PAUSE_MS, signal);
    if (signal.aborted) return;
    const digests = await catalog.releaseRemoved(clock.wall(), RELEASED_AT_ONCE);
    for (const digest of digests) attend(digest);
    if (digests.length < RELEASED_AT_ONCE) return;
  }
}
