/** The least that a folder of small files costs on a disk: no program starts, nothing is sent. */
import { join } from "node:path";
import { digestOf } from "../../lib/content/digest.ts";
import { type Disk, openDisk } from "../../lib/disk/mod.ts";
import { inParallel } from "../../lib/client/parallel.ts";
import type { Ground } from "../ground.ts";
import type { Contestant, Entry } from "../scenario.ts";

/** Files at once. */
const AT_ONCE = 192;

interface Content {
  bytes: Uint8Array;
  digest: string;
}

/** The depot's own way with a disk, from bytes in memory: made, synced, named, and that synced. */
export const filesAlone: Contestant = {
  name: "the files alone, in no program",
  needs: [],
  enter,
};

function enter(ground: Ground): Promise<Entry> {
  let disk: Disk | null = null;
  let contents: Content[] = [];
  return Promise.resolve({
    async ready() {
      await disk?.[Symbol.asyncDispose]();
      const address = await ground.folder("bare");
      disk = await openDisk(address, { depot: crypto.randomUUID(), create: true });
      // What a disk starts with its first files is there already, as at a depot that runs.
      await all(disk, await read(await ground.small()));
      contents = await read(await ground.changeSmall());
    },
    run: () => all(disk!, contents),
    async [Symbol.asyncDispose]() {
      await disk?.[Symbol.asyncDispose]();
    },
  });
}

async function all(disk: Disk, contents: Content[]): Promise<void> {
  const work = (content: Content) => put(disk, content);
  const { outcomes } = await inParallel(contents, { atOnce: AT_ONCE, work });
  for (const { error } of outcomes) if (error !== undefined) throw error;
}

async function put(disk: Disk, { bytes, digest }: Content): Promise<void> {
  const size = bytes.length;
  const signal = new AbortController().signal;
  await using writer = await disk.begin({ id: crypto.randomUUID(), size, signal });
  await writer.write(bytes);
  await writer.commit({ digest, size });
}

async function read(folder: string): Promise<Content[]> {
  const contents: Content[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) contents.push(...await read(path));
    else {
      const bytes = await Deno.readFile(path);
      contents.push({ bytes, digest: digestOf(bytes) });
    }
  }
  return contents;
}
