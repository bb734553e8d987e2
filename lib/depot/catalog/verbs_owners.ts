/** Owners, and what each has in all. */
import type { OwnerTotals } from "./catalog.ts";
import { findOwner } from "./keys.ts";
import type { Statements } from "./statements.ts";
import type { Verbs } from "./verb.ts";

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

  ownerTotals(db, owner, live) {
    const totals: OwnerTotals = {
      files: 0,
      bytes: 0,
      replicas: {},
      deficit: 0,
      damaged: 0,
      aside: 0,
    };
    const key = findOwner(db, owner);
    if (key === undefined) return totals;
    totals.aside = setAsideOf(db, key);
    const places = showingOrder(db, new Set(live));
    for (const spread of spreadsOf(db, key)) addSpread(totals, spread, places);
    return totals;
  },
} satisfies Partial<Verbs>;

function setAsideOf(db: Statements, owner: number): number {
  return db.get<{ aside: number }>(
    `SELECT count(*) AS aside FROM (SELECT DISTINCT content FROM asides) a
     WHERE EXISTS (SELECT 1 FROM files f WHERE f.content = a.content AND f.owner = ?)`,
    owner,
  )!.aside;
}

/** The contents that want so many replicas and have good ones at just these places. */
interface Spread {
  wanted: number;
  /** Keys of places with commas between, or `null`. */
  places: string | null;
  contents: number;
  /** How many files have them, and how many bytes these files have. */
  files: number;
  bytes: number;
}

/**
 * Contents by where they are: an owner with 100,000 files has few different spreads, so that few
 * rows leave the database.
 */
function spreadsOf(db: Statements, owner: number): Spread[] {
  return db.all<Spread>(
    `SELECT wanted, places, count(*) AS contents, sum(files) AS files, sum(bytes) AS bytes FROM (
       SELECT mine.wanted, mine.files, mine.files * c.size AS bytes, (
         SELECT group_concat(r.place) FROM replicas r
         WHERE r.content = mine.content AND r.state = 'good'
       ) AS places
       FROM (
         SELECT content, max(wanted) AS wanted, count(*) AS files
         FROM files WHERE owner = ? GROUP BY content
       ) AS mine CROSS JOIN contents c ON c.digest = mine.content
     ) GROUP BY wanted, places`,
    owner,
  );
}

interface ShownPlace {
  id: string;
  live: boolean;
  rank: number;
}

/** Places by key, ranked: those live first, each half by id. */
function showingOrder(db: Statements, live: Set<string>): Map<number, ShownPlace> {
  const rows = db.all<{ key: number; id: string }>("SELECT key, id FROM places ORDER BY id");
  const ranked = [
    ...rows.filter((row) => live.has(row.id)),
    ...rows.filter((row) => !live.has(row.id)),
  ];
  return new Map(ranked.map(({ key, id }, rank) => [key, { id, live: live.has(id), rank }]));
}

/** Counts no more copies of a content than the owner's own files want, whoever else has it. */
function addSpread(totals: OwnerTotals, spread: Spread, places: Map<number, ShownPlace>): void {
  totals.files += spread.files;
  totals.bytes += spread.bytes;
  const at = (spread.places ?? "").split(",").filter(Boolean)
    .map((key) => places.get(Number(key))!)
    .sort((a, b) => a.rank - b.rank);
  for (const { id } of at.slice(0, spread.wanted)) {
    totals.replicas[id] = (totals.replicas[id] ?? 0) + spread.contents;
  }
  if (at.length === 0) totals.damaged += spread.contents;
  const live = at.filter((place) => place.live).length;
  totals.deficit += Math.max(0, spread.wanted - live) * spread.contents;
}
