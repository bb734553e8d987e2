/** The catalog's file: made whole or not at all, looked at before it is touched, opened for work. */
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { CatalogRefused } from "./catalog.ts";
import { migrate, refuseNewer, requireCurrent, schemaVersion } from "./migrate.ts";
import { APPLICATION_ID, MIGRATIONS } from "./schema.ts";

const MAGIC = "SQLite format 3\0";
const HEADER_BYTES = 100;
const APPLICATION_ID_OFFSET = 68;

/** How long to wait for another process that has the file, such as a backup, in milliseconds. */
const BUSY_TIMEOUT_MS = 500;
const CACHE_KIB = 16 * 1024;
/** What is left of the log after a checkpoint when it has grown beyond this. */
const LOG_KEPT_BYTES = 16 * 1024 * 1024;

/**
 * FULL syncs the log at each commit. On macOS a sync reaches the medium only with `fullfsync`.
 * Sorting stays in memory, because narrow permissions leave no folder for temporary files.
 */
const WORKING = `
PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS};
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA fullfsync = ON;
PRAGMA checkpoint_fullfsync = ON;
PRAGMA temp_store = MEMORY;
PRAGMA cell_size_check = ON;
PRAGMA cache_size = -${CACHE_KIB};
PRAGMA journal_size_limit = ${LOG_KEPT_BYTES};
`;

/**
 * Opens the catalog at `path`, made there with the identifier `depot` when there is no file, and
 * brings it to this program's schema. Throws `CatalogRefused`, with the file as it was, when it is
 * not a catalog, damaged, locked or of a newer schema.
 */
export function openDatabase(path: string, depot: string): DatabaseSync {
  if (sizeOf(path) < 0) refusing(path, () => create(path, depot));
  refuseForeign(path);
  refusing(path, () => keepToOneself(path));
  refusing(path, () => inspect(path));
  return refusing(path, () => {
    const db = new DatabaseSync(path);
    try {
      db.exec(WORKING);
      migrate(db);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

/**
 * Opens the catalog at `path` to be read and nothing else. Throws `CatalogRefused` when there is
 * none, and as `openDatabase` does; what is damaged inside is found out by who reads.
 */
export function readDatabase(path: string): DatabaseSync {
  if (sizeOf(path) < 0) {
    throw new CatalogRefused(`Cannot open the catalog ${path}: there is none. Check --data`);
  }
  refuseForeign(path);
  return refusing(path, () => {
    const db = new DatabaseSync(path, { readOnly: true });
    try {
      db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}; PRAGMA temp_store = MEMORY`);
      requireCurrent(schemaVersion(db), path);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

/**
 * Whether there is a catalog at `path` that an older program wrote, which takes a while to open.
 * False where that cannot be seen, as on a full disk: who opens it finds out why.
 */
export function isOutdated(path: string): boolean {
  try {
    if (sizeOf(path) < 0) return false;
    refuseForeign(path);
    using db = new DatabaseSync(path, { readOnly: true });
    db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    return schemaVersion(db) < MIGRATIONS.length;
  } catch {
    return false;
  }
}

/** Whether the error says that the database's pages make no sense. Only its words tell. */
export function isDamage(error: unknown): boolean {
  return error instanceof Error &&
    /disk image is malformed|file is not a database|quick_check/.test(error.message);
}

/** The error for a damaged file. */
export function damaged(path: string, cause: unknown): CatalogRefused {
  return new CatalogRefused(
    `Cannot use the catalog ${path}: its file is damaged (${(cause as Error).message}). ` +
      "Nothing was changed; stop the depot, keep the file, and put a good copy in its place",
    { cause },
  );
}

/** Makes the file beside its place and renames it, so that a catalog is never there in part. */
function create(path: string, depot: string): void {
  // SQLite would read an old log into the new file.
  if (sizeOf(`${path}-wal`) > 0) {
    throw new CatalogRefused(
      `Cannot make the catalog ${path}: its log ${path}-wal is there without it. Put the catalog ` +
        "back, or move the log away if the depot is to start empty",
    );
  }
  const making = `${path}.new`;
  for (const leftover of ["", "-journal", "-wal", "-shm"]) removeIfThere(making + leftover);
  const db = new DatabaseSync(making);
  try {
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA synchronous = FULL`);
    migrate(db);
    db.prepare("INSERT INTO depot (only, id, sequence) VALUES (1, ?, 0)").run(depot);
    db.exec("PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON; PRAGMA journal_mode = WAL");
  } finally {
    db.close();
  }
  syncFile(making);
  Deno.renameSync(making, path);
  syncDirectory(path);
}

/** It has names of files, also where others may look into its folder. Its log is made with its mode. */
function keepToOneself(path: string): void {
  if (Deno.build.os !== "windows") Deno.chmodSync(path, 0o600);
}

/** Reads the header alone: opening a stranger's file with SQLite could already change it. */
function refuseForeign(path: string): void {
  const header = readHeader(path);
  const magic = new TextDecoder("latin1").decode(header.subarray(0, MAGIC.length));
  const id = new DataView(header.buffer).getInt32(APPLICATION_ID_OFFSET);
  if (magic === MAGIC && id === APPLICATION_ID) return;
  const state = magic === MAGIC ? "it is another program's database" : "it is not a database";
  throw new CatalogRefused(
    `Cannot open the catalog ${path}: ${state}. Give another data directory, or put a good copy ` +
      "of the catalog in its place",
  );
}

/** Looks through the file, and its log, without writing to either. */
function inspect(path: string): void {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    refuseNewer(schemaVersion(db), path);
    const found = db.prepare("PRAGMA quick_check(1)").get()!.quick_check;
    if (found !== "ok") throw new Error(`quick_check: ${found}`);
  } finally {
    db.close();
  }
}

function refusing<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof CatalogRefused) throw error;
    if (isDamage(error)) throw damaged(path, error);
    throw new CatalogRefused(
      `Cannot open the catalog ${path}: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

/** In bytes; -1 when there is no such file. */
export function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return -1;
    throw error;
  }
}

function removeIfThere(path: string): void {
  if (sizeOf(path) >= 0) Deno.removeSync(path);
}

function readHeader(path: string): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(HEADER_BYTES);
  using file = Deno.openSync(path);
  for (let length = 0; length < HEADER_BYTES;) {
    const read = file.readSync(header.subarray(length));
    if (read === null) break;
    length += read;
  }
  return header;
}

function syncFile(path: string): void {
  using file = Deno.openSync(path, { read: true, write: true });
  file.syncSync();
}

/** Makes the rename last. Windows cannot sync a directory. */
function syncDirectory(path: string): void {
  if (Deno.build.os === "windows") return;
  using directory = Deno.openSync(dirname(path));
  directory.syncSync();
}
