/** Contents in order, one shard's names in memory at a time. */
import { join } from "node:path";
import { isDigest } from "../content/digest.ts";
import { diskError, isAbsence } from "./errors.ts";
import { type Layout, SHARDS } from "./layout.ts";
import { statFile } from "./reading.ts";

/**
 * One by one, the waiting between two calls costs more than the calls. More than these are no
 * faster, and each is a thread that sockets have to wait for where all processors are busy.
 */
const STATS_AT_ONCE = 4;
/** After so many whoever waits for the disk or the processor comes first. */
const STATS_BETWEEN_RESTS: number = 16 * STATS_AT_ONCE;
/** Milliseconds. */
const REST_MS = 1;

export interface ListOptions {
  after?: string;
  signal: AbortSignal;
  /** Throws when the disk is not there; asked when a folder is missing. */
  confirm: () => Promise<void>;
}

/** Contents and their sizes, ascending by digest, from the first after `after`. */
export async function* listContents(
  layout: Layout,
  { after = "", signal, confirm }: ListOptions,
): AsyncGenerator<{ digest: string; size: number }> {
  signal.throwIfAborted();
  await confirm();
  for (const shard of SHARDS) {
    if (shard < after.slice(0, 2)) continue;
    const folder = join(layout.contents, shard);
    const names = (await digestsIn(folder, shard) ?? await confirm() ?? [])
      .filter((name) => name > after).sort();
    for await (const some of sizes(folder, names, signal)) yield* some;
    signal.throwIfAborted();
  }
}

/** Whether there is any content at all. Looks at names only, and asks no mark. */
export async function hasContents(layout: Layout): Promise<boolean> {
  for (const shard of SHARDS) {
    if ((await digestsIn(join(layout.contents, shard), shard))?.length) return true;
  }
  return false;
}

function rest(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, REST_MS));
}

/** How many contents there are, as `hasContents` sees them. */
export async function countContents(layout: Layout): Promise<number> {
  let count = 0;
  for (const shard of SHARDS) {
    count += (await digestsIn(join(layout.contents, shard), shard))?.length ?? 0;
  }
  return count;
}

/** Bytes of all files below a folder, marks and the like included. */
export async function bytesBelow(folder: string): Promise<number> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  const [folders, files] = [true, false].map((isFolder) =>
    entries.filter(({ isDirectory }) => isDirectory === isFolder).map(({ name }) => name)
  );
  let bytes = 0;
  for await (const some of sizes(folder, files!)) {
    for (const { size } of some) bytes += size;
  }
  for (const name of folders!) bytes += await bytesBelow(join(folder, name));
  return bytes;
}

/** `null` when there is no such folder. */
async function digestsIn(folder: string, shard: string): Promise<string[] | null> {
  const names: string[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) {
      if (isFile && isDigest(name) && name.startsWith(shard)) names.push(name);
    }
    return names;
  } catch (error) {
    if (isAbsence(error)) return null;
    throw diskError(`list ${folder}`, error);
  }
}

/** Of all of them, some at a time and with rests. */
async function* sizes(
  folder: string,
  names: string[],
  signal?: AbortSignal,
): AsyncGenerator<{ digest: string; size: number }[]> {
  for (let at = 0; at < names.length; at += STATS_AT_ONCE) {
    if (at > 0 && at % STATS_BETWEEN_RESTS === 0) await rest();
    signal?.throwIfAborted();
    const some = names.slice(at, at + STATS_AT_ONCE);
    const infos = await Promise.all(some.map((name) => statFile(join(folder, name))));
    // One that went meanwhile is not there any more, which is all that a list can say.
    yield some.flatMap((digest, index) => {
      const info = infos[index];
      return info ? [{ digest, size: info.size }] : [];
    });
  }
}
