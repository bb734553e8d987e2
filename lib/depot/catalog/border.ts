/** What travels between the catalog and its worker: plain data, errors included. */
import { type PackedError, restoreError } from "../../worker/packed_error.ts";
import { CatalogFull, CatalogRefused } from "./catalog.ts";
import type { Verb } from "./verb.ts";

export interface Call {
  verb: Verb;
  args: unknown[];
}

export type Answer = { value: unknown } | { error: PackedError };

/** One is under way at a time, and each has one reply. */
export type Request =
  | { type: "open"; path: string; depot: string }
  | { type: "batch"; calls: Call[] }
  | { type: "close" };

export type Reply =
  | { type: "opened"; depot: string; sequence: number }
  | { type: "batch"; answers: Answer[]; sequence: number }
  | { type: "closed" }
  | { type: "failed"; error: PackedError };

const CLASSES = { CatalogFull, CatalogRefused, TypeError, RangeError };

/** The error again, of its own class where callers tell that class apart. */
export function unpackError(error: PackedError): Error {
  return restoreError(error, CLASSES);
}
