/**
 * Copies that were moved out of the way: found bad, or unknown to the catalog. Never overwritten,
 * because two bad copies can hold one good one between them.
 */
import { diskError, isAbsence } from "./errors.ts";
import { removeIfThere, syncFolder } from "./durable.ts";
import { type Layout, parseAsideName } from "./layout.ts";
import { statFile } from "./reading.ts";

/** The newest set-aside copy of a content. `since`: milliseconds of the wall clock. */
export interface DiskAside {
  digest: string;
  size: number;
  since: number;
}

/**
 * Moves the copy of `digest` aside; resolves to whether there was one. Not to be called twice at
 * once on one disk.
 */
export async function moveAside(layout: Layout, digest: string, now: number): Promise<boolean> {
  const path = layout.content(digest);
  if (!await statFile(path)) return false;
  try {
    // A rename keeps the time of change, which is the only place for "since when".
    await Deno.utime(path, now / 1000, now / 1000);
    await makeWay(layout, digest);
    await Deno.rename(path, layout.asideCopy(digest));
    // The new name first: after a power cut in between, the copy has two names and not none.
    await syncFolder(layout.aside);
    await syncFolder(layout.shard(digest));
    return true;
  } catch (error) {
    throw diskError(`set ${path} aside`, error);
  }
}

/** The path of the newest set-aside copy of `digest`, or `null`. */
export async function newestAside(layout: Layout, digest: string): Promise<string | null> {
  const newest = layout.asideCopy(digest);
  if (await statFile(newest)) return newest;
  // Stopped between making way and moving: only earlier copies are there.
  const last = (await asideNumbers(layout)).get(digest)?.at(-1);
  return last === undefined ? null : layout.asideCopy(digest, last);
}

/** The newest set-aside copy of each content that has one, ascending by digest. */
export async function* listAsides(layout: Layout): AsyncGenerator<DiskAside> {
  const digests = [...(await asideNumbers(layout)).keys()].sort();
  for (const digest of digests) {
    const path = await newestAside(layout, digest);
    const info = path && await statFile(path);
    if (info) yield { digest, size: info.size, since: info.mtime?.getTime() ?? 0 };
  }
}

/** Removes every set-aside copy of `digest`. */
export async function removeAsides(layout: Layout, digest: string): Promise<void> {
  for (const number of (await asideNumbers(layout)).get(digest) ?? []) {
    await removeIfThere(layout.asideCopy(digest, number));
  }
}

async function makeWay(layout: Layout, digest: string): Promise<void> {
  const numbers = (await asideNumbers(layout)).get(digest) ?? [];
  if (numbers[0] !== 0) return;
  await Deno.rename(layout.asideCopy(digest), layout.asideCopy(digest, numbers.at(-1)! + 1));
}

/** By digest, the numbers that its copies have, ascending. The folder is as short as the damage. */
async function asideNumbers(layout: Layout): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>();
  try {
    for await (const entry of Deno.readDir(layout.aside)) {
      const name = parseAsideName(entry.name);
      if (!name || !entry.isFile) continue;
      found.set(name.digest, [...found.get(name.digest) ?? [], name.number]);
    }
  } catch (error) {
    if (!isAbsence(error)) throw diskError(`list ${layout.aside}`, error);
  }
  for (const numbers of found.values()) numbers.sort((a, b) => a - b);
  return found;
}
