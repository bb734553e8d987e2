import { join } from "node:path";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { digestOf } from "../../lib/content/digest.ts";
import { Full, Unreachable } from "../../lib/disk/mod.ts";
import { Shelf } from "../../lib/client/holder/shelf.ts";
import { smallDisk, whyNoSmallDisk } from "../server/small_disk.ts";
import { DEPOT, exists, getText, open, putText, signal, temporaryFolder } from "./bench.ts";

const SIZE_BYTES = 4 * 1024 * 1024;

/** A file system of its own at `path`, as long as it is not disposed. */
async function mount(path: string): Promise<AsyncDisposable> {
  await run("mount", "-t", "tmpfs", "-o", `size=${SIZE_BYTES}`, "tmpfs", path);
  return { [Symbol.asyncDispose]: () => run("umount", "-l", path) };
}

async function run(command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

async function canMount(): Promise<boolean> {
  if (Deno.build.os !== "linux") return false;
  await using folder = await temporaryFolder();
  try {
    await using _mounted = await mount(folder.path);
    return true;
  } catch {
    return false;
  }
}

// Only root may mount; where it cannot be done, these say "ignored".
const ignore = !await canMount();

Deno.test("room() tells the file system's bytes, and begin() refuses what cannot fit", async () => {
  await using folder = await temporaryFolder();
  await using disk = await open(folder.path);
  const { capacity, free } = await disk.room();
  assert(free > 0 && free < capacity);
  await assertRejects(() => disk.begin({ id: "u", size: capacity, signal }), Full);
  assertEquals(await Array.fromAsync(disk.uploads()), []);
  await using writer = await disk.begin({ id: "u", size: 10, signal });
  assertEquals(writer.position, 0);
});

Deno.test({
  name:
    "a disk that fills up in mid-write is Full, takes its mark, drops the part, and goes on when there is room",
  ignore,
  async fn() {
    await using folder = await temporaryFolder();
    await using _mounted = await mount(folder.path);
    await using disk = await open(folder.path);
    const digest = await putText(disk, "before");
    const chunk = new Uint8Array(1024 * 1024);
    {
      await using writer = await disk.begin({ id: "u", signal });
      await assertRejects(async () => {
        for (let count = 0; count < 5; count++) await writer.write(chunk);
      }, Full);
      await assertRejects(() => writer.keep(), Full);
      await disk.setMark({ depot: disk.depot, sequence: 5 });
      assertEquals(await disk.mark(), { depot: disk.depot, sequence: 5 });
    }
    assertEquals(await Array.fromAsync(disk.uploads()), []);
    await using again = await disk.begin({ id: "u", size: chunk.length, signal });
    await again.write(chunk);
    await again.commit({ digest: digestOf(chunk), size: chunk.length });
    assertEquals(await getText(disk, digest), "before");
  },
});

Deno.test({
  name: "a full disk of a program that knew no spare takes its mark, and lets a holder begin",
  ignore,
  async fn() {
    await using folder = await temporaryFolder();
    await using _mounted = await mount(folder.path);
    const shelfOf = () => Shelf.open(folder.path, { depot: DEPOT, capacity: null, reserve: 0 });
    let sequence = 0;
    for (const isOld of [true, false]) {
      const shelf = await shelfOf();
      const { root } = shelf.disk.layout;
      const { secret } = shelf;
      await shelf[Symbol.asyncDispose]();
      for (const name of isOld ? ["mark.json", "holder.json"] : []) {
        await Deno.remove(join(root, `${name}.spare`));
      }
      const filler = join(folder.path, "filler");
      await assertRejects(() => Deno.writeFile(filler, new Uint8Array(SIZE_BYTES)), Error);
      await using again = await shelfOf();
      assertEquals(again.secret, secret);
      await again.disk.setMark({ depot: DEPOT, sequence: ++sequence });
      assertEquals(await again.disk.mark(), { depot: DEPOT, sequence });
      assertEquals(await exists(join(root, "mark.json.spare.new")), false);
      await Deno.remove(filler);
    }
  },
});

Deno.test({
  name: "small contents that find no room are Full, each by itself, and leave nothing",
  ignore,
  async fn() {
    await using folder = await temporaryFolder();
    await using _mounted = await mount(folder.path);
    await using disk = await open(folder.path);
    const texts = Array.from({ length: 60 }, (_, index) => `${index}`.padEnd(100_000));
    const settled = await Promise.allSettled(texts.map((text) => putText(disk, text)));
    const kept = texts.filter((_, index) => settled[index]!.status === "fulfilled");
    assert(kept.length > 20 && kept.length < 45, `${kept.length} of ${texts.length} fit`);
    for (const one of settled) assert(one.status === "fulfilled" || one.reason instanceof Full);
    for (const text of kept) assertEquals(await getText(disk, digestOf(text)), text);
    assertEquals((await Array.fromAsync(disk.list({ signal }))).length, kept.length);
    assertEquals(await Array.fromAsync(disk.uploads()), []);
  },
});

Deno.test({
  name: "a resume that does not fit beside what is kept is Full and keeps it",
  ignore,
  async fn() {
    await using folder = await temporaryFolder();
    await using _mounted = await mount(folder.path);
    await using disk = await open(folder.path);
    const half = new Uint8Array(SIZE_BYTES / 2);
    {
      await using writer = await disk.begin({ id: "u", size: half.length, signal });
      await writer.write(half);
      await writer.keep();
    }
    const resume = (size: number) => disk.begin({ id: "u", resume: true, size, signal });
    await assertRejects(() => resume(SIZE_BYTES + 1), Full);
    await using writer = await resume(half.length + 1024 * 1024);
    assertEquals(writer.position, half.length);
  },
});

Deno.test({
  name: "a read-only disk is not opened, and left as it is",
  ignore,
  async fn() {
    await using folder = await temporaryFolder();
    await using _mounted = await mount(folder.path);
    await run("mount", "-o", "remount,ro", folder.path);
    await assertRejects(() => open(folder.path), Error, "Read-only");
    await run("mount", "-o", "remount,rw", folder.path);
    let digest: string;
    {
      await using disk = await open(folder.path);
      digest = await putText(disk, "still there");
    }
    await run("mount", "-o", "remount,ro", folder.path);
    await assertRejects(() => open(folder.path), Error, "Read-only");
    await run("mount", "-o", "remount,rw", folder.path);
    await using disk = await open(folder.path);
    assertEquals(await getText(disk, digest), "still there");
  },
});

Deno.test({
  name: "an unmounted disk is unreachable, and nothing is written into its mount point",
  ignore,
  async fn() {
    await using folder = await temporaryFolder();
    const mounted = await mount(folder.path);
    await using disk = await open(folder.path);
    const digest = await putText(disk, "on the disk");
    await using writer = await disk.begin({ id: "u", signal });
    await mounted[Symbol.asyncDispose]();
    await assertRejects(() => disk.get(digest, { from: 0, signal }), Unreachable);
    await assertRejects(() => disk.delete(digest), Unreachable);
    await assertRejects(() => writer.commit({ digest: digestOf(""), size: 0 }), Unreachable);
    await assertRejects(() => putText(disk, "new"), Unreachable);
    await assertRejects(() => disk.room(), Unreachable);
    assertEquals(await Array.fromAsync(Deno.readDir(folder.path)), []);
  },
});

Deno.test({
  name: "a disk that becomes full under a large upload says so, and has its room again",
  ignore: await whyNoSmallDisk("ext4") !== null,
  async fn() {
    await using small = await smallDisk(64, "ext4");
    await using disk = await open(small.path);
    const { free } = await disk.room();
    {
      await using writer = await disk.begin({ id: crypto.randomUUID(), signal });
      const block = new Uint8Array(1024 * 1024).fill(1);
      await assertRejects(async () => {
        while (true) await writer.write(block);
      }, Full);
      await assertRejects(() => writer.keep(), Full);
    }
    assertEquals((await disk.room()).free, free);
  },
});
