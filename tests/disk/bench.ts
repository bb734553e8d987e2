/** What the disk's tests share: a folder for each, an open disk in it, and contents to put there. */
import { join } from "node:path";
import { Layout } from "../../lib/disk/layout.ts";
import { type Disk, openDisk } from "../../lib/disk/mod.ts";
import { digestOf } from "../../lib/content/digest.ts";

export const DEPOT = "11111111-2222-4333-8444-555555555555";
export const OTHER_DEPOT = "99999999-2222-4333-8444-555555555555";

export const { signal } = new AbortController();

/** A folder that is removed when it is disposed. */
export async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.realPath(await Deno.makeTempDir({ prefix: "deposito-" }));
  return {
    path,
    async [Symbol.asyncDispose]() {
      await Deno.remove(path, { recursive: true });
    },
  };
}

/** Opens a disk for `DEPOT`, made if it is missing. */
export function open(directory: string): Promise<Disk> {
  return openDisk(directory, { depot: DEPOT, create: true });
}

/** Commits a text as a content and resolves to its digest. */
export async function putText(disk: Disk, text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  const digest = digestOf(bytes);
  await using writer = await disk.begin({ id: crypto.randomUUID(), size: bytes.length, signal });
  await writer.write(bytes);
  await writer.commit({ digest, size: bytes.length });
  return digest;
}

/** All of a content, or `null`. */
export async function getText(disk: Disk, digest: string, aside = false): Promise<string | null> {
  await using reader = await disk.get(digest, { from: 0, aside, signal });
  if (!reader) return null;
  const bytes = new Uint8Array(reader.size);
  await reader.read(bytes);
  return new TextDecoder().decode(bytes);
}

/** Where a content's file should be. Written out, because that is a promise. */
export function contentPath(directory: string, digest: string): string {
  return join(directory, "deposito", DEPOT, "contents", digest.slice(0, 2), digest);
}

/** Where an upload's part is; which of the folders is the layout's own affair. */
export function partPath(directory: string, uploadId: string): string {
  return new Layout(directory, DEPOT).part(uploadId);
}

/** Whether something is there, links not followed. */
export async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}
