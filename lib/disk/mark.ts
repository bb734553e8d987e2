/**
 * The mark: by what a disk is recognised, wherever it is mounted. A file `mark.json`:
 *
 *     {"format":1,"place":"<uuid>","depot":"<uuid>","sequence":42,"check":"<crc-32>"}
 *
 * How it is written, also where the disk is full: record.ts. `format` is the version of the whole
 * layout (layout.ts), `sequence` the last catalog transaction that the disk was told of. It is
 * written last when a disk is made: where it is, the rest is.
 */
import { diskError, DiskRefused, isOutOfHandles, Unreachable } from "./errors.ts";
import { isDepotId, Layout } from "./layout.ts";
import { type Fields, readRecord, writeRecord } from "./record.ts";

const FORMAT = 1;

export interface DiskMark {
  /** The place that this disk is, a UUID. */
  place: string;
  depot: string;
  sequence: number;
}

/**
 * The mark that `directory` carries for `depot`, or `null` where there is none. Changes nothing.
 * Throws `DiskRefused` for a mark of another depot or a newer format, and an `Error` when it is
 * damaged or cannot be read.
 */
export async function readMark(directory: string, depot: string): Promise<DiskMark | null> {
  const path = new Layout(directory, depot).mark;
  const fields = await readRecord(path);
  if (fields === null) return null;
  const mark = markOf(fields, path);
  if (mark.depot === depot) return mark;
  throw new DiskRefused(`Could not use ${directory}: it belongs to another depot, ${mark.depot}`);
}

/** Throws `Unreachable` unless `directory` carries the mark of `place`. */
export async function confirmMark(
  directory: string,
  { depot, place }: { depot: string; place: string },
): Promise<void> {
  const mark = await readMark(directory, depot).catch((cause) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    // This process has no handle left, which says nothing about the disk.
    if (isOutOfHandles(cause)) throw diskError(`look for the mark of ${directory}`, cause);
    throw new Unreachable(`Could not use ${directory}: ${reason}`, { cause });
  });
  if (mark?.place === place) return;
  const found = mark ? `it is now place ${mark.place}` : "its mark is not there any more";
  throw new Unreachable(`Could not use ${directory}: ${found}`);
}

/** Writes the mark durably, in place of the one that was there. */
export function writeMark(layout: Layout, mark: DiskMark): Promise<void> {
  return writeRecord(layout.mark, { format: FORMAT, ...mark });
}

function markOf({ format, place, depot, sequence }: Fields, path: string): DiskMark {
  if (typeof format === "number" && format > FORMAT) {
    throw new DiskRefused(
      `Could not use ${path}: its format is ${format} and this program knows ${FORMAT}. ` +
        "Use the program that wrote it, or a newer one",
    );
  }
  const whole = format === FORMAT && isId(place) && isId(depot) &&
    Number.isSafeInteger(sequence) && (sequence as number) >= 0;
  if (!whole) throw new Error(`Could not read ${path}: it is damaged`);
  return { place, depot, sequence: sequence as number };
}

function isId(value: unknown): value is string {
  return typeof value === "string" && isDepotId(value);
}
