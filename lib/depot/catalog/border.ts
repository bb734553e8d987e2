/** What travels between the catalog and its worker: plain data, errors included. */
import { CatalogRefused } from "./catalog.ts";
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

export interface PackedError {
  name: string;
  message: string;
  code?: string;
}

const CLASSES = { CatalogRefused, TypeError, RangeError };

/** The parts of an error that survive the way. */
export function packError(error: unknown): PackedError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const { name, message } = error;
  return "code" in error ? { name, message, code: String(error.code) } : { name, message };
}

/** The error again, of its own class where callers tell that class apart. */
export function unpackError({ name, message, code }: PackedError): Error {
  const known = CLASSES[name as keyof typeof CLASSES];
  const error = known ? new known(message) : Object.assign(new Error(message), { name });
  return code === undefined ? error : Object.assign(error, { code });
}
