/** Folders that are kept open from one sync to the next. */
import { openFolderInPlace } from "../durable.ts";

/** How long folders are kept after the last call of `rest`. */
const KEEP_MS = 1_000;

interface Kept {
  file: Deno.FsFile;
  info: Deno.FileInfo;
}

/**
 * Syncs folders again and again without opening each anew, which takes longer than the sync: the
 * runtime looks at every folder of a path first. As many are open as there are, so not for long.
 */
export class KeptFolders implements Disposable {
  readonly #kept = new Map<string, Kept>();
  readonly #keepMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(keepMs: number = KEEP_MS) {
    this.#keepMs = keepMs;
  }

  /**
   * Opens a folder, in place, unless it is open. What it returns makes the names durable that were
   * added before its first call; every later call resolves with that one.
   */
  open(folder: string): () => Promise<void> {
    const file = this.#fileOf(folder);
    let synced: Promise<void> | undefined;
    return () => synced ??= this.#sync(folder, file);
  }

  /** Closes all that are open, unless it is called again soon. */
  rest(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this[Symbol.dispose](), this.#keepMs);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const folder of this.#kept.keys()) this.#close(folder);
  }

  async #sync(folder: string, file: Deno.FsFile | null): Promise<void> {
    try {
      await file?.sync();
    } catch (error) {
      // What failed once is not tried again on the same handle.
      this.#close(folder);
      throw error;
    }
  }

  /** `null` where folders cannot be opened. */
  #fileOf(folder: string): Deno.FsFile | null {
    const kept = this.#kept.get(folder);
    // Another folder may have the path by now, and the names are in that one.
    if (kept && isSame(kept.info, Deno.statSync(folder))) return kept.file;
    this.#close(folder);
    const file = openFolderInPlace(folder);
    if (file) this.#kept.set(folder, { file, info: file.statSync() });
    return file;
  }

  #close(folder: string): void {
    this.#kept.get(folder)?.file.close();
    this.#kept.delete(folder);
  }
}

function isSame(a: Deno.FileInfo, b: Deno.FileInfo): boolean {
  return a.ino === b.ino && a.dev === b.dev;
}
