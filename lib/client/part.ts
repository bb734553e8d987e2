/** The file in which the bytes of another one gather until all of them are there. */
import { Sha256 } from "../content/digest.ts";
import { LocalError } from "./errors.ts";
import { hashFile } from "./file_hash.ts";
import { lookAt } from "./output_path.ts";
import type { StoredFile } from "./records.ts";
import type { Sink } from "./retrieve.ts";

/** A part beside its target. Only one process writes to it. */
export class Part implements Sink, Disposable {
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

/** Gives the name without replacing what got there meanwhile. */
async function linkOrRename(part: string, path: string): Promise<void> {
  try {
    await Deno.link(part, path);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) throw somethingElseAt(path);
    // A file system without links.
    if (await lookAt(path)) throw somethingElseAt(path);
    return await Deno.rename(part, path);
  }
  await Deno.remove(part);
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

/** What to throw when a path is taken. */
export function somethingElseAt(path: string): LocalError {
  return new LocalError(
    "ja_existe",
    `${path} exists and is different: replace it with --force, or choose --output`,
  );
}
