/// <reference lib="deno.worker" />
/** Makes a file of each content of a batch, and all of them durable. The next is written meanwhile. */
import { join } from "node:path";
import { digestOf } from "../../lib/content/digest.ts";
import { syncFolderInPlace, writeAll } from "./durable.ts";

/** The contents are one after the other in `bytes`. */
export interface SmallRequest {
  folder: string;
  bytes: Uint8Array<ArrayBuffer>;
  sizes: number[];
}

/** Their digests. */
export type SmallReply = string[];

interface Part {
  path: string;
  file: Deno.FsFile;
  digest: string;
}

let last = Promise.resolve();

self.onmessage = ({ data }: MessageEvent<SmallRequest>) => {
  const parts = [...write(data)];
  const taken = commit(parts, join(data.folder, "contents"));
  last = last.then(async () => {
    await taken;
    self.postMessage(parts.map(({ digest }) => digest) satisfies SmallReply);
  });
};

function* write({ folder, bytes, sizes }: SmallRequest): Generator<Part> {
  let at = 0;
  for (const size of sizes) {
    const content = bytes.subarray(at, at += size);
    const path = join(folder, "parts", crypto.randomUUID());
    const file = Deno.openSync(path, { write: true, createNew: true });
    writeAll(file, content);
    yield { path, file, digest: digestOf(content) };
  }
}

/** Their syncs are side by side, and their names share one. */
async function commit(parts: Part[], contents: string): Promise<void> {
  await Promise.all(parts.map(async ({ file }) => {
    await file.syncData();
    file.close();
  }));
  for (const { path, digest } of parts) Deno.renameSync(path, join(contents, digest));
  await syncFolderInPlace(contents);
}
