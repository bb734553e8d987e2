/** The catalog of a depot that does not run, to be read and nothing else. */
import { Buffer } from "node:buffer";
import type { DatabaseSync } from "node:sqlite";
import { isDamage, readDatabase } from "./database_file.ts";

/** Rows are read so many at a time. */
const PAGE_ROWS = 1_000;

/** Of what SQLite finds wrong with its file no more is told. */
const COMPLAINTS = 20;

/** A place as the catalog has it. */
export interface KnownPlace {
  id: string;
  kind: string;
  address: string;
  name: string;
  state: string;
}

/** A copy as the catalog has it. `state`: `writing`, `good` or `doomed`. */
export interface KnownReplica {
  digest: string;
  size: number;
  state: string;
}

export class OfflineCatalog implements Disposable {
  #db: DatabaseSync;

  /** Throws `CatalogRefused`. */
  constructor(path: string) {
    this.#db = readDatabase(path);
  }

  /** The depot's identifier, and how many transactions the catalog has seen. */
  depot(): { id: string; sequence: number } {
    const { id, sequence } = this.#db.prepare("SELECT id, sequence FROM depot").get()!;
    return { id: id as string, sequence: sequence as number };
  }

  /** What is wrong with the file itself; nothing when it is whole. */
  complaints(): string[] {
    try {
      return this.#complaints();
    } catch (error) {
      if (isDamage(error)) return [(error as Error).message];
      throw error;
    }
  }

  #complaints(): string[] {
    const integrity = this.#db.prepare(`PRAGMA integrity_check(${COMPLAINTS})`).all()
      .map((row) => String(row.integrity_check)).filter((line) => line !== "ok");
    const dangling = this.#db.prepare("PRAGMA foreign_key_check").all().slice(0, COMPLAINTS)
      .map(({ table, parent }) => `a row of ${table} refers to nothing in ${parent}`);
    return [...integrity, ...dangling];
  }

  places(): KnownPlace[] {
    return this.#db.prepare("SELECT id, kind, address, name, state FROM places ORDER BY name, id")
      .all() as unknown as KnownPlace[];
  }

  /** Every copy at a place, ascending by digest. */
  *replicas(place: string): Generator<KnownReplica> {
    const page = this.#db.prepare(
      "SELECT r.digest, c.size, r.state FROM places p " +
        "CROSS JOIN replicas r ON r.place = p.key CROSS JOIN contents c ON c.key = r.content " +
        `WHERE p.id = ? AND r.digest > ? ORDER BY r.digest LIMIT ${PAGE_ROWS}`,
    );
    let after = new Uint8Array();
    while (true) {
      const rows = page.all(place, after) as { digest: Uint8Array; size: number; state: string }[];
      for (const { digest, size, state } of rows) {
        yield { digest: Buffer.from(digest).toString("hex"), size, state };
      }
      if (rows.length < PAGE_ROWS) return;
      after = rows.at(-1)!.digest as Uint8Array<ArrayBuffer>;
    }
  }

  /** Contents of files that have no good copy anywhere. */
  contentsWithoutCopy(): string[] {
    return this.#db.prepare(
      "SELECT c.digest FROM contents c WHERE EXISTS " +
        "(SELECT 1 FROM files f WHERE f.content = c.key) AND NOT EXISTS " +
        "(SELECT 1 FROM replicas r WHERE r.content = c.key AND r.state = 'good')",
    ).all().map(({ digest }) => Buffer.from(digest as Uint8Array).toString("hex")).sort();
  }

  /** Whether an upload with this key is under way. */
  hasUpload(upload: string): boolean {
    return this.#db.prepare("SELECT 1 FROM uploads WHERE upload = ?").get(upload) !== undefined;
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}
