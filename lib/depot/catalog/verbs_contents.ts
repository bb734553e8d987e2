/** Contents: what each is, what it wants, where it is, and when it is forgotten. */
import type { ContentCopies, ReplicaState, Tally } from "./catalog.ts";
import { type Content, digestBytes, findPlace, idsOf } from "./keys.ts";
import type { Statements } from "./statements.ts";
import type { Verbs } from "./verb.ts";

/** The largest number that a file with a content wants, also one that can still be restored. */
function wantedFor(content: string): string {
  return `max(
    coalesce((SELECT max(wanted) FROM files WHERE content = ${content}), 0),
    coalesce((SELECT max(wanted) FROM removed WHERE content = ${content}), 0)
  )`;
}

const WANTED = wantedFor("c.key");

/**
 * What a survey walks over, ascending by the column, which has keys: what is looked up of contents
 * that follow each other lies on the same pages.
 */
const EVERY_CONTENT = { of: "contents c WHERE true", column: "c.key" };
const CONTENTS_OF_PLACE = {
  of: `replicas h CROSS JOIN contents c ON c.key = h.content
       WHERE h.place = ? AND h.state = 'good'`,
  column: "h.content",
};

/** How many good replicas the content `found.key` has on places of a list of ids. */
function goodOn(ids: string): string {
  return `(
    SELECT count(*) FROM replicas r
    WHERE r.content = found.key AND r.state = 'good' AND +r.place IN (
      SELECT key FROM places WHERE id IN (SELECT value FROM json_each(${ids}))
    )
  )`;
}

export const contentVerbs = {
  content(db, digest) {
    const row = db.get<{ key: number; size: number; wanted: number }>(
      `SELECT c.key, c.size, ${WANTED} AS wanted FROM contents c WHERE c.digest = ?`,
      digestBytes(digest),
    );
    return row ? withWhereabouts(db, { digest, ...row }) : null;
  },

  chunkChecks(db, digest) {
    return db.get<{ checks: Uint8Array }>(
      "SELECT checks FROM contents WHERE digest = ?",
      digestBytes(digest),
    )?.checks ?? null;
  },

  // Only what is not as wanted leaves the database, so that the page's end is found apart.
  survey(db, { after, limit, counted, few, place }) {
    const walk = place === undefined ? EVERY_CONTENT : CONTENTS_OF_PLACE;
    const { of, column } = walk;
    const values = [...place === undefined ? [] : [findPlace(db, place) ?? null], Number(after)];
    const rows = db.all<Content & { size: number; wanted: number }>(
      `SELECT key, lower(hex(digest)) AS digest, size, wanted FROM (
         SELECT c.key, c.digest, c.size, ${WANTED} AS wanted
         FROM ${of} AND ${column} > ? ORDER BY ${column} LIMIT ?
       ) found WHERE ${goodOn("?")} <> wanted OR (
         ${goodOn("?")} <= 1 AND ${goodOn("?")} < wanted
       )`,
      ...values,
      limit,
      ...[counted, few?.live ?? counted, few?.counted ?? counted].map((ids) => JSON.stringify(ids)),
    );
    return {
      contents: rows.map((row) => withWhereabouts(db, row)),
      next: pageEnd(db, walk, [...values, limit - 1]),
    };
  },

  tally(db, { after, limit, live }) {
    const tally = db.get<Tally>(
      `SELECT coalesce(sum(files), 0) AS files, coalesce(sum(files * size), 0) AS bytes,
         count(*) AS contents, coalesce(sum(size), 0) AS contentBytes,
         coalesce(sum(max(0, wanted - ${goodOn("?")})), 0) AS deficit,
         coalesce(sum(NOT EXISTS (
           SELECT 1 FROM replicas r WHERE r.content = found.key AND r.state = 'good'
         )), 0) AS damaged
       FROM (
         SELECT c.key, c.size, ${WANTED} AS wanted,
           (SELECT count(*) FROM files WHERE content = c.key) AS files
         FROM contents c WHERE c.key > ? ORDER BY c.key LIMIT ?
       ) found WHERE wanted > 0`,
      JSON.stringify(live),
      Number(after),
      limit,
    )!;
    return { tally: { ...tally }, next: pageEnd(db, EVERY_CONTENT, [Number(after), limit - 1]) };
  },
} satisfies Partial<Verbs>;

/** Where to go on after a page, or `null` when it is not full; `null` is less than any key. */
function pageEnd(
  db: Statements,
  { of, column }: typeof EVERY_CONTENT,
  values: (number | null)[],
): string | null {
  return db.get<{ next: string }>(
    `SELECT CAST(${column} AS TEXT) AS next FROM ${of} AND ${column} > ?
     ORDER BY ${column} LIMIT 1 OFFSET ?`,
    ...values,
  )?.next ?? null;
}

/** Where there are copies of the content, set-aside ones too, in place of its key. */
export function withWhereabouts<T extends Content>(
  db: Statements,
  { key, ...content }: T,
): Omit<T, "key"> & Pick<ContentCopies, "replicas" | "asides"> {
  const replicas = db.all<{ place: string; state: ReplicaState; verifiedAt: number | null }>(
    `SELECT p.id AS place, r.state, r.verified_at AS verifiedAt
     FROM replicas r CROSS JOIN places p ON p.key = r.place WHERE r.content = ? ORDER BY p.id`,
    key,
  ).map((row) => ({ ...row }));
  const asides = db.get<{ places: string }>(
    `SELECT json_group_array(p.id) AS places
     FROM asides a CROSS JOIN places p ON p.key = a.place WHERE a.digest = ?`,
    digestBytes(content.digest),
  )!;
  return { ...content, replicas, asides: idsOf(asides.places) };
}

/** The largest number that a file with this content wants; 0 when no file has it. */
export function wantedOf(db: Statements, content: number): number {
  return db.get<{ wanted: number }>(`SELECT ${wantedFor("?1")} AS wanted`, content)!.wanted;
}

/** Forgets a content that no file, removed or not, no replica and no upload refers to; to be called after each goes. */
export function forgetUnneeded(db: Statements, content: number): void {
  db.run(
    `DELETE FROM contents WHERE key = ?1
     AND NOT EXISTS (SELECT 1 FROM files WHERE content = ?1)
     AND NOT EXISTS (SELECT 1 FROM removed WHERE content = ?1)
     AND NOT EXISTS (SELECT 1 FROM replicas WHERE content = ?1)
     AND NOT EXISTS (SELECT 1 FROM uploads WHERE content = ?1)`,
    content,
  );
}
