/** A file from a depot to a path: in a part beside it first, checked, then under its name. */
import { isAbsolute } from "node:path";
import { Sha256 } from "../content/digest.ts";
import { BLOCK_BYTES, Refusal } from "../protocol/mod.ts";
import { LocalError } from "./errors.ts";
import type { Link } from "./link.ts";
import { lookAt, partPath } from "./output_path.ts";
import type { DepositedFile, StoredFile } from "./records.ts";
import { Retrieval, type Sink, WrongBytes } from "./retrieve.ts";

export interface DownloadOptions {
  /** Replaces a different file at the path. */
  force?: boolean;
  signal?: AbortSignal | undefined;
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/** What became of a download. `same`: an equal file was there already, and was left. */
export interface Downloaded {
  file: DepositedFile;
  path: string;
  outcome: "written" | "same";
}

/** Copies that were wrong are avoided, and others asked for, so often. */
const WRONG_COPIES = 3;

/** A file that changes while it is retrieved is begun again so often. */
const CHANGES = 3;

/**
 * Brings `file` to the absolute `path`, whose folder is there. Goes on from a part that an earlier
 * attempt left. Throws `LocalError` when something else is at the path, and what a `Link` throws.
 */
export async function download(
  link: Link,
  file: StoredFile,
  options: DownloadOptions & { path: string },
): Promise<Downloaded> {
  if (!isAbsolute(options.path)) throw new TypeError(`Expected an absolute path: ${options.path}`);
  for (let present = file, changes = 0;;) {
    try {
      return await downloadVersion(link, present, options);
    } catch (error) {
      const hasChanged = error instanceof Refusal && error.code === "mudou";
      if (!hasChanged || ++changes > CHANGES) throw error;
      const look = await link.run(
        (session) => session.fileStatus(file.name, options.signal),
        options,
      );
      present = look.file;
    }
  }
}

async function downloadVersion(
  link: Link,
  file: StoredFile,
  options: DownloadOptions & { path: string },
): Promise<Downloaded> {
  const { path, force = false, signal } = options;
  const present = await lookAt(path);
  if (present && await isEqual(path, present, { file, signal })) {
    return { file, path, outcome: "same" };
  }
  if (present) requireReplaceable(path, present, force);
  using part = await Part.open(partPath(path, file.digest));
  try {
    await bring(link, { file, part, options });
  } catch (error) {
    if (error instanceof Refusal && error.code === "mudou") await part.restart();
    throw error;
  }
  await part.becomes(path, { file, replace: force });
  return { file, path, outcome: "written" };
}

async function isEqual(
  path: string,
  present: Deno.FileInfo,
  { file, signal }: { file: StoredFile; signal: AbortSignal | undefined },
): Promise<boolean> {
  if (!present.isFile || present.size !== file.size) return false;
  using there = await Deno.open(path);
  return (await hashFile(there, file.size, signal)).digest() === file.digest;
}

function requireReplaceable(path: string, present: Deno.FileInfo, force: boolean): void {
  if (present.isDirectory) {
    throw new LocalError("ja_existe", `${path} is a folder: choose another path with --output`);
  }
  if (!force) throw somethingElse(path);
}

function somethingElse(path: string): LocalError {
  return new LocalError(
    "ja_existe",
    `${path} exists and is different: replace it with --force, or choose --output`,
  );
}

interface Bringing {
  file: StoredFile;
  part: Part;
  options: DownloadOptions;
}

/** Fills the part with all of the content, whatever breaks meanwhile. */
async function bring(link: Link, { file, part, options }: Bringing): Promise<void> {
  const { signal, onProgress } = options;
  const retrieval = new Retrieval(file.name, part, { digest: file.digest, signal, onProgress });
  retrieval.resumeAt(...await part.resume(file.size, signal));
  let resumed = retrieval.position > 0;
  for (let wrong = 0;;) {
    try {
      await link.run((session, advanced) => {
        advanced(retrieval.position);
        return retrieval.receive(session);
      }, options);
      return;
    } catch (error) {
      if (!(error instanceof WrongBytes)) throw error;
      await part.restart();
      // What was kept from earlier may be what is wrong, and no copy of the depot's.
      if (!resumed && ++wrong === WRONG_COPIES) throw wrongEverywhere(error);
      retrieval.startOver(resumed ? [] : error.places);
      resumed = false;
    }
  }
}

/** The file beside the target that bytes are written to. Only one process writes to it. */
class Part implements Sink, Disposable {
  #file: Deno.FsFile;
  #path: string;
  #named = false;

  private constructor(file: Deno.FsFile, path: string) {
    this.#file = file;
    this.#path = path;
  }

  /** Opens the one that is there, or makes it; waits while another process has it. */
  static async open(path: string): Promise<Part> {
    while (true) {
      const present = await lookAt(path);
      if (present && !present.isFile) {
        throw new LocalError("caminho_recusado", `${path} is no file: remove it`);
      }
      const file = await Deno.open(path, {
        read: true,
        write: true,
        ...(present ? {} : { createNew: true }),
      }).catch(ifRaced);
      if (!file) continue;
      // Without locks two retrievals may mix here, and the hash then finds it.
      await file.lock(true).catch(() => {});
      // Who had it may have given it its name, and this handle would write into that.
      if (await isStill(path, file)) return new Part(file, path);
      file.close();
    }
  }

  /** What is there of `size` bytes: how many, and their hash. */
  async resume(size: number, signal?: AbortSignal): Promise<[number, Sha256]> {
    const kept = (await this.#file.stat()).size;
    if (kept > size) {
      await this.restart();
      return [0, new Sha256()];
    }
    return [kept, await hashFile(this.#file, kept, signal)];
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) {
      rest = rest.subarray(await this.#file.write(rest));
    }
  }

  async restart(): Promise<void> {
    await this.#file.truncate(0);
    await this.#file.seek(0, Deno.SeekMode.Start);
  }

  /** The part takes its name, with its time and its executable bit, when all of it is on disk. */
  async becomes(
    path: string,
    { file, replace }: { file: StoredFile; replace: boolean },
  ): Promise<void> {
    await this.#dress(file);
    await this.#file.sync();
    if (replace) await Deno.rename(this.#path, path);
    else await linkOrRename(this.#path, path);
    this.#named = true;
  }

  /** What is worth going on from stays. */
  [Symbol.dispose](): void {
    try {
      if (!this.#named && this.#file.statSync().size === 0) Deno.removeSync(this.#path);
    } finally {
      this.#file.close();
    }
  }

  async #dress(file: StoredFile): Promise<void> {
    if (file.executable && Deno.build.os !== "windows") {
      const mode = (await this.#file.stat()).mode ?? 0o644;
      // Who may read it may run it, as far as the user's mask allowed reading.
      await Deno.chmod(this.#path, (mode & 0o777) | ((mode & 0o444) >> 2));
    }
    if (file.modifiedAt === null) return;
    const time = new Date(file.modifiedAt);
    await this.#file.utime(time, time);
  }
}

function wrongEverywhere(cause: WrongBytes): LocalError {
  return new LocalError(
    "conteudo_errado",
    `${cause.message}, from every copy tried: see status NAME, and try again later`,
    { cause },
  );
}

/** Gives the name without replacing what got there meanwhile. */
async function linkOrRename(part: string, path: string): Promise<void> {
  try {
    await Deno.link(part, path);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) throw somethingElse(path);
    // A file system without links.
    if (await lookAt(path)) throw somethingElse(path);
    return await Deno.rename(part, path);
  }
  await Deno.remove(part);
}

/** Hashes the first `size` bytes; the handle stands after them then. */
async function hashFile(
  file: Deno.FsFile,
  size: number,
  signal?: AbortSignal,
): Promise<Sha256> {
  const hash = new Sha256();
  await file.seek(0, Deno.SeekMode.Start);
  const buffer = new Uint8Array(Math.min(size, BLOCK_BYTES));
  for (let left = size; left > 0;) {
    signal?.throwIfAborted();
    const count = await file.read(buffer.subarray(0, Math.min(left, buffer.length)));
    if (count === null) break;
    hash.update(buffer.subarray(0, count));
    left -= count;
  }
  return hash;
}

function ifRaced(error: unknown): null {
  const raced = error instanceof Deno.errors.AlreadyExists || error instanceof Deno.errors.NotFound;
  if (raced) return null;
  throw error;
}

async function isStill(path: string, file: Deno.FsFile): Promise<boolean> {
  const [named, open] = [await lookAt(path), await file.stat()];
  return named !== null && named.ino === open.ino && named.dev === open.dev;
}
