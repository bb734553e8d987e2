/** The folders and files of a scenario: the same ones for all who take part. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Scale } from "./scale.ts";

const MIB = 1024 * 1024;

/**
 * A scenario's own folder, removed when it is disposed, and the files that are moved in it.
 *
 * Rounds of many small files take a new folder each and remove nothing: ext4 without a journal
 * gives no inode away again for minutes, and looks past each of those at every file that is made,
 * so that all would pay for what the bench has deleted. A large file may go: it is one inode.
 */
export class Ground implements AsyncDisposable {
  #large: Promise<string> | null = null;
  #small: Promise<string> | null = null;
  #folders = 0;

  private constructor(
    readonly root: string,
    readonly scale: Scale,
    /** The program to measure: an executable, or `null` for the sources. */
    readonly executable: string | null,
    /** A folder in memory, when there is one. */
    readonly memory: string | null,
  ) {}

  static async make(
    parent: string,
    { scale, executable = null, memory = null }: {
      scale: Scale;
      executable?: string | null;
      memory?: string | null;
    },
  ): Promise<Ground> {
    const root = await Deno.makeTempDir({ dir: parent, prefix: "deposito-bench-" });
    return new Ground(root, scale, executable, memory);
  }

  /** A new folder for one contestant. */
  async folder(name: string): Promise<string> {
    const path = join(this.root, `${++this.#folders}-${name.replace(/[^a-z0-9]+/gi, "-")}`);
    await Deno.mkdir(path);
    return path;
  }

  /** A file of `largeBytes` random bytes, made when it is first asked for. */
  large(): Promise<string> {
    return this.#large ??= this.#makeLarge();
  }

  /** A folder with `smallFiles` files of random bytes. */
  small(): Promise<string> {
    return this.#small ??= this.#makeSmall();
  }

  /** Changes what `large` begins with, so that nobody can know its content from an earlier round. */
  async changeLarge(): Promise<string> {
    const path = await this.large();
    using file = await Deno.open(path, { write: true });
    await file.write(randomBytes(4_096));
    return path;
  }

  /** Changes every file in `small`. */
  async changeSmall(): Promise<string> {
    const path = await this.small();
    for (let number = 0; number < this.scale.smallFiles; number++) {
      await Deno.writeFile(join(path, smallName(number)), randomBytes(this.scale.smallBytes));
    }
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.root, { recursive: true });
  }

  async #makeLarge(): Promise<string> {
    const path = join(this.root, "large.bin");
    using file = await Deno.open(path, { createNew: true, write: true });
    for (let left = this.scale.largeBytes; left > 0; left -= MIB) {
      await file.write(randomBytes(Math.min(left, MIB)));
    }
    await file.sync();
    return path;
  }

  async #makeSmall(): Promise<string> {
    const path = join(this.root, "small");
    await Deno.mkdir(path);
    for (let number = 0; number < this.scale.smallFiles; number += 100) {
      await Deno.mkdir(join(path, folderOf(number)));
    }
    this.#small = Promise.resolve(path);
    return await this.changeSmall();
  }
}

/** A hundred files a folder. */
function smallName(number: number): string {
  return join(folderOf(number), `${number}.bin`);
}

function folderOf(number: number): string {
  return `folder${Math.floor(number / 100)}`;
}

/** Throws unless `path` is a file of `bytes` bytes: a round that moved nothing is no measurement. */
export async function requireFile(path: string, bytes: number): Promise<void> {
  const { size } = await Deno.stat(path);
  if (size !== bytes) throw new Error(`${path} has ${size} bytes, not ${bytes}`);
}

/** Throws unless there are `count` files below `folder`. */
export async function requireFiles(folder: string, count: number): Promise<void> {
  const found = await countFiles(folder);
  if (found !== count) throw new Error(`${folder} has ${found} files, not ${count}`);
}

/** Files below `folder`. */
export async function countFiles(folder: string): Promise<number> {
  let count = 0;
  for await (const entry of Deno.readDir(folder)) {
    count += entry.isDirectory ? await countFiles(join(folder, entry.name)) : 1;
  }
  return count;
}

/** Gives back the room of all files below `folder`, and keeps their inodes. */
export async function emptied(folder: string): Promise<void> {
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) await emptied(path);
    if (!entry.isFile) continue;
    // Some programs write-protect what they keep.
    if (Deno.build.os !== "windows") await Deno.chmod(path, 0o600);
    await Deno.truncate(path);
  }
}

/** Removes what is there, if anything is. */
export async function removed(path: string): Promise<void> {
  await Deno.remove(path, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}
