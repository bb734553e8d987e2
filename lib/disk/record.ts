/**
 * A small file of fields that can be written again where not one block is free: a disk that is full
 * to the last must still take the mark without which nothing may be deleted from it.
 *
 * It is two files, `NAME` and `NAME.spare`, each with the same JSON object, a check over it, and
 * spaces up to 512 bytes. Both are overwritten in place, and synced, one after the other: after a
 * power cut in the middle one of them is whole. `NAME` counts; where it is damaged, the spare does.
 * A program that knows no spare reads `NAME` as what it is, and what it writes there is read here.
 *
 * A copy-on-write file system (Btrfs, ZFS) takes a new block also for this, from what it keeps for
 * itself: mostly that is there, but nothing here can promise it.
 */
import { crc32 } from "node:zlib";
import { removeIfThere, replaceFile } from "./durable.ts";
import { DiskRefused, isAbsence, isOutOfRoom } from "./errors.ts";

/** One sector: most disks write it whole or not at all, which makes the spare's turn rare. */
const RECORD_BYTES = 512;

export type Fields = Record<string, unknown>;

/** The fields; none (`{}`) when they are damaged, `null` when there is no such file. */
export async function readRecord(path: string): Promise<Fields | null> {
  const spare = spareOf(path);
  // Again, because each may have been looked at just while it was written.
  for (const one of [path, spare, path]) {
    const fields = await readWhole(one);
    if (fields !== "damaged" && (fields || one === path)) return fields;
  }
  return {};
}

/** Writes the fields durably in place of those that were there. One at a time for a path. */
export async function writeRecord(path: string, fields: Fields): Promise<void> {
  const text = textOf(fields);
  const spare = spareOf(path);
  // Never both at once: the one that is not whole is written while the other is.
  const isDamaged = await readWhole(path) === "damaged";
  const [first, second] = isDamaged ? [path, spare] : [spare, path];
  try {
    await writeInPlace(first, text);
  } catch (error) {
    // From a program that knew no spare, on a full disk: once there is room there is a spare.
    if (first !== spare || !isOutOfRoom(error)) throw error;
  }
  await writeInPlace(second, text);
}

/** Removes the record. */
export async function removeRecord(path: string): Promise<void> {
  for (const one of [path, spareOf(path)]) await removeIfThere(one);
}

function spareOf(path: string): string {
  return `${path}.spare`;
}

function textOf(fields: Fields): string {
  const text = JSON.stringify({ ...fields, check: checkOf(fields) });
  return text.padEnd(RECORD_BYTES - 1) + "\n";
}

function checkOf(fields: Fields): string {
  return crc32(JSON.stringify(fields)).toString(16).padStart(8, "0");
}

async function readWhole(path: string): Promise<Fields | "damaged" | null> {
  let text: string;
  try {
    if (!(await Deno.lstat(path)).isFile) throw new DiskRefused(`Could not use ${path}: no file`);
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (isAbsence(error)) return null;
    throw error;
  }
  return parse(text) ?? "damaged";
}

/** `null` unless it is an object, and its check is right or it has none. */
function parse(text: string): Fields | null {
  try {
    const { check, ...fields } = Object(JSON.parse(text)) as Fields;
    return check === undefined || check === checkOf(fields) ? fields : null;
  } catch {
    return null;
  }
}

async function writeInPlace(path: string, text: string): Promise<void> {
  const file = await openOwn(path);
  if (!file) return await replaceFile(path, text);
  using _file = file;
  const bytes = new TextEncoder().encode(text);
  for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
  // An operator's editor may have left more.
  await file.truncate(bytes.length);
  await file.syncData();
}

/** Opens the file; `null` when it is not there, or is one with another name, such as a snapshot's. */
async function openOwn(path: string): Promise<Deno.FsFile | null> {
  try {
    const { isFile, nlink } = await Deno.lstat(path);
    return isFile && (nlink ?? 1) === 1 ? await Deno.open(path, { write: true }) : null;
  } catch (error) {
    if (isAbsence(error)) return null;
    throw error;
  }
}
