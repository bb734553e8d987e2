/** Copies that were set aside, for the operator. */
import type { AsideRecord, ContentRecord, PlaceRecord } from "./catalog/catalog.ts";
import { type Core, livePlaces, Refused } from "./core.ts";

/** A copy that was moved out of the way. `size`, `good`: `null` when the catalog does not know the content. */
export interface AsideReport {
  digest: string;
  place: PlaceRecord | null;
  /** Whether its place is there. */
  here: boolean;
  since: number;
  size: number | null;
  /** Good copies of the content that can be read now. */
  good: number | null;
  /**
   * Whether nothing can be lost with it: no file has the content, or a good copy that can be read
   * now was read whole since this one was set aside.
   */
  spare: boolean;
}

export async function asideReports(core: Core): Promise<AsideReport[]> {
  const asides = await core.catalog.asides();
  return await Promise.all(asides.map((aside) => reportOf(aside, core)));
}

/**
 * Removes set-aside copies: all that are spare, or those of contents whose digests begin like
 * `digests`, each a single content. Named ones go as well when the catalog does not know the
 * content, for nobody but the operator can tell what they are worth. Resolves to those that went.
 * Throws `Refused`, and then none went.
 */
export async function dropAsides(
  digests: string[] | "spare",
  core: Core,
): Promise<AsideReport[]> {
  const dropped = await droppable(digests, core);
  for (const { digest, place } of dropped) {
    await core.places.get(place!.id)?.dropAside(digest);
    await core.catalog.dropAside(digest, place!.id);
    core.log.warn("Dropped a set-aside copy", { content: digest, place: place!.name });
  }
  return dropped;
}

/** Those that `dropAsides` removes. Throws as that does. */
export async function droppable(
  digests: string[] | "spare",
  core: Core,
): Promise<AsideReport[]> {
  const asides = await asideReports(core);
  if (digests === "spare") return asides.filter(({ spare, here }) => spare && here);
  return [...new Set(digests.flatMap((start) => named(start, asides)))];
}

function named(start: string, asides: AsideReport[]): AsideReport[] {
  const found = asides.filter(({ digest }) => digest.startsWith(start));
  if (found.length === 0) throw new Refused("absent", `There is no set-aside copy of ${start}`);
  const refuse = (why: string) => new Refused("bad value", `Refused to drop ${start}: ${why}`);
  if (new Set(found.map(({ digest }) => digest)).size > 1) {
    throw refuse("several contents begin like this; write more of it");
  }
  for (const { spare, here, good, place } of found) {
    if (!here) throw refuse(`${place?.name ?? "its place"} is away`);
    if (spare || good === null) continue;
    throw refuse(
      good === 0
        ? "no good copy of it can be read now, and it may be needed to make one"
        : "no good copy of it was read whole since it was set aside; try again after a --scrub",
    );
  }
  return found;
}

async function reportOf(aside: AsideRecord, core: Core): Promise<AsideReport> {
  const { digest, place, since } = aside;
  const content = await core.catalog.content(digest);
  return {
    digest,
    place: core.places.record(place) ?? null,
    here: core.places.get(place) !== undefined,
    since,
    size: content?.size ?? null,
    good: content && livePlaces(content, core.places).length,
    spare: content !== null && isSpare(content, since, core),
  };
}

function isSpare(content: ContentRecord, since: number, { places }: Core): boolean {
  return content.wanted === 0 ||
    content.replicas.some(({ place, state, verifiedAt }) =>
      state === "good" && places.get(place) && verifiedAt !== null && verifiedAt >= since
    );
}
