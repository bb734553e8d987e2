/** What an owner is told of its files and of the depot's places: never more copies than were asked for. */
import {
  type ContentRecord,
  type FileRecord,
  type OwnerTotals,
  PAGE_ROWS,
  type PlaceRecord,
} from "./catalog/catalog.ts";
import { absent, type Copies, copiesOf, type Core, placeRank } from "./core.ts";
import type { Keeper } from "./keeper.ts";
import { type Outlook, outlookOf } from "./outlook.ts";
import type { ScrubState } from "./scrub.ts";
import { surveyLists, waitedFor } from "./weighing.ts";

/** Contents that are looked up at once. */
const CONTENTS_AT_ONCE = 1_000;

/** A place as an owner sees it; bytes, and the replicas of that owner's files. */
export interface PlaceStatus {
  place: PlaceRecord;
  /** It is emptied, by the operator or by itself. */
  draining: boolean;
  /** While it is away: its replicas are made anew after so many milliseconds. */
  missedInMs: number | null;
  /** What can be used, as of `Usable`. */
  free: number;
  capacity: number;
  replicas: number;
}

/** How an owner's files are. */
export interface OwnerStatus extends Omit<OwnerTotals, "replicas"> {
  /** Contents of this owner's files that wait for care, and that are being cared for. */
  queued: number;
  running: number;
  scrub: ScrubState | null;
  /** Every copy is checked once in this time. Milliseconds. */
  scrubMs: number;
  places: PlaceStatus[];
}

/** One copy of a file. */
export interface ReplicaStatus {
  place: PlaceRecord;
  draining: boolean;
  state: "good" | "writing";
  verifiedAt: number | null;
}

export interface FileStatus {
  file: FileRecord;
  copies: Copies;
  replicas: ReplicaStatus[];
  outlook: Outlook;
}

interface Parts {
  core: Core;
  keeper: Keeper;
}

export async function ownerStatus(owner: string, { core, keeper }: Parts): Promise<OwnerStatus> {
  const { replicas, ...totals } = await totalsOf(owner, core);
  const { queued, running } = keeper.underCare();
  return {
    ...totals,
    queued: await ownedAmong(owner, queued, core),
    running: await ownedAmong(owner, running, core),
    scrub: keeper.scrub,
    scrubMs: core.settings.scrubMs,
    places: await Promise.all(
      core.places.known().map((place) => placeStatus(place, replicas[place.id] ?? 0, core)),
    ),
  };
}

export async function fileStatus(
  { owner, name }: { owner: string; name: string },
  { core, keeper }: Parts,
): Promise<FileStatus> {
  const file = await core.catalog.file(owner, name);
  if (!file) throw absent();
  const content = await core.catalog.content(file.digest);
  const copies = copiesOf(file, core.places);
  if (!content) return { file, copies, replicas: [], outlook: { state: "queued", inMs: null } };
  const outlook = outlookOf(content, file, { core, keeper });
  return { file, copies, replicas: replicasOf(content, file, core), outlook };
}

/** Walks over the owner's files in pages: what changes meanwhile may be seen or not. */
async function totalsOf(owner: string, core: Core): Promise<OwnerTotals> {
  const { catalog, places, settings, clock } = core;
  const lists = { live: places.onlineIds(), counted: surveyLists(core).counted };
  const checkedSince = clock.wall() - settings.scrubMs;
  const query = { owner, limit: PAGE_ROWS, ...lists, checkedSince };
  let { next, ...totals } = await catalog.ownerTotals({ ...query, after: "" });
  while (next !== null) {
    const { next: after, ...page } = await catalog.ownerTotals({ ...query, after: next });
    totals = added(totals, page);
    next = after;
  }
  return totals;
}

function added(a: OwnerTotals, b: OwnerTotals): OwnerTotals {
  const replicas = { ...a.replicas };
  for (const [id, count] of Object.entries(b.replicas)) replicas[id] = (replicas[id] ?? 0) + count;
  const checks = [a.oldestCheck, b.oldestCheck].filter((time) => time !== null);
  return {
    files: a.files + b.files,
    bytes: a.bytes + b.bytes,
    replicas,
    short: a.short + b.short,
    deficit: a.deficit + b.deficit,
    waiting: a.waiting + b.waiting,
    damaged: a.damaged + b.damaged,
    aside: a.aside + b.aside,
    checked: a.checked + b.checked,
    oldestCheck: checks.length > 0 ? Math.min(...checks) : null,
  };
}

async function ownedAmong(owner: string, digests: string[], { catalog }: Core): Promise<number> {
  let owned = 0;
  for (let at = 0; at < digests.length; at += CONTENTS_AT_ONCE) {
    owned += await catalog.ownedAmong(owner, digests.slice(at, at + CONTENTS_AT_ONCE));
  }
  return owned;
}

async function placeStatus(place: PlaceRecord, replicas: number, core: Core): Promise<PlaceStatus> {
  const there = core.places.get(place.id);
  const room = there && await core.rooms.usable(there);
  return {
    place,
    draining: core.places.isLeaving(place.id),
    missedInMs: there || place.state === "gone" ? null : Math.ceil(waitedFor(place.id, core)),
    free: room?.free ?? 0,
    capacity: room?.capacity ?? 0,
    replicas,
  };
}

/** No more than the file wants: good ones first, and last of all what is gone. */
function replicasOf(content: ContentRecord, file: FileRecord, { places }: Core): ReplicaStatus[] {
  const all = content.replicas.flatMap(({ place: id, state, verifiedAt }) => {
    const place = places.record(id);
    if (!place || state === "doomed") return [];
    return [{ place, draining: places.isLeaving(id), state, verifiedAt }];
  });
  const rank = ({ place, state }: ReplicaStatus) =>
    (place.state === "gone" ? 8 : 0) + (state === "good" ? 0 : 4) + placeRank(place.id, places);
  return all.sort((a, b) => rank(a) - rank(b)).slice(0, file.wanted);
}
