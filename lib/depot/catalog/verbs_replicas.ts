/** Replicas: each change of state, and the only place where a good one is doomed. */
import type { Look, PlaceReplica, ReplicaKey, ReplicaState } from "./catalog.ts";
import { type Content, digestBytes, findContent, findPlace, placeKey } from "./keys.ts";
import type { Statements } from "./statements.ts";
import type { Verbs } from "./verb.ts";
import { forgetUnneeded, wantedOf } from "./verbs_contents.ts";
import { putAside } from "./verbs_places.ts";

export const replicaVerbs = {
  beginCopy(db, digest, place) {
    const key = findContent(db, digest);
    return key !== undefined && startWriting(db, { key, digest }, placeKey(db, place));
  },

  finishCopy(db, digest, place, now) {
    const changed = db.run(
      `UPDATE replicas SET state = 'good', verified_at = ?
       WHERE content = ? AND place = ? AND state <> 'doomed'`,
      now,
      findContent(db, digest) ?? null,
      placeKey(db, place),
    );
    // A doomed row's bytes may be on their way out: calling it good would count what is not there.
    if (changed === 0) {
      throw new Error(`Cannot finish the copy of ${digest} at ${place}: it is not being written`);
    }
  },

  // Where an upload is about to write the same content, the row is that upload's too.
  dropCopy(db, digest, place) {
    const content = findContent(db, digest);
    if (content === undefined) return;
    db.run(
      `DELETE FROM replicas WHERE content = ?1 AND place = ?2 AND state = 'writing'
       AND place NOT IN (${PREPARED_PLACES})`,
      content,
      placeKey(db, place),
    );
    forgetUnneeded(db, content);
  },

  verified(db, digest, place, now) {
    db.run(
      `UPDATE replicas SET verified_at = ?
       WHERE content = ? AND place = ? AND state = 'good'`,
      now,
      findContent(db, digest) ?? null,
      placeKey(db, place),
    );
  },

  replicaLost(db, digest, place, how, now) {
    const key = placeKey(db, place);
    if (how === "aside") putAside(db, digest, key, now);
    removeReplica(db, digest, key, "good");
  },

  doomSurplus(db, digest, order, live) {
    const content = findContent(db, digest);
    if (content === undefined) return [];
    const wanted = wantedOf(db, content);
    if (wanted === 0 && isPrepared(db, content)) return [];
    const good = db.all<{ place: string }>(
      `SELECT p.id AS place FROM replicas r CROSS JOIN places p ON p.key = r.place
       WHERE r.content = ? AND r.state = 'good' ORDER BY p.id`,
      content,
    ).map((row) => row.place);
    const doomed = wanted === 0
      ? inOrder(good, order)
      : surplus(good, { wanted, order, live, kept: preparedPlaces(db, content) });
    for (const place of doomed) doom(db, content, placeKey(db, place));
    return doomed;
  },

  replicaGone(db, digest, place) {
    removeReplica(db, digest, placeKey(db, place), "doomed");
  },

  replicasIn(db, state, { after, limit }) {
    return db.all<ReplicaKey>(
      `SELECT lower(hex(r.digest)) AS digest, p.id AS place
       FROM replicas r CROSS JOIN places p ON p.key = r.place
       WHERE r.state <> 'good' AND r.state = ? AND (r.digest, r.place) > (?, ?)
       ORDER BY r.digest, r.place LIMIT ?`,
      state,
      after ? digestBytes(after.digest) : new Uint8Array(0),
      after ? placeKey(db, after.place) : 0,
      limit,
    ).map((row) => ({ ...row }));
  },

  replicasOn(db, place, { after, limit }) {
    return db.all<PlaceReplica>(
      // Keys come in no order here, so that each row that is read is on another page. States are
      // looked for among the few that are not good, which have an index of their own.
      `SELECT lower(hex(r.digest)) AS digest, c.size, coalesce((
         SELECT u.state FROM replicas u WHERE u.state <> 'good'
         AND u.state IN ('writing', 'doomed') AND u.digest = r.digest AND u.place = r.place
       ), 'good') AS state
       FROM replicas r CROSS JOIN contents c ON c.key = r.content
       WHERE r.place = ? AND r.digest > ? ORDER BY r.digest LIMIT ?`,
      findPlace(db, place) ?? null,
      after === undefined ? new Uint8Array(0) : digestBytes(after),
      limit,
    ).map((row) => ({ ...row }));
  },

  looksAt(db, place, { after, limit }) {
    const key = findPlace(db, place) ?? null;
    const rows = db.all<LookRow>(
      `SELECT r.content, lower(hex(r.digest)) AS digest, r.state, r.verified_at AS verifiedAt
       FROM replicas r WHERE r.place = ? AND r.content > ? ORDER BY r.content LIMIT ?`,
      key,
      Number(after),
      limit,
    );
    const last = db.get<{ content: number }>(
      "SELECT max(content) AS content FROM replicas WHERE place = ?",
      key,
    )!.content;
    const good = rows.filter(({ state }) => state === "good");
    return {
      looks: good.map(({ content, digest, verifiedAt }) => ({
        digest,
        verifiedAt,
        part: content / last,
      })),
      next: rows.length === limit ? String(rows.at(-1)!.content) : null,
    };
  },
} satisfies Partial<Verbs>;

interface LookRow extends Omit<Look, "part"> {
  content: number;
  state: ReplicaState;
}

/** Places at which an upload is about to give bytes the name of the content `?1`. */
const PREPARED_PLACES = `
  SELECT up.place FROM uploads u CROSS JOIN upload_places up ON up.upload = u.upload
  WHERE u.content = ?1 AND up.prepared = 1`;

/** A row `writing` where there is none or a doomed one. False where there is any other. */
export function startWriting(db: Statements, content: Content, place: number): boolean {
  return db.run(
    `INSERT INTO replicas (content, place, digest, state) VALUES (?, ?, ?, 'writing')
     ON CONFLICT (content, place) DO UPDATE SET state = 'writing', verified_at = NULL
     WHERE state = 'doomed'`,
    content.key,
    place,
    digestBytes(content.digest),
  ) > 0;
}

/**
 * A row `good`. The one that was prepared may have vanished since: a good copy that a read found bad
 * was set aside while whole bytes were on their way.
 */
export function makeGood(db: Statements, content: Content, place: number, now: number): void {
  const isThere = db.run(
    "UPDATE replicas SET state = 'good', verified_at = ? WHERE content = ? AND place = ?",
    now,
    content.key,
    place,
  ) > 0;
  if (isThere) return;
  db.run(
    `INSERT INTO replicas (content, place, digest, state, verified_at)
     VALUES (?, ?, ?, 'good', ?)`,
    content.key,
    place,
    digestBytes(content.digest),
    now,
  );
}

/** Dooms the rows `writing` that this upload prepared and that no other upload is prepared for. */
export function doomWriting(db: Statements, content: number, upload: string): void {
  db.run(
    `UPDATE replicas SET state = 'doomed', verified_at = NULL
     WHERE content = ?1 AND state = 'writing'
     AND place IN (SELECT place FROM upload_places WHERE upload = ?2 AND prepared = 1)
     AND place NOT IN (${PREPARED_PLACES} AND u.upload <> ?2)`,
    content,
    upload,
  );
}

function preparedPlaces(db: Statements, content: number): Set<string> {
  const rows = db.all<{ id: string }>(
    `SELECT id FROM places WHERE key IN (${PREPARED_PLACES})`,
    content,
  );
  return new Set(rows.map((row) => row.id));
}

function isPrepared(db: Statements, content: number): boolean {
  return db.get("SELECT 1 FROM uploads WHERE content = ? LIMIT 1", content) !== undefined;
}

function doom(db: Statements, content: number, place: number): void {
  db.run(
    `UPDATE replicas SET state = 'doomed', verified_at = NULL
     WHERE content = ? AND place = ? AND state = 'good'`,
    content,
    place,
  );
}

/** The row goes where it is in that state, and the content with its last one. */
function removeReplica(db: Statements, digest: string, place: number, state: ReplicaState): void {
  const content = findContent(db, digest);
  if (content === undefined) return;
  db.run(
    "DELETE FROM replicas WHERE content = ? AND place = ? AND state = ?",
    content,
    place,
    state,
  );
  forgetUnneeded(db, content);
}

/** Those of `order` that are good, then the other good ones. */
function inOrder(good: string[], order: string[]): string[] {
  const there = new Set(good);
  return [...new Set([...order.filter((place) => there.has(place)), ...good])];
}

/**
 * Of the good replicas at live places, as many as there are above the wanted number, in `order`.
 * Where an upload is about to rename over a replica it stays: a deletion would race the rename.
 */
function surplus(
  good: string[],
  { wanted, order, live, kept }: {
    wanted: number;
    order: string[];
    live: string[];
    kept: Set<string>;
  },
): string[] {
  const counted = new Set(good).intersection(new Set(live));
  const candidates = [...new Set(order)].filter((place) => counted.has(place) && !kept.has(place));
  return candidates.slice(0, Math.max(0, counted.size - wanted));
}
