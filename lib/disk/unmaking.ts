/** Takes away again what opening.ts made, when nothing came of it. */
import { join } from "node:path";
import type { Disk } from "./disk.ts";
import { removeIfThere } from "./durable.ts";
import { type Layout, PART_FOLDERS, SHARDS } from "./layout.ts";
import { removeRecord } from "./record.ts";

/**
 * Removes a disk that was made just now, with the `records` that its user put beside its mark and the
 * folders around it that were made for it, and lets go of it. Throws, and leaves the rest, as soon as
 * it finds a folder that is not empty.
 */
export async function unmakeDisk(disk: Disk, records: readonly string[]): Promise<void> {
  const { layout, made } = disk;
  for (const folder of foldersOf(layout)) await Deno.remove(folder);
  for (const record of [...records, layout.mark]) await removeRecord(record);
  // While it is locked: a lock that another process has by then must stay. Windows may want it closed.
  const isRemoved = await removeIfThere(layout.lock).catch(() => false);
  await disk[Symbol.asyncDispose]();
  if (!isRemoved) await removeIfThere(layout.lock);
  for (const folder of made) await Deno.remove(folder);
}

function foldersOf({ parts, contents, aside }: Layout): string[] {
  const within = (folder: string, names: string[]) => names.map((name) => join(folder, name));
  return [...within(parts, PART_FOLDERS), parts, ...within(contents, SHARDS), contents, aside];
}
