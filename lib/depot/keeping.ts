/** What was removed or replaced is kept for a while, so that it can be restored. */
import type { Keeping } from "./catalog/catalog.ts";
import type { Core } from "./core.ts";

/** Removed files released in one transaction, at most. */
const RELEASED_AT_ONCE = 1_000;

/** How long what is removed or replaced now can be restored; `undefined`: it cannot. */
export function keepingOf({ settings, clock }: Core): Keeping | undefined {
  if (settings.keepRemovedMs === 0) return undefined;
  const now = clock.wall();
  return { now, until: now + settings.keepRemovedMs };
}

/** Lets go of removed files that were kept for long enough; `attend` is told of their contents. */
export async function releaseRemoved(
  { catalog, clock }: Core,
  attend: (digest: string) => void,
): Promise<void> {
  while (true) {
    const digests = await catalog.releaseRemoved(clock.wall(), RELEASED_AT_ONCE);
    for (const digest of digests) attend(digest);
    if (digests.length < RELEASED_AT_ONCE) return;
  }
}
