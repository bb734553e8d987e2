/**
 * Room that is kept beside the catalog, `catalog.db.ballast`: on a full disk a removal must be
 * written down before its bytes can go. What it takes of that room comes back once there is more.
 */
import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { CatalogFull } from "./catalog.ts";
import { sizeOf } from "./database_file.ts";
import type { Verb } from "./verb.ts";

/** Twice as much as the log grows before it is begun again. */
const BALLAST_BYTES = 8 * 1024 * 1024;
/** As much as is filled with chance at once. */
const PIECE_BYTES = 64 * 1024;
/** It is not kept, nor made up for, where less than this is free. */
const FREE_BYTES: number = 2 * BALLAST_BYTES;
/** Between two looks at whether there is more room again. Milliseconds. */
const LOOK_EVERY_MS = 1_000;

/** The verbs that make room or come before others that do: the room is kept for these. */
const FREEING: ReadonlySet<Verb> = new Set<Verb>([
  "raiseSequence",
  "placeJoined",
  "placeLeft",
  "endUpload",
  "dropCopy",
  "changeFile",
  "removeFile",
  "forgetFile",
  "forgetRemoved",
  "releaseRemoved",
  "doomSurplus",
  "replicaGone",
  "dropAside",
]);

/** Whether the room is kept for one of these. */
export function isFreeing(verbs: Verb[]): boolean {
  return verbs.some((verb) => FREEING.has(verb));
}

export class Ballast {
  readonly #path: string;
  #bytes = 0;
  #lookedAt = -Infinity;

  /** `path`: the catalog's. */
  constructor(private readonly catalog: string) {
    this.#path = `${catalog}.ballast`;
  }

  /**
   * Does `work`; where the disk is full and it `mayTake` what is kept, once more with that. Throws
   * `CatalogFull`, and what `work` throws.
   */
  lend<T>(work: () => T, mayTake: boolean): T {
    try {
      return work();
    } catch (error) {
      if (!isFull(error)) throw error;
      if (!mayTake || !this.#release()) throw full(this.catalog, error);
    }
    try {
      return work();
    } catch (error) {
      throw isFull(error) ? full(this.catalog, error) : error;
    } finally {
      // At once: others must not find it.
      this.#grow();
    }
  }

  /** Keeps as much as it should, if the disk has plenty. Never throws. */
  makeUp(now: number): void {
    if (this.#bytes === BALLAST_BYTES || now - this.#lookedAt < LOOK_EVERY_MS) return;
    this.#lookedAt = now;
    try {
      this.#bytes = sizeOf(this.#path);
      const { bavail, bsize } = statfsSync(dirname(this.#path));
      if (bavail * bsize >= FREE_BYTES) this.#grow();
    } catch {
      // A catalog without this room is a catalog.
    }
  }

  /** False when nothing was kept. */
  #release(): boolean {
    try {
      if (sizeOf(this.#path) <= 0) return false;
      Deno.truncateSync(this.#path, 0);
      this.#bytes = 0;
      return true;
    } catch {
      return false;
    }
  }

  /** Takes as much of what it should have as there is. */
  #grow(): void {
    try {
      using file = Deno.openSync(this.#path, { append: true, create: true, mode: 0o600 });
      this.#bytes = file.statSync().size;
      const piece = new Uint8Array(PIECE_BYTES);
      while (this.#bytes < BALLAST_BYTES) {
        // A file system that compresses would keep no room for zeros.
        crypto.getRandomValues(piece);
        this.#bytes += file.writeSync(piece.subarray(0, BALLAST_BYTES - this.#bytes));
      }
    } catch {
      // The disk is full again.
    }
  }
}

function full(catalog: string, cause: unknown): CatalogFull {
  return new CatalogFull(
    `Could not write the catalog ${catalog}: its disk is full. Make room there; what was ` +
      "acknowledged is not lost",
    { cause },
  );
}

/**
 * SQLite's `SQLITE_IOERR_SHMSIZE`: there was no room for the index of the log, which is made when
 * the database is opened, and which a clean end takes away.
 */
const NO_ROOM_FOR_INDEX = 4874;

function isFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.message.includes("database or disk is full") ||
    "errcode" in error && error.errcode === NO_ROOM_FOR_INDEX || isFull(error.cause);
}
