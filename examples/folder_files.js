// @ts-check
/**
 * The files of folder_store.js: read without coming up short in silence, written so that they are
 * there after a power cut.
 *
 * @import { PlaceReader, PlaceWriter, ReadRange } from "../stores/store.ts"
 * @import { FileHandle } from "node:fs/promises"
 */
import { randomUUID } from "node:crypto";
import * as fs from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";

/** An open file as a replica. @param {FileHandle} file @param {ReadRange} range @returns {Promise<PlaceReader>} */
export async function folderReader(file, { from, length, signal }) {
  const { size } = await file.stat();
  const end = length === undefined ? size : from + length;
  let at = from;
  return {
    size,
    async read(target) {
      signal.throwIfAborted();
      if (at > end) throw new Error("Could not read: the file ends before");
      const wanted = Math.min(target.length, end - at);
      for (let done = 0; done < wanted;) {
        const { bytesRead } = await file.read(target, done, wanted - done, at);
        // Never short in silence: the depot would take what came for all there is.
        if (bytesRead === 0) throw new Error("Could not read: the file ends before");
        done += bytesRead;
        at += bytesRead;
      }
      signal.throwIfAborted();
      return wanted;
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
}

/**
 * @param {FileHandle} file
 * @param {{ part: string, content: (digest: string) => string, position: number,
 *   signal: AbortSignal, confirm: () => Promise<void>, release: () => void }} upload
 * @returns {PlaceWriter}
 */
export function folderWriter(file, { part, content, position, signal, confirm, release }) {
  let failed = false;
  let settled = false;
  /** After a failure nobody knows what the file has, so nothing may follow. @param {() => Promise<void>} work */
  const attempt = async (work) => {
    if (failed) throw new Error(`Could not go on with ${part}: a write failed before`);
    try {
      await work();
    } catch (error) {
      failed = true;
      if (hasCode(error, "ENOSPC", "EDQUOT")) {
        throw named("Full", `Could not write ${part}: no room`);
      }
      await confirm();
      throw error;
    }
  };
  return {
    get position() {
      return position;
    },
    async *prefix() {
      const copy = await fs.open(part, "r");
      await using reader = await folderReader(copy, { from: 0, length: position, signal });
      yield* pieces(reader);
    },
    async rewind(to) {
      signal.throwIfAborted();
      if (!(to >= 0 && to <= position)) throw new RangeError(`Could not rewind to ${to}`);
      await attempt(() => file.truncate(to));
      position = to;
    },
    async write(chunk) {
      signal.throwIfAborted();
      await attempt(async () => {
        for (let done = 0; done < chunk.length;) {
          const { bytesWritten } = await file.write(chunk, done, chunk.length - done, position);
          done += bytesWritten;
          position += bytesWritten;
        }
      });
    },
    async commit({ digest, size }) {
      signal.throwIfAborted();
      await attempt(async () => {
        if (position !== size) throw new Error(`Could not commit: ${position} bytes, not ${size}`);
        // Durable in this order: the bytes, the folder, the name in it.
        await file.sync();
        const folder = dirname(content(digest));
        await fs.mkdir(folder, { recursive: true, mode: 0o700 });
        // Also when it was there: another commit may have made it and not be here yet.
        await syncFolder(dirname(folder));
        await fs.rename(part, content(digest));
        settled = true;
        await syncFolder(folder);
      });
    },
    async keep() {
      await attempt(async () => {
        await file.sync();
        await syncFolder(dirname(part));
        settled = true;
      });
    },
    async [Symbol.asyncDispose]() {
      await file.close();
      if (!settled) await fs.rm(part, { force: true });
      release();
    },
  };
}

/** What is left of a reader. @param {PlaceReader} reader */
export async function* pieces(reader) {
  const buffer = new Uint8Array(1024 * 1024);
  for (let n; (n = await reader.read(buffer)) > 0;) yield buffer.subarray(0, n);
}

/**
 * What recognises a folder, wherever it is mounted: `sequence` is the depot's, to be given back.
 * @typedef {{ place: string, depot: string, sequence: number }} FolderMark
 */

/** Makes of a folder a place of `depot`, unless it is one. @param {string} dir @param {string} depot */
export async function prepare(dir, depot) {
  for (const name of ["contents", "parts", "aside"]) {
    await fs.mkdir(join(dir, name), { recursive: true, mode: 0o700 });
  }
  if (await readMark(dir)) return;
  if ((await namesIn(join(dir, "contents"))).length > 0) {
    throw new Error(`${dir} has contents and no place.json: put it back, or move them away`);
  }
  await syncFolder(dirname(dir));
  await writeMark(dir, { place: randomUUID(), depot, sequence: 0 });
}

/** `null` where there is none. @param {string} dir @returns {Promise<FolderMark | null>} */
export async function readMark(dir) {
  const text = await ifThere(fs.readFile(join(dir, "place.json"), "utf8"));
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${join(dir, "place.json")} is damaged`, { cause });
  }
}

/** Shows the old mark or the new one, also after a power cut. @param {string} dir @param {FolderMark} mark */
export async function writeMark(dir, mark) {
  const temporary = join(dir, "place.json.new");
  {
    await using file = await fs.open(temporary, "w", 0o600);
    await file.writeFile(JSON.stringify(mark));
    await file.sync();
  }
  await fs.rename(temporary, join(dir, "place.json"));
  await syncFolder(dir);
}

/** A name is durable once its folder is synced; Windows opens no folder for that. @param {string} path */
export async function syncFolder(path) {
  if (process.platform === "win32") return;
  await using folder = await fs.open(path, "r");
  await folder.sync();
}

/** Ascending; foreign names are nobody's business. @param {string} folder @param {RegExp} ours */
export async function namesIn(folder, ours = /./) {
  const names = await ifThere(fs.readdir(folder)) ?? [];
  return names.filter((name) => ours.test(name)).sort();
}

/** `null` for what is not there. @template T @param {Promise<T>} asked @returns {Promise<T | null>} */
export async function ifThere(asked) {
  try {
    return await asked;
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return null;
    throw error;
  }
}

/** @param {unknown} error @param {string[]} codes */
function hasCode(error, ...codes) {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

/** The depot knows `Full` and `Unreachable` by their name. @param {string} name @param {string} message */
export function named(name, message) {
  return Object.assign(new Error(message), { name });
}
