/** Files: an owner's names for contents. */
import { Buffer } from "node:buffer";
import type { DepositCommit, FileRecord } from "./catalog.ts";
import { digestBytes, findOwner, idsOf } from "./keys.ts";
import type { Statements } from "./statements.ts";
import type { Verbs } from "./verb.ts";
import { forgetUnneeded } from "./verbs_contents.ts";

export const fileVerbs = {
  file(db, owner, name) {
    return fileOf(db, findOwner(db, owner), name);
  },

  listFiles(db, { owner, prefix, after, limit }) {
    const rows = db.all<FileRow>(
      // One lower bound, not two: SQLite would seek to one and walk to the other.
      `${FILE} WHERE f.owner = ? AND f.name ${comesBefore(prefix, after) ? ">" : ">="} ?
       AND f.name < coalesce(?, x'') ORDER BY f.name LIMIT ?`,
      findOwner(db, owner) ?? null,
      comesBefore(prefix, after) ? after : prefix,
      successor(prefix),
      limit + 1,
    );
    return { files: rows.slice(0, limit).map(toFile), more: rows.length > limit };
  },

  changeFile(db, { owner, name, wanted, expected, attributes }) {
    const key = findOwner(db, owner);
    const file = fileOf(db, key, name);
    if (key === undefined || !file) return null;
    if (expected !== undefined && expected !== file.digest) return null;
    const changed = { ...file, ...attributes, wanted };
    if (isSame(file, changed)) return file;
    db.run(
      "UPDATE files SET wanted = ?, modified_at = ?, executable = ? WHERE owner = ? AND name = ?",
      wanted,
      changed.modifiedAt,
      Number(changed.executable),
      key,
      name,
    );
    return fileOf(db, key, name);
  },

  removeFile(db, owner, name) {
    const key = findOwner(db, owner);
    const file = fileOf(db, key, name);
    if (key === undefined || !file) return null;
    db.run("DELETE FROM files WHERE owner = ? AND name = ?", key, name);
    forgetUnneeded(db, digestBytes(file.digest));
    return file;
  },
} satisfies Partial<Verbs>;

type FileRow = Omit<FileRecord, "places" | "executable"> & { places: string; executable: number };

const FILE = `
  SELECT f.name, f.version, lower(hex(f.content)) AS digest, c.size, f.wanted,
    f.deposited_at AS depositedAt, f.modified_at AS modifiedAt, f.executable, (
      SELECT json_group_array(p.id) FROM replicas r CROSS JOIN places p ON p.key = r.place
      WHERE r.content = f.content AND r.state = 'good'
    ) AS places
  FROM files f CROSS JOIN contents c ON c.digest = f.content`;

/** The owner's file of that name. */
export function fileOf(
  db: Statements,
  owner: number | undefined,
  name: string,
): FileRecord | null {
  const row = db.get<FileRow>(`${FILE} WHERE f.owner = ? AND f.name = ?`, owner ?? null, name);
  return row ? toFile(row) : null;
}

function toFile(row: FileRow): FileRecord {
  return { ...row, executable: row.executable === 1, places: idsOf(row.places) };
}

function isSame(a: FileRecord, b: FileRecord): boolean {
  return a.wanted === b.wanted && a.modifiedAt === b.modifiedAt && a.executable === b.executable;
}

/**
 * Puts the content under the name. The same content again keeps version and time, so that a
 * deposit that is repeated because its answer was lost ends in the state of one.
 */
export function putFile(
  db: Statements,
  owner: number,
  content: Uint8Array,
  file: Pick<DepositCommit, "name" | "digest" | "wanted" | "keepWanted" | "attributes" | "now">,
): void {
  const before = fileOf(db, owner, file.name);
  const same = before?.digest === file.digest;
  db.run(
    `INSERT INTO files
       (owner, name, version, content, wanted, deposited_at, modified_at, executable)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
     ON CONFLICT (owner, name) DO UPDATE SET version = ?3, content = ?4, wanted = ?5,
       deposited_at = ?6, modified_at = ?7, executable = ?8`,
    owner,
    file.name,
    same ? before.version : (before?.version ?? 0) + 1,
    content,
    file.keepWanted && before ? before.wanted : file.wanted,
    same ? before.depositedAt : file.now,
    file.attributes.modifiedAt,
    Number(file.attributes.executable),
  );
  if (before && !same) forgetUnneeded(db, digestBytes(before.digest));
}

/** Whether `prefix` is not after `name`, as UTF-8 bytes: then the names to list come after `name`. */
function comesBefore(prefix: string, name: string): boolean {
  return Buffer.compare(Buffer.from(prefix), Buffer.from(name)) <= 0;
}

const LAST_CODE_POINT = 0x10ffff;

/**
 * The first text after all that begin with `prefix`; `null` when nothing comes after them. (An
 * empty blob, which the query then compares with, is after every text.)
 */
export function successor(prefix: string): string | null {
  const points = Array.from(prefix, (character) => character.codePointAt(0)!);
  while (points.at(-1) === LAST_CODE_POINT) points.pop();
  const last = points.pop();
  if (last === undefined) return null;
  // What follows U+D7FF is half of a surrogate pair, which UTF-8 does not have.
  points.push(last === 0xd7ff ? 0xe000 : last + 1);
  return String.fromCodePoint(...points);
}
