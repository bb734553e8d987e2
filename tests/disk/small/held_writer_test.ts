import { join } from "node:path";
import { digestOf } from "../../../lib/content/digest.ts";
import { type Disk, Unreachable } from "../../../lib/disk/mod.ts";
import { SMALL_BYTES } from "../../../lib/disk/small/border.ts";
import { assert, assertEquals, assertRejects } from "../../assert.ts";
import {
  contentPath,
  exists,
  getText,
  open,
  partPath,
  putText,
  signal,
  temporaryFolder,
} from "../bench.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Opens an upload of the text's size and writes the text. */
async function begin(disk: Disk, text: string) {
  const bytes = bytesOf(text);
  const writer = await disk.begin({ id: crypto.randomUUID(), size: bytes.length, signal });
  await writer.write(bytes);
  return { writer, digest: digestOf(bytes), size: bytes.length };
}

Deno.test("small contents of all sizes are durable side by side, and no part is left", async () => {
  await using folder = await temporaryFolder();
  await using disk = await open(folder.path);
  const sizes = [0, 1, SMALL_BYTES - 1, SMALL_BYTES, ...Array(100).keys()];
  const digests = await Promise.all(sizes.map((size) => putText(disk, "x".repeat(size))));
  for (const [index, size] of sizes.entries()) {
    assertEquals(await getText(disk, digests[index]!), "x".repeat(size));
  }
  assertEquals(await Array.fromAsync(disk.uploads()), []);
});

Deno.test("a small upload is in memory until it commits, and a part when it outgrows what was said", async () => {
  await using folder = await temporaryFolder();
  await using disk = await open(folder.path);
  await using writer = await disk.begin({ id: "u", size: 4, signal });
  await writer.write(bytesOf("abcd"));
  assert(!await exists(partPath(folder.path, "u")));
  await writer.rewind(2);
  await assertRejects(() => writer.rewind(3), RangeError);
  await writer.write(bytesOf("efgh"));
  assertEquals(await Deno.readTextFile(partPath(folder.path, "u")), "abefgh");
  assertEquals(writer.position, 6);
  await writer.commit({ digest: digestOf("abefgh"), size: 6 });
  assertEquals(await getText(disk, digestOf("abefgh")), "abefgh");
});

for (const [kind, count] of [["alone", 1], ["beside others", 5]] as const) {
  Deno.test(`small uploads ${kind} whose folders were cleared away by hand have them made again`, async () => {
    await using folder = await temporaryFolder();
    await using disk = await open(folder.path);
    const texts = Array.from({ length: count }, (_, index) => `homeless ${index}`);
    const begun = await Promise.all(texts.map((text) => begin(disk, text)));
    await Deno.remove(disk.layout.contents, { recursive: true });
    await Promise.all(begun.map(({ writer, ...content }) => writer.commit(content)));
    for (const { writer } of begun) await writer[Symbol.asyncDispose]();
    const there = await Promise.all(begun.map(({ digest }) => getText(disk, digest)));
    assertEquals(there, texts);
    assertEquals(await Array.fromAsync(disk.uploads()), []);
  });

  Deno.test(`small uploads ${kind} that failed go on failing with the same error and leave nothing`, async () => {
    await using folder = await temporaryFolder();
    await using disk = await open(folder.path);
    const texts = Array.from({ length: count }, (_, index) => `refused ${index}`);
    const begun = await Promise.all(texts.map((text) => begin(disk, text)));
    const paths = begun.map(({ digest }) => contentPath(folder.path, digest));
    for (const path of paths) await Deno.mkdir(join(path, "in the way"), { recursive: true });
    await Promise.all(begun.map(async ({ writer, digest, size }) => {
      const commit = () => writer.commit({ digest, size });
      const error = await assertRejects(commit, Error, "Could not commit");
      assertEquals(await assertRejects(commit, Error), error);
      assertEquals(await assertRejects(() => writer.keep(), Error), error);
      await writer[Symbol.asyncDispose]();
    }));
    for (const path of paths) await Deno.remove(path, { recursive: true });
    assertEquals(await Array.fromAsync(disk.list({ signal })), []);
    assertEquals(await Array.fromAsync(disk.uploads()), []);
  });
}

Deno.test("a disk is let go of only when what its worker has under way is there", async () => {
  await using folder = await temporaryFolder();
  const disk = await open(folder.path);
  const texts = ["alone", "one", "two", "three"];
  const begun = await Promise.all(texts.map((text) => begin(disk, text)));
  const late = await begin(disk, "late");
  let done = 0;
  const committing = begun.map(async ({ writer, digest, size }) => {
    await writer.commit({ digest, size });
    done++;
  });
  const disposing = disk[Symbol.asyncDispose]();
  // The one that the disk itself writes is refused at its next step, as every large one is.
  await assertRejects(() => committing[0]!, Unreachable);
  await assertRejects(() => late.writer.commit(late), Unreachable);
  await disposing;
  assertEquals(done, 3);
  await using again = await open(folder.path);
  const there = await Promise.all(begun.map(({ digest }) => getText(again, digest)));
  assertEquals(there, [null, "one", "two", "three"]);
  for (const { writer } of [...begun, late]) await writer[Symbol.asyncDispose]();
});

Deno.test("a disk that may not read the program's own files keeps small contents all the same", async () => {
  await using folder = await temporaryFolder();
  const program = new URL("../hold_disk.ts", import.meta.url).href;
  const here = [`--allow-read=${folder.path}`, `--allow-write=${folder.path}`];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...here, "--allow-sys=statfs", program, folder.path],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const output = child.stdout.getReader();
  const digest = new TextDecoder().decode((await output.read()).value);
  child.kill("SIGKILL");
  await child.status;
  await output.cancel();
  await using disk = await open(folder.path);
  assertEquals(await getText(disk, digest), "from another process");
});

Deno.test("small uploads are held in so much memory and no more: the others are parts at once", async () => {
  await using folder = await temporaryFolder();
  await using disk = await open(folder.path);
  const begun = (id: string) => disk.begin({ id, size: SMALL_BYTES, signal });
  const held = await Promise.all(Array.from({ length: 128 }, (_, index) => begun(`u${index}`)));
  assert(!await exists(partPath(folder.path, "u127")));
  await using more = await begun("more");
  assert(await exists(partPath(folder.path, "more")));
  assertEquals(more.position, 0);
  for (const writer of held) await writer[Symbol.asyncDispose]();
  await using again = await begun("again");
  assert(!await exists(partPath(folder.path, "again")));
  assertEquals(again.position, 0);
});
