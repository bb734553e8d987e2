/** Writing, and the last steps of a file that is to be there after a power cut. */
import { dirname } from "node:path";
import { openFolderInPlace } from "../../lib/disk/durable.ts";

/** Syncs `file`, closes it, gives it its name, and syncs the name. */
export async function name(file: Deno.FsFile, { part, target }: Record<"part" | "target", string>) {
  await file.sync();
  file.close();
  Deno.renameSync(part, target);
  await syncFolderInPlace(dirname(target));
}

/** Writes all of `bytes`, in place. */
export function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
}

/** Makes the names in `folder` durable; all but the sync itself is done in place. */
export async function syncFolderInPlace(folder: string): Promise<void> {
  using handle = openFolderInPlace(folder);
  await handle?.sync();
}
