/** The shapes of `--json`. Sizes in bytes, times as ISO 8601. */
import type {
  DepositedFile,
  DepotStatus,
  FileCheck,
  FileStatus,
  PlaceName,
  Receipt,
  RemovedFile,
} from "../client/mod.ts";
import { codeOf } from "../client/errors.ts";
import { complaint } from "./complaint.ts";
import { Stopped } from "./stopping.ts";

export interface FileJson {
  name: string;
  size: number;
  sha256: string;
  version: number;
  depositedAt: string;
  replicas: { wanted: number; live: number };
  places: PlaceName[];
}

export interface FailureJson {
  name: string;
  error: { code: string; message: string };
}

export function fileJson(file: DepositedFile): FileJson {
  return {
    name: file.name,
    size: file.size,
    sha256: file.digest,
    version: file.version,
    depositedAt: new Date(file.depositedAt).toISOString(),
    replicas: { wanted: file.replicas.wanted, live: file.replicas.live },
    places: file.places,
  };
}

export function receiptJson(receipt: Receipt) {
  return { ...fileJson(receipt), unchanged: receipt.unchanged };
}

export function removedJson(file: RemovedFile) {
  return {
    ...fileJson(file),
    removedAt: new Date(file.removedAt).toISOString(),
    keptUntil: new Date(file.keptUntil).toISOString(),
  };
}

/** `advice`: as of `complaint`. */
export function failureJson(
  name: string,
  error: unknown,
  advice: Readonly<Record<string, string>> = {},
): FailureJson {
  return { name, ...errorJson(error, advice) };
}

/** A failure of what has no name: its code, and the sentence that is shown without `--json`. */
export function errorJson(
  error: unknown,
  advice: Readonly<Record<string, string>> = {},
): Pick<FailureJson, "error"> {
  if (error instanceof Stopped) return { error: { code: "interrompido", message: STOPPED } };
  return { error: { code: codeOf(error), message: complaint(error, advice) } };
}

const STOPPED = "The command was ended before this was done";

export function statusJson({ files, bytes, places, repair, scrub }: DepotStatus) {
  const { queued, running, deficit, damaged, aside, short, waiting } = repair;
  return {
    files,
    bytes,
    places: places.map((
      { id, name, kind, zone, state, free, capacity, replicas, draining, missedInMs },
    ) => ({
      id,
      name,
      kind,
      zone,
      state,
      free,
      capacity,
      replicas,
      draining,
      missedInMs,
    })),
    repair: { queued, running, deficit, damaged, aside, short, waiting },
    scrub: scrub && { ...scrub, oldest: timeJson(scrub.oldest) },
  };
}

export function fileStatusJson({ file, copies, repair }: FileStatus) {
  return {
    ...fileJson(file),
    copies: copies.map(({ place, name, zone, state, placeState, draining, verifiedAt }) => ({
      place,
      name,
      zone,
      state,
      placeState,
      verifiedAt: timeJson(verifiedAt),
      draining,
    })),
    repair,
  };
}

export function fileCheckJson({ file, copies }: FileCheck) {
  return {
    ...fileJson(file),
    copies: copies.map(({ place, name, zone, state, tookMs }) => ({
      place,
      name,
      zone,
      state,
      tookMs,
    })),
  };
}

function timeJson(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}

/** What a terminal would not show as itself, or take for an order, though JSON allows it. */
const UNSEEN = /[\x7f-\x9f\u2028\u2029]|\p{Cf}/gu;

/** A value as JSON in one line, safe to look at. */
export function jsonText(value: unknown): string {
  return seenJson(JSON.stringify(value));
}

/** JSON with escapes for what its strings have that would not be seen. */
export function seenJson(json: string): string {
  return json.replace(
    UNSEEN,
    (char) =>
      Array.from({ length: char.length }, (_, at) => char.charCodeAt(at))
        .map((code) => "\\u" + code.toString(16).padStart(4, "0")).join(""),
  );
}

/** An array with one element a line. */
export function arrayLines(elements: readonly unknown[]): string {
  if (elements.length === 0) return "[]";
  return `[\n${elements.map((element) => "  " + jsonText(element)).join(",\n")}\n]`;
}
