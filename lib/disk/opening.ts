/** From a directory to a disk: looked at, made where that is wanted, locked. */
import { makeFolder, makeFolders, makePath } from "./durable.ts";
import { Disk } from "./disk.ts";
import { diskError, DiskInUse, DiskRefused, isAbsence, Unreachable } from "./errors.ts";
import { depotsFolder, isDepotId, Layout, PART_FOLDERS, SHARDS } from "./layout.ts";
import { hasContents } from "./listing.ts";
import { lockFile } from "./lock.ts";
import { moveOldParts } from "./parts.ts";
import { type DiskMark, readMark, writeMark } from "./mark.ts";
import { statFile } from "./reading.ts";

export interface OpenDiskOptions {
  /** The depot's identifier, a UUID. */
  depot: string;
  /** Make directory and disk where they are missing. Otherwise a missing mark is `Unreachable`. */
  create: boolean;
  /** Milliseconds of the wall clock. */
  now?: () => number;
}

/**
 * Opens the disk that `directory` is for a depot. Throws `DiskRefused` when another process has it,
 * when its mark is another depot's or a newer program's, and when contents lie there without a
 * mark; `Unreachable` when there is no mark and none is to be made.
 */
export async function openDisk(directory: string, options: OpenDiskOptions): Promise<Disk> {
  const { depot, create, now = Date.now } = options;
  const layout = new Layout(directory, depot);
  const made = await prepareRoot(layout, options);
  const lock = await takeLock(layout);
  try {
    // Read again under the lock: whoever had it may have made the mark.
    const found = await readMark(directory, depot);
    if (!found && !create) throw noMark(directory);
    if (!found) await refuseContents(layout);
    await makeFolders(layout.root, ["parts", "contents", "aside"]);
    await makeFolders(layout.parts, PART_FOLDERS);
    await makeFolders(layout.contents, SHARDS);
    await moveOldParts(layout);
    const mark = found ?? await makeMark(layout, depot);
    return new Disk({ layout, mark, made, lock, now });
  } catch (error) {
    lock.close();
    throw error;
  }
}

/** Depots other than `depot` that keep something in `directory`. Changes nothing. */
export async function otherDepots(directory: string, depot: string): Promise<string[]> {
  const others: string[] = [];
  try {
    for await (const { name } of Deno.readDir(depotsFolder(directory))) {
      if (isDepotId(name) && name !== depot) others.push(name);
    }
  } catch (error) {
    if (!isAbsence(error)) throw diskError(`list ${depotsFolder(directory)}`, error);
  }
  return others;
}

/** Resolves to the folders that were made, the innermost first. */
async function prepareRoot(
  { directory, root }: Layout,
  { depot, create }: OpenDiskOptions,
): Promise<string[]> {
  if (await readMark(directory, depot)) return [];
  if (!create) throw noMark(directory);
  const made = await makePath(directory);
  for (const folder of [depotsFolder(directory), root]) {
    if (await makeFolder(folder)) made.unshift(folder);
  }
  return made;
}

async function takeLock(layout: Layout): Promise<Deno.FsFile> {
  const lock = await openLock(layout);
  try {
    if (await lockFile(lock)) return lock;
  } catch (error) {
    lock.close();
    throw diskError(`lock ${layout.lock}`, error);
  }
  lock.close();
  throw new DiskInUse(
    `Could not use ${layout.directory}: another process is using it. ` +
      "Stop that one, or give this one a directory of its own",
  );
}

async function openLock(layout: Layout): Promise<Deno.FsFile> {
  const options = { read: true, write: true, mode: 0o600 };
  if (await statFile(layout.lock)) return await Deno.open(layout.lock, options);
  try {
    return await Deno.open(layout.lock, { ...options, createNew: true });
  } catch (error) {
    // Another process made it just now, or it is a link, which must not be followed.
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    if (await statFile(layout.lock)) return await Deno.open(layout.lock, options);
    throw new DiskRefused(`Could not use ${layout.lock}: it is not a file. Move it away`);
  }
}

async function makeMark(layout: Layout, depot: string): Promise<DiskMark> {
  const mark = { place: crypto.randomUUID(), depot, sequence: 0 };
  await writeMark(layout, mark);
  return mark;
}

/** The mark comes before any content, so one without the other is a lost mark and no new disk. */
async function refuseContents(layout: Layout): Promise<void> {
  if (!await hasContents(layout)) return;
  throw new DiskRefused(
    `Could not use ${layout.directory}: it has contents, but its mark ${layout.mark} is missing. ` +
      `Put the mark back, or move ${layout.root} away to begin anew`,
  );
}

function noMark(directory: string): Unreachable {
  return new Unreachable(`Could not use ${directory}: there is no mark of this depot`);
}
