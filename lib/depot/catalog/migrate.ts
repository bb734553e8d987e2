/** Which version of the schema a catalog's file has, and how it comes to this program's. */
import type { DatabaseSync } from "node:sqlite";
import { CatalogRefused } from "./catalog.ts";
import { MIGRATIONS } from "./schema.ts";

/** The schema version that a catalog's file is at; 0 for an empty database. */
export function schemaVersion(db: DatabaseSync): number {
  return db.prepare("PRAGMA user_version").get()!.user_version as number;
}

/** Throws `CatalogRefused` when the file at `path` was written by a later program than this one. */
export function refuseNewer(version: number, path: string, known = MIGRATIONS.length): void {
  if (version <= known) return;
  throw new CatalogRefused(
    `Cannot open the catalog ${path}: its schema has version ${version} and this program knows ` +
      `versions up to ${known}. Start the depot with the newer program that wrote it`,
  );
}

/** Throws `CatalogRefused` unless the file at `path` has the very schema of this program. */
export function requireCurrent(version: number, path: string): void {
  refuseNewer(version, path);
  if (version === MIGRATIONS.length) return;
  throw new CatalogRefused(
    `Cannot read the catalog ${path}: an older program wrote it. Start the depot once with this one`,
  );
}

/** Takes the database through the steps it lacks, each in a transaction of its own. */
export function migrate(db: DatabaseSync, migrations: readonly string[] = MIGRATIONS): void {
  // A step may have to build a table again that others refer to.
  db.exec("PRAGMA foreign_keys = OFF");
  for (let version = schemaVersion(db); version < migrations.length; version++) {
    db.exec("BEGIN IMMEDIATE");
    try {
      db.exec(migrations[version]!);
      const dangling = db.prepare("PRAGMA foreign_key_check").get();
      if (dangling) {
        throw new Error(
          `Cannot bring the catalog to version ${version + 1}: ${
            JSON.stringify(dangling)
          } refers to nothing`,
        );
      }
      db.exec(`PRAGMA user_version = ${version + 1}; COMMIT`);
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
  }
  db.exec("PRAGMA foreign_keys = ON");
}
