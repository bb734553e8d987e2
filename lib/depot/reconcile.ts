/** Compares what a place has with what the catalog says it has, when the place joins. */
import type { Place } from "../../stores/store.ts";
import { PAGE_ROWS, type PlaceReplica, type ReplicaKey } from "./catalog/catalog.ts";
import type { Core } from "./core.ts";
import { replicaKey } from "./locks.ts";
import { judgeReplica, replicasAt } from "./replicas.ts";
import type { Rate } from "./rate.ts";

/** Unknown contents that are set aside in one comparison, of a place that others look after. */
const ORPHANS_AT_ONCE = 10_000;

export interface Reconciling {
  core: Core;
  rate: Rate;
  signal: AbortSignal;
  /** A replica that should be there is missing or has another size. */
  onSuspect(digest: string, place: string): void;
  /** What is known of a content changed. */
  onChanged(digest: string): void;
}

/** What a place has under a digest, and what it should have; either may be missing. */
interface Pair {
  digest: string;
  listed: number | null;
  row: PlaceReplica | null;
}

export async function reconcile(place: Place, work: Reconciling): Promise<void> {
  await dropStaleParts(place, work);
  await compareAsides(place, work);
  const failures: unknown[] = [];
  let orphans = 0;
  for await (const pair of pairs(place, work)) {
    work.signal.throwIfAborted();
    // Each costs a row: a machine that makes them up must not fill the catalog.
    if (pair.row === null && !place.trusted && ++orphans > ORPHANS_AT_ONCE) continue;
    // One file that cannot be moved keeps nobody from the others.
    await comparePair(place, pair, work).catch((error) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}

async function comparePair(
  place: Place,
  { digest, listed, row }: Pair,
  work: Reconciling,
): Promise<void> {
  if (row === null) {
    await setOrphanAside(place, digest, work);
  } else if (row.state === "writing") {
    await settleWriting(place, digest, work);
    work.onChanged(digest);
  } else if (row.state === "good" && listed !== row.size) {
    work.onSuspect(digest, place.id);
  }
}

/** As `reconcile`, of a place whose contents are known: only what was being written is looked at. */
export async function settle(place: Place, work: Reconciling): Promise<void> {
  await dropStaleParts(place, work);
  await settleAll(work, place.id);
}

/** Parts of uploads that ended, and of copies that were interrupted: nobody counts on them. */
async function dropStaleParts(place: Place, { core }: Reconciling): Promise<void> {
  for await (const { id, bytes } of place.uploads()) {
    if (core.active.has(id)) continue;
    const upload = await core.catalog.upload(id);
    if (!upload) await place.discard(id);
    // What a depot that was killed could not note counts in its owner's share.
    else if (bytes > upload.bytes) await core.catalog.keepUpload(id, bytes, upload.touchedAt);
  }
}

async function compareAsides(place: Place, { core, onChanged }: Reconciling): Promise<void> {
  const there = new Set<string>();
  for await (const { digest, since } of place.asides()) {
    there.add(digest);
    await core.catalog.addAside({ digest, place: place.id, since });
  }
  for (const aside of await core.catalog.asides()) {
    if (aside.place !== place.id || there.has(aside.digest)) continue;
    await core.catalog.dropAside(aside.digest, place.id);
    onChanged(aside.digest);
  }
}

/** Both lists ascend by digest, so they are walked side by side and neither is held in memory. */
async function* pairs(place: Place, { core, signal }: Reconciling): AsyncIterable<Pair> {
  const rows = replicasAt(place.id, core)[Symbol.asyncIterator]();
  let row = (await rows.next()).value as PlaceReplica | undefined;
  for await (const { digest, size } of place.list({ signal })) {
    while (row && row.digest < digest) {
      yield { digest: row.digest, listed: null, row };
      row = (await rows.next()).value;
    }
    if (row?.digest === digest) {
      yield { digest, listed: size, row };
      row = (await rows.next()).value;
    } else {
      yield { digest, listed: size, row: null };
    }
  }
  for (; row; row = (await rows.next()).value) {
    yield { digest: row.digest, listed: null, row };
  }
}

/** Bytes without a row are never deleted at once: they are moved aside and can be looked at. */
async function setOrphanAside(place: Place, digest: string, work: Reconciling): Promise<void> {
  const { core, onChanged } = work;
  using _turn = await core.locks.take(replicaKey(digest, place.id));
  // A deposit may have written the row since the page was read; its bytes came after its row.
  if (await stateOf(digest, place, core) !== undefined) return;
  await place.setAside(digest);
  await core.catalog.addAside({ digest, place: place.id, since: core.clock.wall() });
  core.log.warn("Set aside bytes that the catalog does not know", {
    place: place.name,
    content: digest,
  });
  onChanged(digest);
}

/**
 * A deposit or a copy was interrupted around its rename: what is there decides. Waits for whoever
 * is writing there now.
 */
export async function settleWriting(
  place: Place,
  digest: string,
  { core, rate, signal }: Pick<Reconciling, "core" | "rate" | "signal">,
): Promise<void> {
  using _turn = await core.locks.take(replicaKey(digest, place.id));
  const content = await core.catalog.content(digest);
  if (!content || await stateOf(digest, place, core) !== "writing") return;
  const verdict = await judgeReplica(place, content, { rate, signal });
  if (verdict === "good") {
    return await core.catalog.finishCopy(digest, place.id, core.clock.wall());
  }
  if (verdict === "damaged") {
    await place.setAside(digest);
    await core.catalog.addAside({ digest, place: place.id, since: core.clock.wall() });
  }
  await core.catalog.dropCopy(digest, place.id);
}

/** Settles every copy that was interrupted, on places that are there, or on one of them. */
export async function settleAll(
  work: Pick<Reconciling, "core" | "rate" | "signal">,
  only?: string,
): Promise<void> {
  const { catalog, places } = work.core;
  let after: ReplicaKey | null = null;
  while (true) {
    const page: ReplicaKey[] = await catalog.replicasIn("writing", { after, limit: PAGE_ROWS });
    for (const { digest, place: id } of page) {
      const place = only === undefined || only === id ? places.get(id) : undefined;
      // One that fails keeps its row, for the next time.
      if (place) await settleWriting(place, digest, work).catch(() => {});
    }
    if (page.length < PAGE_ROWS || work.signal.aborted) return;
    after = page.at(-1)!;
  }
}

async function stateOf(digest: string, place: Place, core: Core): Promise<string | undefined> {
  const content = await core.catalog.content(digest);
  return content?.replicas.find((replica) => replica.place === place.id)?.state;
}
