/** Changes to folders that are there after a power cut, once their promise resolved. */
import { basename, dirname, join } from "node:path";
import { DiskRefused, isAbsence } from "./errors.ts";

/** Contents are nobody's business but the depot's. */
const FOLDER_MODE = 0o700;
const NEW_FILE = { write: true, createNew: true, mode: 0o600 };
/** Windows opens no directory for a sync; NTFS journals names by itself. */
const FOLDERS_OPEN = Deno.build.os !== "windows";

/** Makes names that were added to or taken from `folder` durable. */
export async function syncFolder(folder: string): Promise<void> {
  using sync = new FolderSync(folder);
  await sync.sync();
}

/** Opens a folder for syncs, in place; `null` where names need none. */
export function openFolderInPlace(folder: string): Deno.FsFile | null {
  return FOLDERS_OPEN ? Deno.openSync(folder) : null;
}

/** A sync of a folder, which may be opened ahead of the change that is to be synced. */
export class FolderSync implements Disposable {
  #handle: Deno.FsFile | null = null;

  constructor(private readonly folder: string) {}

  /** Opens the folder now; one that is not there is opened when it is synced. */
  async openIfThere(): Promise<void> {
    try {
      await this.#open();
    } catch (error) {
      if (!isAbsence(error)) throw error;
    }
  }

  /** Makes names that were added to it or taken from it durable. */
  async sync(): Promise<void> {
    if (!this.#handle) await this.#open();
    await this.#handle?.sync();
  }

  /** Another folder may have the name by now: that one is opened when it is synced. */
  forget(): void {
    this.#handle?.close();
    this.#handle = null;
  }

  [Symbol.dispose](): void {
    this.forget();
  }

  async #open(): Promise<void> {
    if (FOLDERS_OPEN) this.#handle = await Deno.open(this.folder);
  }
}

/**
 * Makes a folder whose parent is there. One that is there already is right, a link is not. Resolves to
 * whether it was made.
 */
export async function makeFolder(path: string): Promise<boolean> {
  try {
    await Deno.mkdir(path, { mode: FOLDER_MODE });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    if ((await Deno.lstat(path)).isDirectory) return false;
    throw new DiskRefused(`Could not use ${path}: it is not a folder. Move it away`);
  }
  await syncFolder(dirname(path));
  return true;
}

/** Makes the folders directly in `parent` that are missing, with one sync for all of them. */
export async function makeFolders(parent: string, names: string[]): Promise<void> {
  const there = new Set<string>();
  for await (const entry of Deno.readDir(parent)) if (entry.isDirectory) there.add(entry.name);
  const missing = names.filter((name) => !there.has(name)).map((name) => join(parent, name));
  await Promise.all(missing.map((path) =>
    Deno.mkdir(path, { mode: FOLDER_MODE }).catch((cause) => {
      if (!(cause instanceof Deno.errors.AlreadyExists)) throw cause;
      throw new DiskRefused(`Could not use ${path}: it is not a folder. Move it away`, { cause });
    })
  ));
  await syncFolder(parent);
}

/**
 * Makes a folder and what is missing above it, for a directory that the operator named. Resolves to
 * the folders that were made, the innermost first.
 */
export async function makePath(path: string): Promise<string[]> {
  let above: string[] = [];
  try {
    if ((await Deno.stat(path)).isDirectory) return [];
  } catch (error) {
    if (!isAbsence(error) || dirname(path) === path) throw error;
    above = await makePath(dirname(path));
  }
  return await makeFolder(path) ? [path, ...above] : above;
}

/** Creates a file, in place of one that was there; its name is durable only with its folder's sync. */
export async function createAnew(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path, NEW_FILE);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    await removeIfThere(path);
    return await Deno.open(path, NEW_FILE);
  }
}

/** The same, in place. */
export function createAnewSync(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path, NEW_FILE);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    Deno.removeSync(path);
    return Deno.openSync(path, NEW_FILE);
  }
}

/** Puts `text` at `path`, wholly or not at all. One at a time for a path: the temporary name is fixed. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = join(dirname(path), `${basename(path)}.new`);
  try {
    await writeSynced(temporary, new TextEncoder().encode(text));
    await Deno.rename(temporary, path);
  } catch (error) {
    await removeIfThere(temporary).catch(() => {});
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Removes a file (of a link, the link). Resolves to whether it was there. */
export async function removeIfThere(path: string): Promise<boolean> {
  try {
    await Deno.remove(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function writeSynced(path: string, data: Uint8Array): Promise<void> {
  using file = await createAnew(path);
  for (let done = 0; done < data.length;) done += await file.write(data.subarray(done));
  await file.syncData();
}
