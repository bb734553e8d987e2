/** The file in which the bytes of another one gather until all of them are there. */
import { Budget } from "../content/budget.ts";
import { Sha256 } from "../content/digest.ts";
import { GrowingFile, type Growth } from "../disk/growing_file.ts";
import { UncachedWrites } from "../disk/uncached/writes.ts";
import { AHEAD_BYTES } from "../protocol/mod.ts";
import { LocalError, messageOf } from "./errors.ts";
import { hashFile } from "./file_hash.ts";
import { lockAtOnce, lockFile, tryLock } from "./lock.ts";
import { lookAt, requireReplaceable } from "./output_path.ts";
import type { StoredFile } from "./records.ts";
import type { Sink } from "./retrieve.ts";

export interface PartOptions {
  signal?: AbortSignal | undefined;
  /** Told why it waits, when it does. */
  onWait?: ((why: string) => void) | undefined;
}

/** Of all parts. Their worker ends with the last large one. */
const GROWTH: Growth = { earlySyncs: new Budget(2), uncached: new UncachedWrites() };

/**
 * A part beside its target. Only one process writes to it. What the system does in memory is done in
 * place: handing it to a thread takes several times as long.
 */
export class Part implements Sink, AsyncDisposable {
  /** It was made just now: nobody else has brought anything. */
  readonly isNew: boolean;
  #file: Deno.FsFile;
  #path: string;
  /** As it was when it was opened. */
  #opened: Deno.FileInfo;
  /** No other process writes to it: there are locks here. */
  #isLocked: boolean;
  /** The same file. */
  #growing: GrowingFile;
  #isOver = false;

  private constructor(
    file: Deno.FsFile,
    path: string,
    { opened, isLocked, isNew }: { opened: Deno.FileInfo; isLocked: boolean; isNew: boolean },
  ) {
    this.#file = file;
    this.#path = path;
    this.#opened = opened;
    this.#isLocked = isLocked;
    this.isNew = isNew;
    this.#growing = new GrowingFile(path, file, opened.size, GROWTH);
  }

  /** Opens the one that is there, or makes it; waits while another process has it. */
  static async open(path: string, options: PartOptions = {}): Promise<Part> {
    return Part.#make(path) ?? await Part.#take(path, options);
  }

  /** `null`: something is there, or nobody can say at once that it is this process's alone. */
  static #make(path: string): Part | null {
    const file = makeFile(path);
    if (!file) return null;
    try {
      const opened = file.statSync();
      if (lockAtOnce(file) && isAt(path, opened) && !isLinked(opened)) {
        return new Part(file, path, { opened, isLocked: true, isNew: true });
      }
    } catch (error) {
      file.close();
      throw error;
    }
    file.close();
    return null;
  }

  static async #take(path: string, { signal, onWait }: PartOptions): Promise<Part> {
    const why = `waiting for another retrieval that fills ${path}`;
    while (true) {
      const file = await openOrMake(path);
      if (!file) continue;
      try {
        const isLocked = await lockFile(file, { signal, onWait: () => onWait?.(why) });
        const opened = file.statSync();
        // Who had it may have given it its name, and this handle would write into that.
        if (isAt(path, opened)) {
          if (!isLinked(opened)) return new Part(file, path, { opened, isLocked, isNew: false });
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
    if (await tryLock(file) === "busy" || !isAt(path, file.statSync())) return;
    await Deno.remove(path).catch(ignoreAbsence);
  }

  /** What is there of `size` bytes: how many, and their hash. */
  async resume(size: number, signal?: AbortSignal): Promise<[number, Sha256]> {
    const kept = this.#opened.size;
    if (kept === 0) return [0, new Sha256()];
    if (kept > size) {
      await this.restart();
      return [0, new Sha256()];
    }
    return [kept, await hashFile(this.#file, kept, signal)];
  }

  /** What cannot be written is thrown with the path, as the runtime does where it knows one. */
  write(bytes: Uint8Array): Promise<void> {
    return this.#told(() => this.#growing.write(bytes, { inPlace: bytes.length <= AHEAD_BYTES }));
  }

  async restart(): Promise<void> {
    await this.#growing.rewind(0);
  }

  /**
   * The part takes its name, with its time and its executable bit, when all of it is on disk; false:
   * something has that name by now, and is not to be replaced. Throws `arquivo_mudou` when the
   * part's path is not that of the file any more that was written.
   */
  async becomes(
    path: string,
    { file, replace }: { file: StoredFile; replace: boolean },
  ): Promise<boolean> {
    // A write that came after would change the time again.
    await this.#told(() => this.#growing.settled());
    this.#dress(file);
    await this.#told(() => this.#growing.sync({ withState: true }));
    await this.#requireUnmixed(file);
    const present = replace ? lookAt(path) : null;
    if (present) requireReplaceable(path, present, replace);
    this.#requireOwn(file.size);
    if (replace) Deno.renameSync(this.#path, path);
    else if (!linkOrRename(this.#path, path)) return false;
    this.#isOver = true;
    return true;
  }

  /** It is not needed any more. */
  async discard(): Promise<void> {
    if (isAt(this.#path, this.#opened)) await Deno.remove(this.#path).catch(ignoreAbsence);
    this.#isOver = true;
  }

  /** What is worth going on from stays. */
  async [Symbol.asyncDispose](): Promise<void> {
    // Who wrote was told of what failed.
    await this.#growing.settled().catch(() => {});
    try {
      if (this.#isOver) return;
      const open = this.#file.statSync();
      if (open.size === 0 && isAt(this.#path, open)) Deno.removeSync(this.#path);
    } catch (error) {
      ignoreAbsence(error);
    } finally {
      await this.#growing.close();
    }
  }

  async #told(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      throw new Error(`${messageOf(cause)}: write '${this.#path}'`, { cause });
    }
  }

  #requireOwn(size: number): void {
    const named = lookAt(this.#path);
    if (named && isSame(named, this.#opened) && named.size === size) return;
    throw partChanged(this.#path);
  }

  /** Without locks two retrievals may have cut off and filled up each other's bytes. */
  async #requireUnmixed({ size, digest }: StoredFile): Promise<void> {
    if (this.#isLocked || (await hashFile(this.#file, size)).digest() === digest) return;
    throw partChanged(this.#path);
  }

  #dress(file: StoredFile): void {
    if (file.executable && Deno.build.os !== "windows") {
      this.#requireOwn(file.size);
      const mode = this.#file.statSync().mode ?? 0o644;
      // Who may read it may run it, as far as the user's mask allowed reading.
      Deno.chmodSync(this.#path, (mode & 0o777) | ((mode & 0o444) >> 2));
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

/** `null`: something is there. */
function makeFile(path: string): Deno.FsFile | null {
  try {
    return Deno.openSync(path, { read: true, write: true, createNew: true });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return null;
    throw error;
  }
}

/** Gives the name without replacing what got there meanwhile; false: something did. */
function linkOrRename(part: string, path: string): boolean {
  try {
    Deno.linkSync(part, path);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    // A file system without links.
    if (lookAt(path)) return false;
    Deno.renameSync(part, path);
    return true;
  }
  try {
    Deno.removeSync(part);
  } catch (error) {
    ignoreAbsence(error);
  }
  return true;
}

function ignoreAbsence(error: unknown): null {
  if (error instanceof Deno.errors.NotFound) return null;
  throw error;
}

/** Whether the open file is the one at `path`. */
function isAt(path: string, open: Deno.FileInfo): boolean {
  const named = lookAt(path);
  return named !== null && isSame(named, open);
}

/** As far as the system tells files apart. */
function isSame(one: Deno.FileInfo, other: Deno.FileInfo): boolean {
  return one.isFile && one.ino === other.ino && one.dev === other.dev;
}

/** It has a second name, as after an end between the two steps of the naming: that one is a user's. */
function isLinked(open: Deno.FileInfo): boolean {
  return (open.nlink ?? 1) > 1;
}

function partChanged(path: string): LocalError {
  return new LocalError(
    "arquivo_mudou",
    `${path} was changed by somebody else while it was filled: run the command again`,
  );
}
