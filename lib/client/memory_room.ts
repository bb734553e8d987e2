/** What is remembered of folders takes no more room than this. */
import { join } from "node:path";
import { removeIfThere } from "../disk/durable.ts";

/** Folders that are remembered, at most: those that were written longest ago are forgotten. */
const MOST_FOLDERS = 256;

/** What they take together. Bytes. */
const MOST_BYTES = 512 * 1024 * 1024;

/** A draft that is older than this was left by a client that was killed. Milliseconds. */
const DRAFT_MS = 3_600_000;

interface Entry {
  path: string;
  size: number;
  writtenAt: number;
  isDraft: boolean;
}

/** Removes from `folder` what is too much. Throws what the system says. */
export async function makeRoom(folder: string, now = Date.now()): Promise<void> {
  const entries = await entriesOf(folder);
  const latest = entries.sort((a, b) => b.writtenAt - a.writtenAt);
  let [folders, bytes] = [0, 0];
  for (const { path, size, writtenAt, isDraft } of latest) {
    if (isDraft) {
      if (now - writtenAt > DRAFT_MS) await removeIfThere(path);
    } else if (++folders > MOST_FOLDERS || (bytes += size) > MOST_BYTES) {
      await removeIfThere(path);
    }
  }
}

async function entriesOf(folder: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (!/^[0-9a-f]{32}\.jsonl(\.[0-9a-f-]{36})?$/.test(name)) continue;
    const path = join(folder, name);
    // Another client may have renamed it or removed it by now.
    const info = await Deno.lstat(path).catch(() => null);
    if (!info?.isFile) continue;
    const writtenAt = info.mtime?.getTime() ?? 0;
    entries.push({ path, size: info.size, writtenAt, isDraft: !name.endsWith(".jsonl") });
  }
  return entries;
}
