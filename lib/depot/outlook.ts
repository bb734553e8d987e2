/** Why a file has fewer copies than it wants, and what becomes of it. */
import type { ContentRecord, FileRecord } from "./catalog/catalog.ts";
import type { Core } from "./core.ts";
import type { Keeper } from "./keeper.ts";
import { waitedFor, weigh } from "./weighing.ts";

/**
 * - `complete`: it has what it wants.
 * - `away`: copies on places that are away count for `inMs` milliseconds more; then others are made.
 * - `queued`, `running`: copies are about to be made, or are being made.
 * - `no_place`: no place could take another copy; tried again after `inMs`, and when one comes.
 * - `no_source`: no good copy can be read now; tried again after `inMs`, and when a place comes.
 *   Without `inMs` the places that have one are waited for.
 */
export interface Outlook {
  state: "complete" | "away" | "queued" | "running" | "no_place" | "no_source";
  /** `null`: nobody knows. */
  inMs: number | null;
}

/** Of a file whose content is `content`, whatever other files with that content want. */
export function outlookOf(
  content: ContentRecord,
  { wanted }: Pick<FileRecord, "wanted">,
  { core, keeper }: { core: Core; keeper: Keeper },
): Outlook {
  const { live, counted, missing } = weigh({ ...content, wanted }, core);
  if (missing <= 0 && live.length >= wanted) return { state: "complete", inMs: null };
  // Nothing can be made from copies that cannot be read.
  if (missing <= 0 && live.length === 0) return { state: "no_source", inMs: null };
  if (missing <= 0) return { state: "away", inMs: graceLeft({ live, counted, wanted }, core) };
  const care = keeper.careOf(content.digest);
  if (care.state !== "unfinished") {
    // What nobody has queued yet is about to be found.
    return { state: care.state === "running" ? "running" : "queued", inMs: null };
  }
  return { state: live.length > 0 ? "no_place" : "no_source", inMs: care.inMs };
}

/** When so many of the copies that are away will have ceased to count that one is missing. */
function graceLeft(
  { live, counted, wanted }: { live: string[]; counted: string[]; wanted: number },
  core: Core,
): number | null {
  const away = counted.filter((id) => !live.includes(id));
  const left = away.map((id) => waitedFor(id, core, counted)).sort((a, b) => a - b);
  return left[counted.length - wanted] ?? null;
}
