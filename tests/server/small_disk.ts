/** File systems that are really full when they are full: small ones, where they can be mounted. */
import { join } from "node:path";
import { temporaryRoot } from "./running_server.ts";

export interface SmallDisk extends AsyncDisposable {
  path: string;
  /** Another's file takes all that is left, to the last block. */
  fill(): Promise<void>;
}

/** How a small disk is made; `tmpfs` is in memory, `ext4` in a file. */
export type SmallDiskKind = keyof typeof MOUNTS;

const MOUNTS = {
  tmpfs: async (path: string, mebibytes: number) => {
    await run("mount", "-t", "tmpfs", "-o", `size=${mebibytes}m`, "none", path);
  },
  ext4: async (path: string, mebibytes: number) => {
    const image = await Deno.makeTempFile({ prefix: "deposito-image-" });
    try {
      await Deno.truncate(image, mebibytes * 1024 * 1024);
      // Root gets no blocks that others do not get.
      await run("mkfs.ext4", "-q", "-m", "0", image);
      await run("mount", "-o", "loop", image, path);
    } finally {
      // The mount has it as long as it needs it.
      await Deno.remove(image);
    }
  },
};

/** Why there can be no small disk here, or `null`. */
export async function whyNoSmallDisk(kind: SmallDiskKind = "tmpfs"): Promise<string | null> {
  if (Deno.build.os !== "linux") return "small disks are made with what Linux has";
  try {
    await using _disk = await smallDisk(1, kind);
    return null;
  } catch (error) {
    return `no ${kind} can be mounted: ${error instanceof Error ? error.message : error}`;
  }
}

/** Mounts a disk of so many MiB; unmounted when it is disposed. */
export async function smallDisk(
  mebibytes: number,
  kind: SmallDiskKind = "tmpfs",
): Promise<SmallDisk> {
  const root = temporaryRoot();
  try {
    await MOUNTS[kind](root.path, mebibytes);
  } catch (error) {
    await root[Symbol.asyncDispose]();
    throw error;
  }
  return {
    path: root.path,
    fill: () => fill(join(root.path, "another's file")),
    async [Symbol.asyncDispose]() {
      await run("umount", root.path);
      await root[Symbol.asyncDispose]();
    },
  };
}

/** Ever smaller pieces, until not one byte more is taken. */
async function fill(path: string): Promise<void> {
  using file = await Deno.open(path, { append: true, create: true });
  for (let piece = new Uint8Array(1024 * 1024); piece.length > 0;) {
    try {
      await file.write(piece);
      await file.sync();
    } catch {
      piece = piece.subarray(0, Math.floor(piece.length / 2));
    }
  }
}

async function run(command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr).trim());
}
