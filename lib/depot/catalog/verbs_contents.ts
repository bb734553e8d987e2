/** Contents: what each is, what it wants, where it is, and when it is forgotten. */
import type { ContentCopies, ReplicaState, Tally } from "./catalog.ts";
import { digestBytes, findPlace, idsOf } from "./keys.ts";
import type { Statements } from "./statements.ts";
import type { Verbs } from "./verb.ts";

const LAST_DIGEST = "f".repeat(64);

/** The largest number that a file with a content wants, also one that can still be restored. */
function wantedFor(content: string): string {
  return `max(
    coalesce((SELECT max(wanted) FROM files WHERE content = ${content}), 0),
    coalesce((SELECT max(wanted) FROM removed WHERE content = ${content}), 0)
  )`;
}

const WANTED = wantedFor("c.digest");

/** What a survey walks over, ascending by the column. */
const EVERY_CONTENT = { of: "contents c WHERE true", column: "c.digest" };
const CONTENTS_OF_PLACE = {
  of: `replicas h CROSS JOIN contents c ON c.digest = h.content
       WHERE h.place = ? AND h.state = 'good'`,
  column: "h.content",
};

/** How many good replicas the content `found.digest` has on places of a list of ids. */
function goodOn(ids: string): string {
  return `(
    SELECT count(*) FROM replicas r
    WHERE r.content = found.digest AND r.state = 'good' AND +r.place IN (
      SELECT key FROM places WHERE id IN (SELECT value FROM json_each(${ids}))
    )
  )`;
}

export const contentVerbs = {
  content(db, digest) {
    const content = digestBytes(digest);
    const row = db.get<{ size: number; wanted: number }>(
      `SELECT c.size, ${WANTED} AS wanted FROM contents c WHERE c.digest = ?`,
      content,
    );
    return row ? { digest, ...row, ...whereabouts(db, content) } : null;
  },

  chunkChecks(db, digest) {
    return db.get<{ checks: Uint8Array }>(
      "SELECT checks FROM contents WHERE digest = ?",
      digestBytes(digest),
    )?.checks ?? null;
  },

  // The page's end is found first, so that only what is not as wanted leaves the database.
  survey(db, { after, limit, counted, few, place }) {
    const walk = place === undefined ? EVERY_CONTENT : CONTENTS_OF_PLACE;
    const { of, column } = walk;
    const from = startOf(after);
    const at = place === undefined ? [] : [findPlace(db, place) ?? null];
    const end = pageEnd(db, walk, [...at, from, limit - 1]);
    const rows = db.all<{ digest: string; size: number; wanted: number }>(
      `SELECT lower(hex(digest)) AS digest, size, wanted FROM (
         SELECT c.digest, c.size, ${WANTED} AS wanted
         FROM ${of} AND ${column} > ? AND ${column} <= ? ORDER BY ${column}
       ) found WHERE ${goodOn("?")} <> wanted OR (
         ${goodOn("?")} <= 1 AND ${goodOn("?")} < wanted
       )`,
      ...at,
      from,
      digestBytes(end ?? LAST_DIGEST),
      ...[counted, few?.live ?? counted, few?.counted ?? counted].map((ids) => JSON.stringify(ids)),
    );
    return {
      contents: rows.map((row) => ({ ...row, ...whereabouts(db, digestBytes(row.digest)) })),
      next: end,
    };
  },

  tally(db, { after, limit, live }) {
    const end = pageEnd(db, EVERY_CONTENT, [startOf(after), limit - 1]);
    const tally = db.get<Tally>(
      `SELECT coalesce(sum(files), 0) AS files, coalesce(sum(files * size), 0) AS bytes,
         count(*) AS contents, coalesce(sum(size), 0) AS contentBytes,
         coalesce(sum(max(0, wanted - ${goodOn("?")})), 0) AS deficit,
         coalesce(sum(NOT EXISTS (
           SELECT 1 FROM replicas r WHERE r.content = found.digest AND r.state = 'good'
         )), 0) AS damaged
       FROM (
         SELECT c.digest, c.size, ${WANTED} AS wanted,
           (SELECT count(*) FROM files WHERE content = c.digest) AS files
         FROM contents c WHERE c.digest > ? AND c.digest <= ?
       ) found WHERE wanted > 0`,
      JSON.stringify(live),
      startOf(after),
      digestBytes(end ?? LAST_DIGEST),
    )!;
    return { tally: { ...tally }, next: end };
  },
} satisfies Partial<Verbs>;

/** The last digest of a page, or `null` when it is not full. */
function pageEnd(
  db: Statements,
  { of, column }: typeof EVERY_CONTENT,
  values: (number | Uint8Array | null)[],
): string | null {
  return db.get<{ digest: string }>(
    `SELECT lower(hex(${column})) AS digest FROM ${of} AND ${column} > ?
     ORDER BY ${column} LIMIT 1 OFFSET ?`,
    ...values,
  )?.digest ?? null;
}

/** What comes after `after`; after nothing, every digest. */
function startOf(after: string | null): Uint8Array {
  return after === null ? new Uint8Array(0) : digestBytes(after);
}

/** Where there are copies of the content, set-aside ones too. */
export function whereabouts(
  db: Statements,
  content: Uint8Array,
): Pick<ContentCopies, "replicas" | "asides"> {
  const replicas = db.all<{ place: string; state: ReplicaState; verifiedAt: number | null }>(
    `SELECT p.id AS place, r.state, r.verified_at AS verifiedAt
     FROM replicas r CROSS JOIN places p ON p.key = r.place WHERE r.content = ? ORDER BY p.id`,
    content,
  ).map((row) => ({ ...row }));
  const asides = db.get<{ places: string }>(
    `SELECT json_group_array(p.id) AS places
     FROM asides a CROSS JOIN places p ON p.key = a.place WHERE a.content = ?`,
    content,
  )!;
  return { replicas, asides: idsOf(asides.places) };
}

/** The largest number that a file with this content wants; 0 when no file has it. */
export function wantedOf(db: Statements, content: Uint8Array): number {
  return db.get<{ wanted: number }>(`SELECT ${wantedFor("?1")} AS wanted`, content)!.wanted;
}

/** Forgets a content that no file, removed or not, no replica and no upload refers to; to be called after each goes. */
export function forgetUnneeded(db: Statements, content: Uint8Array): void {
  db.run(
    `DELETE FROM contents WHERE digest = ?1
     AND NOT EXISTS (SELECT 1 FROM files WHERE content = ?1)
     AND NOT EXISTS (SELECT 1 FROM removed WHERE content = ?1)
     AND NOT EXISTS (SELECT 1 FROM replicas WHERE content = ?1)
     AND NOT EXISTS (SELECT 1 FROM uploads WHERE content = ?1)`,
    content,
  );
}
