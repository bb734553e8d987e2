/** Where files can lie: a disk, and a file system in memory, which is made where it can be. */
import { run } from "./processes.ts";
import type { Scenario } from "./scenario.ts";

/** What memory is touched in. Bytes. */
const BLOCK_BYTES = 1024 * 1024;

/** Folders on each medium. Disposing it removes what was made. */
export interface Media extends AsyncDisposable {
  readonly folders: Readonly<Record<Scenario["medium"], string>>;
  /** The folder in memory; `null`: there is none. */
  readonly memory: string | null;
  /** Why the disk stands in for memory, if it does. */
  readonly gap: string | null;
}

/**
 * `disk` is a folder on the disk. Memory is `memory` when it is given; otherwise a file system that
 * is mounted for the run, which root can. (`/dev/shm` is closed to a runtime with permissions.)
 */
export async function openMedia(disk: string, memory: string | null): Promise<Media> {
  await using stack = new AsyncDisposableStack();
  let gap: string | null = null;
  let folder = memory;
  try {
    folder ??= await mounted(disk, stack);
  } catch (error) {
    gap = `memory is measured on the disk: ${(error as Error).message}; give --memory DIR`;
  }
  const made = stack.move();
  return {
    folders: { disk, memory: folder ?? disk },
    memory: folder,
    gap,
    [Symbol.asyncDispose]: () => made.disposeAsync(),
  };
}

async function mounted(parent: string, stack: AsyncDisposableStack): Promise<string> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) throw new Error("only root can mount one");
  const folder = await Deno.makeTempDir({ dir: parent, prefix: "deposito-bench-memory-" });
  stack.defer(() => Deno.remove(folder));
  await run("mount", ["-t", "tmpfs", "-o", "size=80%", "deposito-bench", folder]);
  stack.defer(async () => void await run("umount", ["--lazy", folder]));
  return folder;
}

/**
 * Writes and removes `bytes` in memory: the first touch of a page on a virtual machine is several
 * times slower than any later one, and a machine may give pages that it does not use back to its
 * host at any time.
 */
export async function touchMemory(folder: string, bytes: number): Promise<void> {
  const path = await Deno.makeTempFile({ dir: folder });
  try {
    using file = await Deno.open(path, { write: true });
    const block = new Uint8Array(BLOCK_BYTES);
    for (let left = bytes; left > 0; left -= block.length) await file.write(block);
  } finally {
    await Deno.remove(path);
  }
}
