/** What `status` says, as lines. */
import type {
  DepotStatus,
  FileCheck,
  FileStatus,
  OwnerRepair,
  PlaceStatus,
  ReplicaStatus,
  ScrubStatus,
} from "../client/mod.ts";
import { receiptText } from "./receipt.ts";
import { type Column, tableLines } from "./table.ts";
import { shown, wrap } from "./text.ts";
import { count, formatDuration, formatSize, formatTime } from "./units.ts";

const PLACES: Column[] = [
  { head: "PLACE", cut: true },
  { head: "STATE" },
  { head: "REPLACED IN", align: "right", leave: 1 },
  { head: "FREE", align: "right", leave: 2 },
  { head: "OF", align: "right", leave: 3 },
  { head: "COPIES", align: "right", leave: 4 },
  { head: "ZONE", cut: true, leave: 5 },
  { head: "KIND", leave: 6 },
];

const COPIES: Column[] = [
  { head: "PLACE", cut: true },
  { head: "COPY" },
  { head: "PLACE IS", leave: 1 },
  { head: "VERIFIED", leave: 2 },
  { head: "ZONE", cut: true, leave: 3 },
];

const CHECKS: Column[] = [
  { head: "PLACE", cut: true },
  { head: "COPY" },
  { head: "TOOK", align: "right", leave: 1 },
  { head: "ZONE", cut: true, leave: 2 },
];

/** `width` as in `tableLines`; `now`: milliseconds since 1970. */
export function statusLines(
  { files, bytes, places, repair, scrub }: DepotStatus,
  { width, now }: { width: number | null; now: number },
): string[] {
  const rows = places.map((place) => [
    shown(place.name),
    stateText(place),
    place.missedInMs === null ? "" : roughly(place.missedInMs),
    roomText(place, place.free),
    roomText(place, place.capacity),
    String(place.replicas),
    shown(place.zone),
    place.kind,
  ]);
  // A column that says nothing is not there.
  const columns = PLACES.filter(({ head }) =>
    head !== "REPLACED IN" || places.some(({ missedInMs }) => missedInMs !== null)
  );
  const kept = rows.map((row) => row.filter((_, index) => columns.includes(PLACES[index]!)));
  return [
    ...sentences([
      `${count(files, "file")}, ${formatSize(bytes)}`,
      ...repairLines(repair),
      ...scrubLines(scrub, files, now),
    ], width),
    ...rows.length > 0 ? ["", ...tableLines(columns, kept, width)] : ["no places"],
  ];
}

/** `width` as in `tableLines`. */
export function fileStatusLines(status: FileStatus, width: number | null): string[] {
  const { file, copies } = status;
  const rows = copies.map((copy) => [
    shown(copy.name),
    copy.state,
    stateText({ state: copy.placeState, draining: copy.draining }),
    copy.verifiedAt === null ? "never" : formatTime(copy.verifiedAt),
    shown(copy.zone),
  ]);
  return [
    ...sentences([
      receiptText("file", file),
      ...outlookLines(status),
      `version ${file.version}, deposited ${formatTime(file.depositedAt)}`,
      `sha256 ${file.digest}`,
    ], width),
    ...rows.length > 0 ? ["", ...tableLines(COPIES, rows, width)] : [],
  ];
}

/** `width` as in `tableLines`. */
export function fileCheckLines({ file, copies }: FileCheck, width: number | null): string[] {
  const rows = copies.map(({ name, state, tookMs, zone }) => [
    shown(name),
    state,
    `${(tookMs / 1000).toFixed(1)} s`,
    shown(zone),
  ]);
  return [
    ...sentences([receiptText("verified", file)], width),
    ...rows.length > 0 ? ["", ...tableLines(CHECKS, rows, width)] : [],
  ];
}

/** What a place that is not there can take is not known. */
function roomText({ state }: PlaceStatus, bytes: number): string {
  return state === "online" ? formatSize(bytes) : "";
}

function sentences(lines: string[], width: number | null): string[] {
  return lines.flatMap((line) => wrap(line, width));
}

function stateText({ state, draining }: Pick<PlaceStatus, "state" | "draining">): string {
  if (!draining || state === "gone") return state;
  return state === "online" ? "draining" : `${state}, draining`;
}

function repairLines(repair: OwnerRepair): string[] {
  const { queued, running, deficit, damaged, aside, short, waiting } = repair;
  const over = short === null ? "" : ` in ${count(short, "file")}`;
  const lines = [
    ...deficit > 0 ? [`${count(deficit, "copy", "copies")} missing${over}`] : [],
    ...waiting ? [`  on places that are waited for: ${waiting}`] : [],
    ...short ? ["  to see which: list --short"] : [],
    ...damaged > 0 ? [`${count(damaged, "file")} without a good copy`] : [],
    ...aside > 0 ? [`${count(aside, "file")} with a damaged copy set aside`] : [],
    ...running > 0 ? [`being repaired: ${running}`] : [],
    ...queued > 0 ? [`to be looked at: ${queued}`] : [],
  ];
  return lines.length > 0 ? lines : ["nothing to repair"];
}

function scrubLines(scrub: ScrubStatus | null, files: number, now: number): string[] {
  if (scrub === null || files === 0) return [];
  const { checked, periodMs, oldest, place, percent } = scrub;
  return [
    `checked in ${roughly(periodMs)}: ${checked} of ${count(files, "file")}`,
    ...oldest === null ? [] : [`  the oldest check ${roughly(Math.max(0, now - oldest))} ago`],
    ...place === null ? [] : [`checking ${shown(place)} now: ${percent ?? 0} %`],
  ];
}

/** Why there are fewer copies than wanted, and when that will change. */
function outlookLines({ file, copies, repair }: FileStatus): string[] {
  const words = repair && OUTLOOKS[repair.state];
  if (!words) return [];
  const missing = Math.max(0, file.replicas.wanted - file.replicas.live);
  const what = missing > 0
    ? `${count(missing, "copy", "copies")} missing`
    : "a copy is to move off a place that is emptied";
  return [`${what}: ${words(repair.inMs, copies)}`];
}

/** By the state of the repair; without words there is nothing to say. */
const OUTLOOKS: Readonly<
  Record<string, (inMs: number | null, copies: ReplicaStatus[]) => string>
> = {
  away: (inMs, copies) =>
    `waits for ${awayNames(copies)}, and is made elsewhere ${when(inMs)} unless it comes back`,
  queued: () => "waits for its turn to be made",
  running: () => "being made now",
  no_place: (inMs) =>
    `no other place has room for it; tried again ${when(inMs)}, and when a place comes`,
  no_source: (inMs, copies) =>
    `no good copy can be read until ${awayNames(copies)} comes back` +
    (inMs === null ? "" : `; tried again ${when(inMs)}`),
};

function awayNames(copies: ReplicaStatus[]): string {
  const away = copies.filter(({ state, placeState }) =>
    state === "good" && placeState !== "online"
  );
  const names = away.map(({ name, placeState }) => `${shown(name)} (${placeState})`);
  return names.length > 0 ? names.join(", ") : "its place";
}

function when(inMs: number | null): string {
  return inMs === null ? "later" : `in ${roughly(inMs)}`;
}

const HOUR_MS = 3_600_000;

/** Of what takes long, no more than can be used: `8 s`, `42 min`, `23 h`, `7 d`. */
function roughly(ms: number): string {
  if (ms >= 48 * HOUR_MS) return `${Math.round(ms / (24 * HOUR_MS))} d`;
  if (ms >= 10 * HOUR_MS) return `${Math.round(ms / HOUR_MS)} h`;
  return formatDuration(ms >= 120_000 ? Math.ceil(ms / 60_000) * 60_000 : ms);
}
