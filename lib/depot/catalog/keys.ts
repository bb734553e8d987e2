/** From what callers name things by to what the tables name them by. */
import { Buffer } from "node:buffer";
import type { Statements } from "./statements.ts";

const DIGEST = /^[0-9a-f]{64}$/;

/** The 32 bytes of a digest. Throws `TypeError` when it is not 64 lower-case hexadecimal digits. */
export function digestBytes(digest: string): Uint8Array {
  if (!DIGEST.test(digest)) throw new TypeError(`Cannot read the digest "${digest}"`);
  return Buffer.from(digest, "hex");
}

/** The place's key, or `undefined` when it never joined. */
export function findPlace(db: Statements, id: string): number | undefined {
  return db.get<{ key: number }>("SELECT key FROM places WHERE id = ?", id)?.key;
}

/** The place's key. Throws when it never joined. */
export function placeKey(db: Statements, id: string): number {
  const key = findPlace(db, id);
  if (key === undefined) {
    throw new Error(`Cannot use the place ${id}: the catalog has no such place`);
  }
  return key;
}

/** The owner's key, or `undefined` when it was never added. */
export function findOwner(db: Statements, owner: string): number | undefined {
  return db.get<{ key: number }>("SELECT key FROM owners WHERE owner = ?", owner)?.key;
}

/** The owner's key. Throws when it was never added. */
export function ownerKey(db: Statements, owner: string): number {
  const key = findOwner(db, owner);
  if (key === undefined) throw new Error("Cannot find the owner: the catalog has no such owner");
  return key;
}

/** A content as the tables name it, and as callers do. */
export interface Content {
  key: number;
  digest: string;
}

/** The content's key, or `undefined` when the catalog does not know it. */
export function findContent(db: Statements, digest: string): number | undefined {
  const bytes = digestBytes(digest);
  return db.get<{ key: number }>("SELECT key FROM contents WHERE digest = ?", bytes)?.key;
}

/** The ids in a `json_group_array`, in the order that answers have. */
export function idsOf(json: string): string[] {
  return (JSON.parse(json) as string[]).sort();
}
