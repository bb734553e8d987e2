import type { DepotStatus, FileCheck, FileStatus, Link, WorkProgress } from "../../client/mod.ts";
import {
  errorJson,
  failureJson,
  fileCheckJson,
  fileStatusJson,
  jsonText,
  statusJson,
} from "../json.ts";
import { Meter } from "../meter.ts";
import { receiptText } from "../receipt.ts";
import { type Column, tableLines } from "../table.ts";
import { shown } from "../text.ts";
import { count, formatSize, formatTime } from "../units.ts";
import { UsageError } from "../values.ts";
import { type Context, defineCommand, EXIT } from "./command.ts";

const PLACES: Column[] = [
  { head: "PLACE", cut: true },
  { head: "STATE" },
  { head: "FREE", align: "right" },
  { head: "OF", align: "right", leave: 1 },
  { head: "COPIES", align: "right", leave: 2 },
  { head: "ZONE", cut: true, leave: 3 },
  { head: "KIND", leave: 4 },
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

export const statusCommand = defineCommand({
  words: "[NAME]",
  summary: "Shows the depot's places and repairs, or one file with each of its copies.",
  flags: {
    "verify": { kind: "switch", help: "Have each copy of NAME read and checked now" },
  },
  examples: [
    ["deposito client status", "places, their room, and what is being repaired"],
    ["deposito client status report.pdf", "one file: where each copy is, and when it was checked"],
    ["deposito client status report.pdf --verify", "check each of its copies now"],
  ],
  failure: ({ words: [name] }, error) =>
    name === undefined ? errorJson(error) : failureJson(name, error),
  async run({ flags, words }, context) {
    const { link: connected, screen, json, signal } = context;
    if (words.length > 1) throw new UsageError("status takes one NAME at most");
    if (words[0]?.endsWith("/")) {
      throw new UsageError("status takes a file's NAME; see list PREFIX/");
    }
    const name = words[0];
    if (flags.verify && name === undefined) throw new UsageError("--verify needs a NAME");
    if (flags.verify) return await verify(name!, context);
    const link = await connected();
    if (name === undefined) {
      const status = await link.status({ signal });
      if (json) screen.result(jsonText(statusJson(status)));
      else screen.result(...statusLines(status, screen.columns));
    } else {
      const status = await link.fileStatus(name, { signal });
      if (json) screen.result(jsonText(fileStatusJson(status)));
      else screen.result(...fileStatusLines(status, screen.columns));
    }
    return EXIT.done;
  },
});

/** Looks at each copy; the status is `fewer` when not as many as wanted are good. */
async function verify(name: string, context: Context): Promise<number> {
  const { link, screen, json } = context;
  const check = await verifyOnScreen(await link(), name, context);
  if (json) screen.result(jsonText(fileCheckJson(check)));
  else screen.result(...fileCheckLines(check, screen.columns));
  const states = check.copies.map(({ state }) => state);
  const good = states.filter((state) => state === "good").length;
  const bad = states.filter((state) => state === "damaged" || state === "absent").length;
  if (bad > 0) screen.remark(`${bad} of ${states.length} copies bad: set aside, and made anew`);
  if (good === 0) return EXIT.failed;
  return good < check.file.replicas.wanted ? EXIT.fewer : EXIT.done;
}

async function verifyOnScreen(
  link: Link,
  name: string,
  { screen, signal }: Context,
): Promise<FileCheck> {
  using meter = new Meter(screen, { many: false });
  const onProgress = (progress: WorkProgress) =>
    meter.step({ stage: "verifying", name, ...progress });
  return await link.verify(name, { signal, onProgress });
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
    receiptText("verified", file),
    ...rows.length > 0 ? ["", ...tableLines(CHECKS, rows, width)] : [],
  ];
}

/** `width` as in `tableLines`. */
export function statusLines(status: DepotStatus, width: number | null): string[] {
  const rows = status.places.map((place) => [
    shown(place.name),
    place.state,
    formatSize(place.free),
    formatSize(place.capacity),
    String(place.replicas),
    shown(place.zone),
    place.kind,
  ]);
  return [
    `${count(status.files, "file")}, ${formatSize(status.bytes)}`,
    repairLine(status.repair),
    ...rows.length > 0 ? ["", ...tableLines(PLACES, rows, width)] : ["no places"],
  ];
}

/** `width` as in `tableLines`. */
export function fileStatusLines({ file, copies }: FileStatus, width: number | null): string[] {
  const rows = copies.map((copy) => [
    shown(copy.name),
    copy.state,
    copy.placeState,
    copy.verifiedAt === null ? "never" : formatTime(copy.verifiedAt),
    shown(copy.zone),
  ]);
  return [
    receiptText("file", file),
    `version ${file.version}, deposited ${formatTime(file.depositedAt)}`,
    `sha256 ${file.digest}`,
    ...rows.length > 0 ? ["", ...tableLines(COPIES, rows, width)] : [],
  ];
}

function repairLine(repair: DepotStatus["repair"]): string {
  const { queued, running, deficit, damaged, aside } = repair;
  const parts = [
    ...deficit > 0 ? [`${count(deficit, "replica")} missing`] : [],
    ...damaged > 0 ? [`${count(damaged, "file")} without a good copy`] : [],
    ...running > 0 ? [`${running} being repaired`] : [],
    ...queued > 0 ? [`${queued} to be repaired`] : [],
    ...aside > 0 ? [`${count(aside, "damaged copy").replace("copys", "copies")} set aside`] : [],
  ];
  return parts.length > 0 ? parts.join(", ") : "nothing to repair";
}
