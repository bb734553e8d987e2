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

Deno.test("a small upload whose folders were cleared away by hand has them made again", async () => {
  await using folder = await temporaryFolder();
  await using disk = await open(folder.path);
  const { writer, digest, size } = await begin(disk, "homeless");
  await using _writer = writer;
  await Deno.remove(disk.layout.contents, { recursive: true });
  await writer.commit({ digest, size });
  assertEquals(await getText(disk, digest), "homeless");
  assertEquals(await Array.fromAsync(disk.uploads()), []);
});

Deno.test("a small upload that failed goes on failing with the same error and leaves nothing", async () => {
  await using folder = await temporaryFolder();
  await using disk = await open(folder.path);
  const { writer, digest, size } = await begin(disk, "refused");
  await Deno.mkdir(join(contentPath(folder.path, digest), "in the way"), { recursive: true });
  const error = await assertRejects(
    () => writer.commit({ digest, size }),
    Error,
    "Could not commit",
  );
  await Deno.remove(contentPath(folder.path, digest), { recursive: true });
  for (const again of [() => writer.commit({ digest, size }), () => writer.keep()]) {
    assertEquals(await assertRejects(again, Error), error);
  }
  await writer[Symbol.asyncDispose]();
  assertEquals(await getText(disk, digest), null);
  assertEquals(await Array.fromAsync(disk.uploads()), []);
});

Deno.test("a disk is let go of only when the small contents that were under way are there", async () => {
  await using folder = await temporaryFolder();
  const disk = await open(folder.path);
  const texts = ["one", "two", "three"];
  const begun = await Promise.all(texts.map((text) => begin(disk, text)));
  const late = await begin(disk, "late");
  let left = texts.length;
  const committing = Promise.all(begun.map(async ({ writer, digest, size }) => {
    await writer.commit({ digest, size });
    left--;
  }));
  const disposing = disk[Symbol.asyncDispose]();
  await assertRejects(() => late.writer.commit(late), Unreachable);
  await disposing;
  assertEquals(left, 0);
  await committing;
  await using again = await open(folder.path);
  for (const { digest } of begun) assert(await getText(again, digest));
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
