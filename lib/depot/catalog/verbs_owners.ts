/** Owners, and what each has in all. */
import type { OwnerTotals, TotalsQuery } from "./catalog.ts";
import { findOwner } from "./keys.ts";
import type { Statements } from "./statements.ts";
import type { Verbs } from "./verb.ts";
import { comesBefore } from "./verbs_files.ts";

export const ownerVerbs = {
  addOwner(db, owner, now) {
    db.run(
      "INSERT INTO owners (owner, added_at) VALUES (?, ?) ON CONFLICT (owner) DO NOTHING",
      owner,
      now,
    );
  },

  hasOwner(db, owner) {
    return findOwner(db, owner) !== undefined;
  },

  ownerTotals(db, query) {
    const key = findOwner(db, query.owner);
    const spreads = key === undefined ? [] : spreadsOf(db, key, query);
    const places = knownPlaces(db, query);
    const totals = nothing();
    for (const spread of spreads) addSpread(totals, spread, places);
    const last = spreads.reduce((last, { name }) => comesBefore(name, last) ? last : name, "");
    return { ...totals, next: totals.files === query.limit ? last : null };
  },

  ownedAmong(db, owner, digests) {
    return db.get<{ owned: number }>(
      `SELECT count(*) AS owned FROM json_each(?) CROSS JOIN contents c ON c.digest = unhex(value)
       WHERE EXISTS (SELECT 1 FROM files WHERE content = c.key AND owner = ?)`,
      JSON.stringify(digests),
      findOwner(db, owner) ?? null,
    )!.owned;
  },
} satisfies Partial<Verbs>;

function nothing(): OwnerTotals {
  return {
    files: 0,
    bytes: 0,
    replicas: {},
    short: 0,
    deficit: 0,
    waiting: 0,
    damaged: 0,
    aside: 0,
    checked: 0,
    oldestCheck: null,
  };
}

/** The files that want so many replicas and have good ones at just these places. */
interface Spread {
  wanted: number;
  /** Keys of places with commas between, or `null`. */
  places: string | null;
  /** Whether there is a set-aside copy, and whether all good ones were looked at lately. */
  aside: number;
  checked: number;
  files: number;
  bytes: number;
  oldest: number | null;
  /** The last of their names. */
  name: string;
}

/** Files by where they are: a page of them has few different spreads, so that few rows leave the database. */
function spreadsOf(
  db: Statements,
  owner: number,
  { after, limit, checkedSince }: TotalsQuery,
): Spread[] {
  return db.all<Spread>(
    `SELECT wanted, places, aside, coalesce(oldest >= ?, 0) AS checked, count(*) AS files,
       sum(size) AS bytes, min(oldest) AS oldest, max(name) AS name
     FROM (
       SELECT f.name, f.wanted, c.size, group_concat(r.place) AS places,
         min(coalesce(r.verified_at, 0)) AS oldest,
         EXISTS (SELECT 1 FROM asides s WHERE s.digest = c.digest) AS aside
       FROM files f CROSS JOIN contents c ON c.key = f.content
         LEFT JOIN replicas r ON r.content = f.content AND r.state = 'good'
       WHERE f.owner = ? AND f.name > ? GROUP BY f.name ORDER BY f.name LIMIT ?
     ) GROUP BY wanted, places, aside, checked`,
    checkedSince,
    owner,
    after,
    limit,
  );
}

interface KnownPlace {
  id: string;
  live: boolean;
  counted: boolean;
  rank: number;
}

/** Places by key, ranked: those live first, of these and of the others those that count, then by id. */
function knownPlaces(db: Statements, query: TotalsQuery): Map<number, KnownPlace> {
  const live = new Set(query.live);
  const counted = new Set(query.counted);
  const rows = db.all<{ key: number; id: string }>("SELECT key, id FROM places ORDER BY id");
  const places = rows.map(({ key, id }) => ({
    key,
    id,
    live: live.has(id),
    counted: counted.has(id),
  }));
  places.sort((a, b) => Number(b.live) - Number(a.live) || Number(b.counted) - Number(a.counted));
  return new Map(places.map(({ key, ...place }, rank) => [key, { ...place, rank }]));
}

/** Counts no more copies of a file than it wants, whoever else has its content. */
function addSpread(totals: OwnerTotals, spread: Spread, places: Map<number, KnownPlace>): void {
  const { wanted, files, oldest } = spread;
  const at = (spread.places ?? "").split(",").filter(Boolean)
    .map((key) => places.get(Number(key))!)
    .sort((a, b) => a.rank - b.rank);
  for (const { id } of at.slice(0, wanted)) {
    totals.replicas[id] = (totals.replicas[id] ?? 0) + files;
  }
  const missing = Math.max(0, wanted - at.filter(({ live }) => live).length);
  const uncounted = Math.max(0, wanted - at.filter(({ counted }) => counted).length);
  totals.files += files;
  totals.bytes += spread.bytes;
  totals.short += missing > 0 ? files : 0;
  totals.deficit += missing * files;
  totals.waiting += Math.max(0, missing - uncounted) * files;
  totals.damaged += at.length === 0 ? files : 0;
  totals.aside += spread.aside * files;
  totals.checked += spread.checked * files;
  totals.oldestCheck = oldest === null
    ? totals.oldestCheck
    : Math.min(oldest, totals.oldestCheck ?? oldest);
}
