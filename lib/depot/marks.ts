/** By what a depot and its places recognise each other. */
import type { Mark, Place } from "../../stores/store.ts";
import { inTime } from "./clock.ts";

/** A place that does not take or show its mark within this time does not answer. Milliseconds. */
export const MARK_MS = 10_000;

/** The catalog is older than a place's mark: it was put back from a copy, and must not decide. */
export class CatalogIsOld extends Error {
  override readonly name = "CatalogIsOld";
}

/** A place holds another depot's mark. */
export class ForeignPlace extends Error {
  override readonly name = "ForeignPlace";
}

/** `undefined`: the place does not answer. */
export async function readMark(place: Place): Promise<Mark | null | undefined> {
  try {
    return await inTime(place.mark(), MARK_MS);
  } catch {
    return undefined;
  }
}
