import { join } from "node:path";
import { lockFile, makePath } from "../disk/mod.ts";

/** Another process has the data directory, or it cannot be used. */
export class DataDirectoryRefused extends Error {
  override readonly name = "DataDirectoryRefused";
}

/** The depot's own directory, held by this process until it is disposed. */
export class DataDirectory implements Disposable {
  private constructor(readonly path: string, private readonly lock: Deno.FsFile) {}

  /** Makes the directory when it is not there, unless told not to. Throws `DataDirectoryRefused`. */
  static async open(path: string, { create = true } = {}): Promise<DataDirectory> {
    try {
      if (create) await makePath(path);
      const lock = await Deno.open(join(path, "lock"), { create, write: true });
      if (await lockFile(lock)) return new DataDirectory(path, lock);
      lock.close();
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new DataDirectoryRefused(
        `Could not use the data directory ${path}: ${why}. Give another one with --data`,
        { cause },
      );
    }
    throw new DataDirectoryRefused(
      `Could not use the data directory ${path}: another depot is running on it. Stop that one, ` +
        `or give this one a directory of its own with --data`,
    );
  }

  get catalog(): string {
    return join(this.path, "catalog.db");
  }

  /** Where files are kept when no `--store` is given. */
  get ownStore(): string {
    return join(this.path, "store");
  }

  /** Where this depot keeps who it is at other depots. */
  get joined(): string {
    return join(this.path, "joined");
  }

  [Symbol.dispose](): void {
    this.lock.close();
  }
}
