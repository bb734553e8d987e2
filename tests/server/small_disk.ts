/** File systems that are really full when they are full: small ones, where they can be mounted. */
import { join } from "node:path";
import { temporaryRoot } from "./running_server.ts";
import { eventually } from "./waiting.ts";

/** A disk that a test left frozen is thawed after this. Milliseconds. */
const FROZEN_MS = 60_000;

export interface SmallDisk extends AsyncDisposable {
  path: string;
  /** Another's file takes all that is left, to the last block. */
  fill(): Promise<void>;
  /** Of `ext4`: whatever writes there hangs, until the result is disposed. */
  freeze(): Promise<AsyncDisposable>;
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

/** Why no disk can be made to hang here, or `null`. */
export async function whyNoHangingDisk(): Promise<string | null> {
  const whyNot = await whyNoSmallDisk("ext4");
  if (whyNot) return whyNot;
  try {
    await using disk = await smallDisk(1, "ext4");
    await using _frozen = await disk.freeze();
    return null;
  } catch (error) {
    return `no file system can be frozen: ${error instanceof Error ? error.message : error}`;
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
    freeze: async () => {
      await run("fsfreeze", "--freeze", root.path);
      const thaw = () => run("fsfreeze", "--unfreeze", root.path);
      // Nobody can end a process that hangs.
      const late = setTimeout(() => thaw().catch(() => {}), FROZEN_MS);
      return {
        async [Symbol.asyncDispose]() {
          clearTimeout(late);
          await thaw();
        },
      };
    },
    async [Symbol.asyncDispose]() {
      // What hung on it has its files open until just now.
      await eventually("unmounted", () => run("umount", root.path).then(() => true, () => false));
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
