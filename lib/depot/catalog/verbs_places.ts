/** Places, and what was set aside on them. */
import type { AsideRecord, PlaceRecord } from "./catalog.ts";
import { digestBytes, findPlace, placeKey } from "./keys.ts";
import type { Statements } from "./statements.ts";
import type { Verbs } from "./verb.ts";

export const placeVerbs = {
  places(db) {
    return db.all<Omit<PlaceRecord, "draining"> & { draining: number }>(
      "SELECT id, kind, address, name, zone, state, since, draining FROM places ORDER BY id",
    ).map((row) => ({ ...row, draining: row.draining === 1 }));
  },

  placeJoined(db, { id, kind, address, name, zone }, now) {
    db.run(
      `INSERT INTO places (id, kind, address, name, zone, state, since)
       VALUES (?1, ?2, ?3, ?4, ?5, 'online', ?6)
       ON CONFLICT (id) DO UPDATE
       SET kind = ?2, address = ?3, name = ?4, zone = ?5, state = 'online',
         since = CASE state WHEN 'online' THEN since ELSE ?6 END`,
      id,
      kind,
      address,
      name,
      zone,
      now,
    );
  },

  placeLeft(db, id, state, now) {
    db.run(
      "UPDATE places SET state = ?1, since = ?2 WHERE key = ?3 AND state <> ?1",
      state,
      now,
      placeKey(db, id),
    );
  },

  setDraining(db, id, draining) {
    const key = placeKey(db, id);
    db.run("UPDATE places SET draining = ?1 WHERE key = ?2 AND draining <> ?1", +draining, key);
  },

  // Counted in the two indexes alone: a million rows cost too much to look into.
  replicaCount(db, place) {
    return db.get<{ count: number }>(
      `SELECT (SELECT count(*) FROM replicas WHERE place = ?1) -
         (SELECT count(*) FROM replicas
          WHERE state <> 'good' AND state IN ('writing', 'doomed') AND +place = ?1) AS count`,
      findPlace(db, place) ?? null,
    )!.count;
  },

  knownChanges(db, id) {
    return db.get<{ changes: number | null }>("SELECT changes FROM places WHERE id = ?", id)
      ?.changes ?? null;
  },

  setKnownChanges(db, id, changes) {
    db.run(
      "UPDATE places SET changes = ?1 WHERE key = ?2 AND changes IS NOT ?1",
      changes,
      placeKey(db, id),
    );
  },

  addAside(db, { digest, place, since }) {
    putAside(db, digest, placeKey(db, place), since);
  },

  dropAside(db, digest, place) {
    db.run(
      "DELETE FROM asides WHERE digest = ? AND place = ?",
      digestBytes(digest),
      findPlace(db, place) ?? null,
    );
  },

  asides(db) {
    return db.all<AsideRecord>(
      `SELECT lower(hex(a.digest)) AS digest, p.id AS place, a.since
       FROM asides a CROSS JOIN places p ON p.key = a.place ORDER BY a.digest, p.id`,
    ).map((row) => ({ ...row }));
  },
} satisfies Partial<Verbs>;

/** A place has at most one record for a digest: the latest, however many copies lie there. */
export function putAside(db: Statements, digest: string, place: number, since: number): void {
  db.run(
    `INSERT INTO asides (digest, place, since) VALUES (?1, ?2, ?3)
     ON CONFLICT (digest, place) DO UPDATE SET since = ?3`,
    digestBytes(digest),
    place,
    since,
  );
}
