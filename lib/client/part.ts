/** The file in which the bytes of another one gather until all of them are there. */
import { Sha256 } from "../content/digest.ts";
import { LocalError, messageOf } from "./errors.ts";
import { hashFile } from "./file_hash.ts";
import { lockFile, tryLock } from "./lock.ts";
import { lookAt, requireReplaceable, somethingElseAt } from "./output_path.ts";
import type { StoredFile } from "./records.ts";
import type { Sink } from "./retrieve.ts";

export interface PartOptions {
  signal?: AbortSignal | undefined;
  /** Told why it waits, when it does. */
  onWait?: ((why: string) => void) | undefined;
}

/** A part beside its target. Only one process writes to it. */
export class Part implements Sink, Disposable {
  #file: Deno.FsFile;
  #path: string;
  /** No other process writes to it: there are locks here. */
  #isLocked: boolean;
  #isOver = false;

  private constructor(file: Deno.FsFile, path: string, isLocked: boolean) {
    this.#file = file;
    this.#path = path;
    this.#isLocked = isLocked;
  }

  /** Opens the one that is there, or makes it; waits while another process has it. */
  static async open(path: string, { signal, onWait }: PartOptions = {}): Promise<Part> {
    const why = `waiting for another retrieval that fills ${path}`;
    while (true) {
      const file = await openOrMake(path);
      if (!file) continue;
      try {
        const isLocked = await lockFile(file, { signal, onWait: () => onWait?.(why) });
        // Who had it may have given it its name, and this handle would write into that.
        if (isAt(path, file)) {
          if (!isLinked(file)) return new Part(file, path, isLocked);
          await Deno.remove(path).catch(ignoreAbsence);
        }
      } catch (error) {
        file.close();
        throw error;
      }
      file.close();
    }
  }

  /** Removes what an earlier attempt left at `path`, unless somebody fills it just now. */
  static async drop(path: string): Promise<void> {
    const present = lookAt(path);
    if (!present?.isFile) return;
    using file = await Deno.open(path, { read: true, write: true });
    if (await tryLock(file) === "busy" || !isAt(path, file)) return;
    await Deno.remove(path).catch(ignoreAbsence);
  }

  /** What is there of `size` bytes: how many, and their hash. */
  async resume(size: number, signal?: AbortSignal): Promise<[number, Sha256]> {
    const kept = this.#file.statSync().size;
    if (kept > size) {
      await this.restart();
      return [0, new Sha256()];
    }
    return [kept, await hashFile(this.#file, kept, signal)];
  }

  /** What cannot be written is thrown with the path, as the runtime does where it knows one. */
  async write(bytes: Uint8Array): Promise<void> {
    try {
      for (let rest = bytes; rest.length > 0;) {
        rest = rest.subarray(await this.#file.write(rest));
      }
    } catch (cause) {
      throw new Error(`${messageOf(cause)}: write '${this.#path}'`, { cause });
    }
  }

  async restart(): Promise<void> {
    await this.#file.truncate(0);
    await this.#file.seek(0, Deno.SeekMode.Start);
  }

  /**
   * The part takes its name, with its time and its executable bit, when all of it is on disk.
   * Throws `arquivo_mudou` when its path is not that of the file any more that was written.
   */
  async becomes(
    path: string,
    { file, replace }: { file: StoredFile; replace: boolean },
  ): Promise<void> {
    this.#requireOwn(file.size);
    await this.#dress(file);
    await this.#file.sync();
    await this.#requireUnmixed(file);
    const present = lookAt(path);
    if (present) requireReplaceable(path, present, replace);
    this.#requireOwn(file.size);
    if (replace) await Deno.rename(this.#path, path);
    else await linkOrRename(this.#path, path);
    this.#isOver = true;
  }

  /** It is not needed any more. */
  async discard(): Promise<void> {
    if (isAt(this.#path, this.#file)) await Deno.remove(this.#path).catch(ignoreAbsence);
    this.#isOver = true;
  }

  /** What is worth going on from stays. */
  [Symbol.dispose](): void {
    try {
      if (this.#isOver) return;
      const open = this.#file.statSync();
      if (open.size === 0 && isSame(Deno.lstatSync(this.#path), open)) Deno.removeSync(this.#path);
    } catch (error) {
      ignoreAbsence(error);
    } finally {
      this.#file.close();
    }
  }

  #requireOwn(size: number): void {
    if (isAt(this.#path, this.#file) && this.#file.statSync().size === size) return;
    throw partChanged(this.#path);
  }

  /** Without locks two retrievals may have cut off and filled up each other's bytes. */
  async #requireUnmixed({ size, digest }: StoredFile): Promise<void> {
    if (this.#isLocked || (await hashFile(this.#file, size)).digest() === digest) return;
    throw partChanged(this.#path);
  }

  async #dress(file: StoredFile): Promise<void> {
    if (file.executable && Deno.build.os !== "windows") {
      const mode = this.#file.statSync().mode ?? 0o644;
      // Who may read it may run it, as far as the user's mask allowed reading.
      await Deno.chmod(this.#path, (mode & 0o777) | ((mode & 0o444) >> 2));
    }
    if (file.modifiedAt === null) return;
    const time = new Date(file.modifiedAt);
    this.#file.utimeSync(time, time);
  }
}

/** `null`: it came or went just now. */
async function openOrMake(path: string): Promise<Deno.FsFile | null> {
  const present = lookAt(path);
  if (present && !present.isFile) {
    throw new LocalError("caminho_recusado", `${path} is no file: remove it`);
  }
  try {
    const isNew = present ? {} : { createNew: true };
    return await Deno.open(path, { read: true, write: true, ...isNew });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return null;
    return ignoreAbsence(error);
  }
}

/** Gives the name without replacing what got there meanwhile. */
async function linkOrRename(part: string, path: string): Promise<void> {
  try {
    await Deno.link(part, path);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) throw somethingElseAt(path);
    // A file system without links.
    if (lookAt(path)) throw somethingElseAt(path);
    return await Deno.rename(part, path);
  }
  await Deno.remove(part).catch(ignoreAbsence);
}

function ignoreAbsence(error: unknown): null {
  if (error instanceof Deno.errors.NotFound) return null;
  throw error;
}

function isAt(path: string, file: Deno.FsFile): boolean {
  const [named, open] = [lookAt(path), file.statSync()];
  return named !== null && isSame(named, open);
}

/** As far as the system tells files apart. */
function isSame(one: Deno.FileInfo, other: Deno.FileInfo): boolean {
  return one.isFile && one.ino === other.ino && one.dev === other.dev;
}

/** It has a second name, as after an end between the two steps of the naming: that one is a user's. */
function isLinked(file: Deno.FsFile): boolean {
  return (file.statSync().nlink ?? 1) > 1;
}

function partChanged(path: string): LocalError {
  return new LocalError(
    "arquivo_mudou",
    `${path} was changed by somebody else while it was filled: run the command again`,
  );
}
