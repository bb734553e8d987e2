/** What a plugin's answers must look like. Each check throws an `Error` that says what is wrong. */
import { isDigest } from "../lib/content/digest.ts";
import type { Place } from "./store.ts";

const PLACE_METHODS = [
  "room",
  "begin",
  "get",
  "hash",
  "delete",
  "setAside",
  "asides",
  "dropAside",
  "list",
  "uploads",
  "discard",
  "mark",
  "setMark",
] as const satisfies (keyof Place)[];

/** As ids stand in lines of the protocol and in names of files. */
const ID = /^[0-9A-Za-z-]{1,64}$/;

export function requireThat(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Error(otherwise);
}

/** Throws unless `value` has these methods. */
export function requireMethods(
  value: unknown,
  methods: readonly (string | symbol)[],
  who: string,
): void {
  const object = Object(value) as Record<string | symbol, unknown>;
  const missing = methods.filter((method) => typeof object[method] !== "function");
  requireThat(missing.length === 0, `${who} lacks ${missing.map(String).join(", ")}`);
}

/** Throws unless `value` has all that a place has. */
export function requirePlace(value: unknown): asserts value is Place {
  const place = Object(value) as Record<string, unknown>;
  requireThat(isId(place.id), "a place's id must have 1 to 64 letters, digits and hyphens");
  const who = `the place ${place.id}`;
  for (const key of ["name", "zone", "address"]) {
    requireThat(isText(place[key]), `${who} must have a text as its ${key}`);
  }
  const { machine, trusted } = place;
  requireThat(machine === undefined || isText(machine), `${who} has a machine that is no text`);
  requireThat(typeof trusted === "boolean", `${who} does not say whether it is trusted`);
  requireMethods(place, PLACE_METHODS, who);
}

/** Throws unless a list's digests ascend from after `after`, and the sizes are sizes. */
export function ascending<T extends { digest: string; size: number }>(
  verb: string,
  after = "",
): (item: T) => T {
  let last = after;
  return (item) => {
    const { digest, size } = Object(item) as Record<string, unknown>;
    requireThat(isHash(digest) && isSize(size), `${verb}() told of something that is no content`);
    requireThat(digest > last, `${verb}() is not ascending: ${digest} came after ${last}`);
    last = digest;
    return item;
  };
}

export function isId(value: unknown): value is string {
  return typeof value === "string" && ID.test(value);
}

export function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

/** A whole number of bytes, or of anything that is counted. */
export function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** A number that is good for comparing. */
export function isAmount(value: unknown): value is number {
  return typeof value === "number" && value >= 0;
}

/** A SHA-256 as the contract writes it. */
export function isHash(value: unknown): value is string {
  return typeof value === "string" && isDigest(value);
}
