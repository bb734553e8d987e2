/** Which copies above the wanted number go. */
import type { ContentRecord } from "./catalog/catalog.ts";
import type { Core } from "./core.ts";
import type { Examiner } from "./examiner.ts";

export interface Trimming {
  core: Core;
  examiner: Examiner;
}

/**
 * Dooms the copies above the wanted number, and resolves to their places. Whatever happens, as
 * many as wanted stay of those that are sure: on places that are there and that nobody drains,
 * compared with the catalog and verified since they came back.
 */
export async function trim(
  content: ContentRecord,
  { core, examiner }: Trimming,
): Promise<string[]> {
  const { catalog, places } = core;
  const { digest, wanted } = content;
  if (wanted === 0) {
    return await catalog.doomSurplus(digest, await trimOrder(content, core), places.onlineIds());
  }
  const settled = settledReplicas(content, core);
  if (settled.length <= wanted) return [];
  await verify(settled.filter((replica) => !isVerified(replica, core)), digest, { core, examiner });
  const now = await catalog.content(digest);
  if (!now) return [];
  const sure = settledReplicas(now, core).filter((replica) => isVerified(replica, core))
    .map(({ place }) => place);
  return await catalog.doomSurplus(digest, await trimOrder(now, core), sure);
}

type Replica = ContentRecord["replicas"][number];

/** Good ones on places whose absence is over. */
function settledReplicas({ replicas }: ContentRecord, { places }: Core): Replica[] {
  return replicas.filter(({ place, state }) =>
    state === "good" && places.get(place) && places.absence(place) === null &&
    !places.isLeaving(place)
  );
}

/** Those that the depot reads itself one by one, the others together. */
async function verify(
  unsure: Replica[],
  digest: string,
  { core, examiner }: Trimming,
): Promise<void> {
  const isOwn = ({ place }: Replica) => core.places.get(place)?.trusted ?? false;
  for (const { place } of unsure.filter(isOwn)) await examiner.judge(digest, place);
  if (!unsure.every(isOwn)) await examiner.examine(digest);
}

function isVerified({ place, verifiedAt }: Replica, { places, clock }: Core): boolean {
  const since = places.record(place)?.since ?? Infinity;
  return verifiedAt !== null && verifiedAt >= since && verifiedAt <= clock.wall();
}

/** Crowded zones first, then the place with the least room. */
async function trimOrder(content: ContentRecord, core: Core): Promise<string[]> {
  const mine = new Set(content.replicas.map((replica) => replica.place));
  const look = await core.rooms.look(core.places.online().filter(({ id }) => mine.has(id)));
  const having = look.candidates();
  const order: string[] = [];
  while (having.length > 0) {
    const crowd = (zone: string) => having.filter((other) => other.zone === zone).length;
    having.sort((a, b) => crowd(b.zone) - crowd(a.zone) || a.free - b.free);
    order.push(having.shift()!.id);
  }
  return order;
}
