/** Files that were removed or replaced and can still be restored. */
import type { RemovedRecord } from "./catalog.ts";
import { findContent, findOwner, idsOf } from "./keys.ts";
import type { Statements } from "./statements.ts";
import type { Verbs } from "./verb.ts";
import { forgetUnneeded } from "./verbs_contents.ts";
import {
  comesBefore,
  FILE_COLUMNS,
  fileOf,
  type FileRow,
  goodPlaces,
  lastVersion,
  successor,
  takeAway,
  toFile,
} from "./verbs_files.ts";

export const removedVerbs = {
  removedFiles(db, { owner, prefix, after, afterVersion, limit }) {
    const goesOn = comesBefore(prefix, after);
    const rows = db.all<RemovedRow>(
      `${REMOVED} WHERE f.owner = ? AND (f.name, f.version) > (?, ?) AND f.name < coalesce(?, x'')
       ORDER BY f.name, f.version LIMIT ?`,
      findOwner(db, owner) ?? null,
      goesOn ? after : prefix,
      goesOn ? afterVersion : 0,
      successor(prefix),
      limit + 1,
    );
    return { files: rows.slice(0, limit).map(toFile), more: rows.length > limit };
  },

  restoreFile(db, { owner, name, version, replace, keeping }) {
    const key = findOwner(db, owner);
    const found = key === undefined ? undefined : findRemoved(db, key, name, version);
    if (key === undefined || !found) return "absent";
    const present = fileOf(db, key, name);
    if (present && !replace) return "taken";
    if (present) takeAway(db, key, name, keeping);
    // Its own version is among those, and is left as it is where it is the last.
    const last = Math.max(lastVersion(db, key, name), present?.version ?? 0);
    db.run(
      `INSERT INTO files
         (owner, name, version, format, content, wanted, deposited_at, modified_at, executable)
       SELECT owner, name, ?, format, content, wanted, deposited_at, modified_at, executable
       FROM removed WHERE owner = ? AND name = ? AND version = ?`,
      last > found ? last + 1 : found,
      key,
      name,
      found,
    );
    db.run(`${DELETE_REMOVED} AND version = ?`, key, name, found);
    if (present) forgetUnneeded(db, findContent(db, present.digest)!);
    return fileOf(db, key, name)!;
  },

  forgetFile(db, owner, name) {
    const key = findOwner(db, owner);
    if (key === undefined) return null;
    const contents = db.all<{ key: number; digest: string }>(
      `SELECT key, lower(hex(digest)) AS digest FROM contents WHERE key IN (
         SELECT content FROM files WHERE owner = ?1 AND name = ?2
         UNION ALL SELECT content FROM removed WHERE owner = ?1 AND name = ?2
       )`,
      key,
      name,
    );
    if (contents.length === 0) return null;
    takeAway(db, key, name);
    db.run(DELETE_REMOVED, key, name);
    for (const content of contents) forgetUnneeded(db, content.key);
    return contents.map(({ digest }) => digest).sort();
  },

  removedByEnd(db, owner, limit) {
    return db.all<{ digest: string; size: number; places: string }>(
      // Each content once: an owner may have removed the same one ten thousand times.
      `SELECT lower(hex(c.digest)) AS digest, c.size,
         ${goodPlaces("found.content")} AS places
       FROM (
         SELECT DISTINCT content FROM (
           SELECT content FROM removed WHERE owner = ?1 ORDER BY kept_until LIMIT ?2
         )
       ) found CROSS JOIN contents c ON c.key = found.content
       WHERE NOT EXISTS (SELECT 1 FROM files WHERE content = found.content)
       AND NOT EXISTS (SELECT 1 FROM removed WHERE content = found.content AND +owner <> ?1)
       ORDER BY (SELECT max(kept_until) FROM removed WHERE content = found.content)`,
      findOwner(db, owner) ?? null,
      limit,
    ).map((row) => ({ ...row, places: idsOf(row.places) }));
  },

  forgetRemoved(db, owner, digests) {
    const key = findOwner(db, owner) ?? null;
    return digests.filter((digest) => {
      const content = findContent(db, digest);
      if (content === undefined) return false;
      const files = db.run("DELETE FROM removed WHERE content = ? AND +owner = ?", content, key);
      if (files > 0) forgetUnneeded(db, content);
      return files > 0;
    });
  },

  releaseRemoved(db, now, limit) {
    const rows = db.all<ReleasedRow>(
      `SELECT f.owner, f.name, f.version, f.content, lower(hex(c.digest)) AS digest
       FROM removed f CROSS JOIN contents c ON c.key = f.content
       WHERE f.kept_until <= ? ORDER BY f.kept_until LIMIT ?`,
      now,
      limit,
    );
    for (const { owner, name, version, content } of rows) {
      db.run(`${DELETE_REMOVED} AND version = ?`, owner, name, version);
      forgetUnneeded(db, content);
    }
    return rows.map(({ digest }) => digest);
  },
} satisfies Partial<Verbs>;

const DELETE_REMOVED = "DELETE FROM removed WHERE owner = ? AND name = ?";
const REMOVED = `
  SELECT ${FILE_COLUMNS}, f.removed_at AS removedAt, f.kept_until AS keptUntil
  FROM removed f CROSS JOIN contents c ON c.key = f.content`;

interface ReleasedRow {
  owner: number;
  name: string;
  version: number;
  content: number;
  digest: string;
}

type RemovedRow = FileRow & Pick<RemovedRecord, "removedAt" | "keptUntil">;

/** The version of the removed file that is meant. */
function findRemoved(
  db: Statements,
  owner: number,
  name: string,
  version: number | null,
): number | undefined {
  return db.get<{ version: number }>(
    `SELECT version FROM removed WHERE owner = ? AND name = ? AND version = coalesce(?, version)
     ORDER BY version DESC LIMIT 1`,
    owner,
    name,
    version,
  )?.version;
}
