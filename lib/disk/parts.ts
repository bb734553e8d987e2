/** The parts that uploads left on a disk. */
import { join } from "node:path";
import { syncFolder } from "./durable.ts";
import { isAbsence } from "./errors.ts";
import { isUploadId, type Layout, PART_FOLDERS } from "./layout.ts";

/** The ids of the uploads of which there are parts, old ones too. */
export async function* partsOf(layout: Layout): AsyncGenerator<string> {
  yield* idsIn(layout.parts);
  for (const folder of PART_FOLDERS) yield* idsIn(join(layout.parts, folder));
}

/** Parts lay directly in `parts` once: they are put where they are looked for now. */
export async function moveOldParts(layout: Layout): Promise<void> {
  const old = await Array.fromAsync(idsIn(layout.parts));
  if (old.length === 0) return;
  for (const id of old) {
    await Deno.rename(join(layout.parts, id), layout.part(id));
    await syncFolder(layout.partFolder(id));
  }
  await syncFolder(layout.parts);
}

async function* idsIn(folder: string): AsyncGenerator<string> {
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) {
      if (isFile && isUploadId(name)) yield name;
    }
  } catch (error) {
    if (!isAbsence(error)) throw error;
  }
}
