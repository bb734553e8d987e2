/** The last steps of a file that is to be there after a power cut. */
import { dirname } from "node:path";
import { syncFolderInPlace } from "../../lib/disk/durable.ts";

/** Syncs `file`, closes it, gives it its name, and syncs the name. */
export async function name(file: Deno.FsFile, { part, target }: Record<"part" | "target", string>) {
  await file.sync();
  file.close();
  Deno.renameSync(part, target);
  await syncFolderInPlace(dirname(target));
}
