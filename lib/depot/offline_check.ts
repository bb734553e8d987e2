/** Compares the places of a depot that does not run with its catalog. Changes nothing. */
import { Sha256 } from "../content/digest.ts";
import { Layout } from "../disk/layout.ts";
import { listContents } from "../disk/listing.ts";
import { type DiskMark, readMark } from "../disk/mark.ts";
import { partsOf } from "../disk/parts.ts";
import { openRange } from "../disk/reading.ts";
import type { KnownPlace, KnownReplica, OfflineCatalog } from "./catalog/offline_catalog.ts";
import { messageOf } from "./log.ts";

/** What was found at a place. */
export interface PlaceFindings {
  place: string;
  directory: string | null;
  /** Good copies that are there with the right size, and with the right bytes when those were read. */
  right: number;
  /** Bytes of contents that were read. */
  read: number;
  /** What is not as the catalog says. */
  problems: Problem[];
  /** What is no fault, and worth knowing. */
  notes: string[];
}

/** `what` counts in the summary; `about`: a digest, or the reason. */
export interface Problem {
  what: "missing" | "wrong size" | "wrong bytes" | "not in the catalog" | "unreadable" | "mark";
  about: string;
}

export interface CheckOptions {
  /** Directories to look at beside those that the catalog knows; a disk may have moved. */
  directories: string[];
  /** Reads every byte, and compares its SHA-256. */
  full: boolean;
  signal: AbortSignal;
}

/** The findings of each place, as each is done. */
export async function* checkPlaces(
  catalog: OfflineCatalog,
  options: CheckOptions,
): AsyncGenerator<PlaceFindings> {
  const { id: depot } = catalog.depot();
  const places = catalog.places().filter(({ state }) => state !== "gone");
  const known = places.filter(({ kind }) => kind === "fs").map(({ address }) => address);
  const marked = new Map<string, { directory: string; mark: DiskMark }>();
  const unreadable = new Map<string, string>();
  for (const directory of new Set([...options.directories, ...known])) {
    try {
      const mark = await readMark(directory, depot);
      if (mark) marked.set(mark.place, { directory, mark });
    } catch (error) {
      unreadable.set(directory, messageOf(error));
    }
  }
  for (const place of places) {
    const found = marked.get(place.id);
    if (found) yield await checkPlace(catalog, { place, depot, ...found, options });
    else yield absent(place, unreadable.get(place.address));
  }
}

/** Only directories are there while the depot is not. */
function absent({ name, kind, address }: KnownPlace, why: string | undefined): PlaceFindings {
  const findings = { place: name, directory: null, right: 0, read: 0 };
  if (kind !== "fs") return { ...findings, problems: [], notes: [`not looked at: ${kind}`] };
  const about = why ?? `there is no mark of it at ${address}; is the disk mounted?`;
  return { ...findings, problems: [{ what: "mark", about }], notes: [] };
}

interface Checking {
  place: KnownPlace;
  depot: string;
  directory: string;
  mark: DiskMark;
  options: CheckOptions;
}

async function checkPlace(catalog: OfflineCatalog, checking: Checking): Promise<PlaceFindings> {
  const { place, depot, directory, mark, options } = checking;
  const layout = new Layout(directory, depot);
  const findings: PlaceFindings = {
    place: place.name,
    directory,
    right: 0,
    read: 0,
    problems: [],
    notes: [],
  };
  const { sequence } = catalog.depot();
  if (mark.sequence > sequence) {
    const about = `it has seen transaction ${mark.sequence}, the catalog only ${sequence}`;
    findings.problems.push({ what: "mark", about: `${about}: the catalog is an old one` });
  }
  for await (const pair of pairs(catalog.replicas(place.id), layout, options.signal)) {
    await judge(pair, { layout, findings, options });
  }
  await noteParts(catalog, layout, findings);
  return findings;
}

/** What the catalog and the directory have of one digest. */
interface Pair {
  digest: string;
  row: KnownReplica | null;
  size: number | null;
}

/** Both lists ascend by digest, and neither is held in memory. */
async function* pairs(
  rows: Iterator<KnownReplica>,
  layout: Layout,
  signal: AbortSignal,
): AsyncGenerator<Pair> {
  let row = rows.next();
  for await (const { digest, size } of listContents(layout, { signal, confirm: async () => {} })) {
    for (; !row.done && row.value.digest < digest; row = rows.next()) {
      yield { digest: row.value.digest, row: row.value, size: null };
    }
    const same = !row.done && row.value.digest === digest;
    yield { digest, row: same ? row.value as KnownReplica : null, size };
    if (same) row = rows.next();
  }
  for (; !row.done; row = rows.next()) {
    yield { digest: row.value.digest, row: row.value, size: null };
  }
}

async function judge(
  { digest, row, size }: Pair,
  { layout, findings, options }: {
    layout: Layout;
    findings: PlaceFindings;
    options: CheckOptions;
  },
): Promise<void> {
  const problem = (what: Problem["what"], about = digest) =>
    void findings.problems.push({ what, about });
  if (!row) return problem("not in the catalog");
  // What is being written or deleted may be there or not.
  if (row.state !== "good") return;
  if (size === null) return problem("missing");
  if (size !== row.size) return problem("wrong size", `${digest}: ${size} bytes, not ${row.size}`);
  if (options.full) {
    try {
      const hash = await hashOf(layout.content(digest), options.signal);
      findings.read += size;
      if (hash !== digest) return problem("wrong bytes");
    } catch (error) {
      options.signal.throwIfAborted();
      return problem("unreadable", `${digest}: ${messageOf(error)}`);
    }
  }
  findings.right++;
}

async function hashOf(path: string, signal: AbortSignal): Promise<string> {
  const hash = new Sha256();
  const buffer = new Uint8Array(1024 * 1024);
  const reader = await openRange(path, { from: 0, signal });
  if (!reader) throw new Error("It went away while it was read");
  await using _reader = reader;
  for (let count; (count = await reader.read(buffer)) > 0;) hash.update(buffer.subarray(0, count));
  return hash.digest();
}

/** Parts go on or are dropped when the depot starts; set-aside copies are kept for whoever looks. */
async function noteParts(
  catalog: OfflineCatalog,
  layout: Layout,
  findings: PlaceFindings,
): Promise<void> {
  const parts = await Array.fromAsync(partsOf(layout));
  const known = parts.filter((name) => catalog.hasUpload(name)).length;
  const notes = [
    [known, "uploads that may go on"],
    [parts.length - known, "parts of no upload, which the next start drops"],
    [(await namesIn(layout.aside)).length, "copies set aside"],
  ] as const;
  for (const [number, words] of notes) if (number > 0) findings.notes.push(`${number} ${words}`);
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
