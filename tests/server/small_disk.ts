/** A file system that is really full when it is full: a small one in memory, where that can be mounted. */
import { temporaryRoot } from "./running_server.ts";

export interface SmallDisk extends AsyncDisposable {
  path: string;
}

/** Why there can be no small disk here, or `null`. */
export async function whyNoSmallDisk(): Promise<string | null> {
  if (Deno.build.os !== "linux") return "small disks are made with Linux's tmpfs";
  try {
    await using _disk = await smallDisk(1);
    return null;
  } catch (error) {
    return `a tmpfs cannot be mounted: ${error instanceof Error ? error.message : error}`;
  }
}

/** Mounts a disk of so many MiB; unmounted when it is disposed. */
export async function smallDisk(mebibytes: number): Promise<SmallDisk> {
  const root = temporaryRoot();
  try {
    await run("mount", "-t", "tmpfs", "-o", `size=${mebibytes}m`, "none", root.path);
  } catch (error) {
    await root[Symbol.asyncDispose]();
    throw error;
  }
  return {
    path: root.path,
    async [Symbol.asyncDispose]() {
      await run("umount", root.path);
      await root[Symbol.asyncDispose]();
    },
  };
}

async function run(command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr).trim());
}
