/** Files: an owner's names for contents. */
import { Buffer } from "node:buffer";
import type { DepositCommit, FileAttributes, FileRecord, Keeping } from "./catalog.ts";
import { findContent, findOwner, idsOf } from "./keys.ts";
import type { Statements } from "./statements.ts";
import type { Verbs } from "./verb.ts";
import { forgetUnneeded } from "./verbs_contents.ts";

/** Of one name so many can be restored, or who replaces a file each second fills the depot. */
const REMOVED_VERSIONS = 100;

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
    setFile(db, key, name, changed);
    return fileOf(db, key, name);
  },

  removeFile(db, owner, name, keeping) {
    const key = findOwner(db, owner);
    const file = fileOf(db, key, name);
    if (key === undefined || !file) return null;
    takeAway(db, key, name, keeping);
    forgetUnneeded(db, findContent(db, file.digest)!);
    return file;
  },
} satisfies Partial<Verbs>;

export type FileRow = Omit<FileRecord, "places" | "executable"> & {
  places: string;
  executable: number;
};

/** A query's term for where a column's content has good replicas, as `idsOf` reads it. */
export function goodPlaces(content: string): string {
  return `(
    SELECT json_group_array(p.id) FROM replicas r CROSS JOIN places p ON p.key = r.place
    WHERE r.content = ${content} AND r.state = 'good'
  )`;
}

/** What is known of a file itself, for the head of a query. */
export const OWN_COLUMNS = `f.name, f.version, lower(hex(c.digest)) AS digest, c.size, f.wanted,
    f.deposited_at AS depositedAt, f.modified_at AS modifiedAt, f.executable`;
/** And where it is. */
export const FILE_COLUMNS = `${OWN_COLUMNS}, ${goodPlaces("f.content")} AS places`;
const FILE = `SELECT ${FILE_COLUMNS}
  FROM files f CROSS JOIN contents c ON c.key = f.content`;
const FILE_OF_NAME = `${FILE} WHERE f.owner = ? AND f.name = ?`;

/** The owner's file of that name. */
export function fileOf(
  db: Statements,
  owner: number | undefined,
  name: string,
): FileRecord | null {
  const row = db.get<FileRow>(FILE_OF_NAME, owner ?? null, name);
  return row ? toFile(row) : null;
}

export function toFile<T extends FileRow>(row: T): Omit<T, keyof FileRow> & FileRecord {
  return { ...row, executable: row.executable === 1, places: idsOf(row.places) };
}

function isSame(a: FileRecord, b: FileRecord): boolean {
  return a.wanted === b.wanted && a.modifiedAt === b.modifiedAt && a.executable === b.executable;
}

/** A file as a deposit makes it. */
type NewFile = Omit<DepositCommit, "upload" | "owner" | "good" | "digest">;

/**
 * Puts the content under the name. The same content again keeps version and time, so that a
 * deposit that is repeated because its answer was lost ends in the state of one.
 */
export function putFile(
  db: Statements,
  owner: number,
  content: number,
  file: NewFile,
): void {
  if (!insertFile(db, owner, content, { file, after: 0 })) replaceFile(db, owner, content, file);
}

/** With a version greater than `after` and all that can be restored. False where a file is there. */
function insertFile(
  db: Statements,
  owner: number,
  content: number,
  { file, after }: { file: NewFile; after: number },
): boolean {
  return db.run(
    `INSERT INTO files
       (owner, name, version, content, wanted, deposited_at, modified_at, executable)
     VALUES (?1, ?2, 1 + max(?3,
       coalesce((SELECT max(version) FROM removed WHERE owner = ?1 AND name = ?2), 0)
     ), ?4, ?5, ?6, ?7, ?8)
     ON CONFLICT (owner, name) DO NOTHING`,
    owner,
    file.name,
    after,
    content,
    file.wanted,
    file.now,
    file.attributes.modifiedAt,
    Number(file.attributes.executable),
  ) > 0;
}

function replaceFile(db: Statements, owner: number, content: number, file: NewFile): void {
  const before = db.get<{ content: number; version: number; wanted: number }>(
    "SELECT content, version, wanted FROM files WHERE owner = ? AND name = ?",
    owner,
    file.name,
  )!;
  const wanted = file.keepWanted ? before.wanted : file.wanted;
  if (before.content === content) {
    setFile(db, owner, file.name, { wanted, ...file.attributes });
    return;
  }
  const { now, keepUntil: until } = file;
  takeAway(db, owner, file.name, until === undefined ? until : { now, until });
  insertFile(db, owner, content, { file: { ...file, wanted }, after: before.version });
  forgetUnneeded(db, before.content);
}

/** What of a file can change while its content stays. */
function setFile(
  db: Statements,
  owner: number,
  name: string,
  { wanted, modifiedAt, executable }: FileAttributes & { wanted: number },
): void {
  db.run(
    "UPDATE files SET wanted = ?, modified_at = ?, executable = ? WHERE owner = ? AND name = ?",
    wanted,
    modifiedAt,
    Number(executable),
    owner,
    name,
  );
}

/** The greatest version that a name has or, of what can be restored, had; 0 where there is none. */
export function lastVersion(db: Statements, owner: number, name: string): number {
  return db.get<{ last: number }>(
    `SELECT max(
       coalesce((SELECT max(version) FROM files WHERE owner = ?1 AND name = ?2), 0),
       coalesce((SELECT max(version) FROM removed WHERE owner = ?1 AND name = ?2), 0)
     ) AS last`,
    owner,
    name,
  )!.last;
}

/** The name has no file then; with `keeping` it is a removed one. The content is left as it is. */
export function takeAway(db: Statements, owner: number, name: string, keeping?: Keeping): void {
  if (keeping) {
    db.run(
      `INSERT INTO removed
         (owner, name, version, format, content, wanted, deposited_at, modified_at, executable,
          removed_at, kept_until)
       SELECT owner, name, version, format, content, wanted, deposited_at, modified_at, executable,
         ?, ? FROM files WHERE owner = ? AND name = ?`,
      keeping.now,
      keeping.until,
      owner,
      name,
    );
    letGoOfOldest(db, owner, name, keeping.now);
  }
  db.run("DELETE FROM files WHERE owner = ? AND name = ?", owner, name);
}

/** Its oldest removed versions, beyond those that are kept of a name, are released like old ones. */
function letGoOfOldest(db: Statements, owner: number, name: string, now: number): void {
  db.run(
    `UPDATE removed SET kept_until = ?3
     WHERE owner = ?1 AND name = ?2 AND kept_until > ?3 AND version <= (
       SELECT version FROM removed WHERE owner = ?1 AND name = ?2
       ORDER BY version DESC LIMIT 1 OFFSET ${REMOVED_VERSIONS}
     )`,
    owner,
    name,
    now,
  );
}

/** Whether `prefix` is not after `name`, as UTF-8 bytes: then the names to list come after `name`. */
export function comesBefore(prefix: string, name: string): boolean {
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
