/** Reading a disk's files: only regular ones, no link followed, never short in silence. */
import { createHash } from "node:crypto";
import { diskError, isAbsence } from "./errors.ts";

/** Large enough that a call costs little beside the bytes that it moves. */
const BUFFER_BYTES = 1024 * 1024;

/** A file up to this many bytes is read whole with one call, whose thread opens and closes it. */
const AT_ONCE_BYTES = 128 * 1024;

/** Which bytes of a file to read: `length` bytes from `from`, or to the end. */
export interface FileRange {
  from: number;
  length?: number;
  signal: AbortSignal;
}

/** The state of a regular file, or `null` when there is none (a link is none). */
export async function statFile(path: string): Promise<Deno.FileInfo | null> {
  try {
    const info = await Deno.lstat(path);
    return info.isFile ? info : null;
  } catch (error) {
    if (isAbsence(error)) return null;
    throw diskError(`look at ${path}`, error);
  }
}

/** Opens a regular file, or `null` when there is none. */
export async function openFile(
  path: string,
  options: Deno.OpenOptions = { read: true },
): Promise<Deno.FsFile | null> {
  return await statFile(path) && await there(path, () => Deno.open(path, options));
}

/** What `open` opens; `null` when nothing is there any more. */
async function there<T>(path: string, open: () => Promise<T>): Promise<T | null> {
  try {
    return await open();
  } catch (error) {
    if (isAbsence(error)) return null;
    throw diskError(`open ${path}`, error);
  }
}

/** Opens a part of a file for reading, or `null` when there is no such file. */
export async function openRange(path: string, range: FileRange): Promise<FileReader | null> {
  const info = await statFile(path);
  if (!info || range.length === 0) return info && new FileReader(path, null, info.size, range);
  if (range.from === 0 && info.size <= AT_ONCE_BYTES) {
    const bytes = await there(path, () => Deno.readFile(path));
    return bytes && new FileReader(path, new Held(bytes), info.size, range);
  }
  const file = await there(path, () => Deno.open(path));
  if (!file) return null;
  try {
    if (range.from > 0) await file.seek(range.from, Deno.SeekMode.Start);
    return new FileReader(path, file, info.size, range);
  } catch (error) {
    file.close();
    throw diskError(`read ${path}`, error);
  }
}

/** Where a reader's bytes come from; an open file is one. */
interface Source {
  read(target: Uint8Array): Promise<number | null>;
  close(): void;
}

/** A file's bytes in memory. */
class Held implements Source {
  #rest: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#rest = bytes;
  }

  read(target: Uint8Array): Promise<number | null> {
    const part = this.#rest.subarray(0, target.length);
    target.set(part);
    this.#rest = this.#rest.subarray(part.length);
    return Promise.resolve(part.length || null);
  }

  close(): void {
    this.#rest = new Uint8Array();
  }
}

/** An open part of a file. Every one must be disposed. */
export class FileReader implements AsyncDisposable {
  /** The whole file's size in bytes, whatever the range. */
  readonly size: number;
  readonly #path: string;
  readonly #signal: AbortSignal;
  #file: Source | null;
  #left: number;

  constructor(path: string, file: Source | null, size: number, range: FileRange) {
    this.size = size;
    this.#path = path;
    this.#file = file;
    this.#signal = range.signal;
    this.#left = range.length ?? size - range.from;
  }

  /**
   * Fills `target` with the range's next bytes and resolves to how many: all of `target`, or what
   * is left of the range, 0 at its end. Throws when the file ends before.
   */
  async read(target: Uint8Array): Promise<number> {
    this.#signal.throwIfAborted();
    if (this.#left < 0) throw this.#tooShort();
    const wanted = Math.min(target.length, this.#left);
    let done = 0;
    while (done < wanted) {
      done += await this.#readSome(target.subarray(done, wanted));
      this.#signal.throwIfAborted();
    }
    this.#left -= done;
    return done;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#file?.close();
    this.#file = null;
    return Promise.resolve();
  }

  async #readSome(target: Uint8Array): Promise<number> {
    if (!this.#file) throw new Error(`Could not read ${this.#path}: it is closed`);
    let count: number | null;
    try {
      count = await this.#file.read(target);
    } catch (error) {
      throw diskError(`read ${this.#path}`, error);
    }
    if (count === null) throw this.#tooShort();
    return count;
  }

  #tooShort(): Error {
    return new Error(`Could not read ${this.#path}: it ends before what was asked for`);
  }
}

/** SHA-256 (lower-case hexadecimal) over `prefix` and then the file, or `null` without such a file. */
export async function hashFile(
  path: string,
  { prefix, signal }: { prefix: Uint8Array; signal: AbortSignal },
): Promise<string | null> {
  await using reader = await openRange(path, { from: 0, signal });
  if (!reader) return null;
  const hash = createHash("sha256").update(prefix);
  for await (const piece of pieces(reader)) hash.update(piece);
  return hash.digest("hex");
}

/** What is left of a reader. Each piece is good until the next is asked for. */
export async function* pieces(reader: FileReader): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(Math.min(BUFFER_BYTES, Math.max(reader.size, 1)));
  for (let count; (count = await reader.read(buffer)) > 0;) yield buffer.subarray(0, count);
}
