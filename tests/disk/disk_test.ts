import { dirname, join } from "node:path";
import { digestOf } from "../../lib/content/digest.ts";
import { openDisk, Unreachable } from "../../lib/disk/mod.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import {
  contentPath,
  DEPOT,
  exists,
  getText,
  open,
  partPath,
  putText,
  signal,
  temporaryFolder,
} from "./bench.ts";

const ON_WINDOWS = Deno.build.os === "windows";

Deno.test("a content is a plain file named by the SHA-256 of its bytes", async () => {
  await using folder = await temporaryFolder();
  await using disk = await open(folder.path);
  const digest = await putText(disk, "plain bytes");
  const bytes = await Deno.readFile(contentPath(folder.path, digest));
  assertEquals(new TextDecoder().decode(bytes), "plain bytes");
  assertEquals(digestOf(bytes), digest);
});

Deno.test("get() throws when a content was truncated while it is read", async () => {
  await using folder = await temporaryFolder();
  await using disk = await open(folder.path);
  const digest = await putText(disk, "x".repeat(500_000));
  await using reader = (await disk.get(digest, { from: 0, signal }))!;
  await Deno.truncate(contentPath(folder.path, digest), 600);
  await assertRejects(() => reader.read(new Uint8Array(500_000)), Error, "it ends before");
});

Deno.test("get() gives a small content in pieces of any size, then nothing", async () => {
  await using folder = await temporaryFolder();
  await using disk = await open(folder.path);
  const digest = await putText(disk, "abcdefgh");
  for (const [length, pieces] of [[undefined, "abc,def,gh,"], [4, "abc,d,"]] as const) {
    const range = { from: 0, signal, ...length === undefined ? {} : { length } };
    await using reader = (await disk.get(digest, range))!;
    const read: string[] = [];
    while (read.at(-1) !== "") {
      const target = new Uint8Array(3);
      const count = await reader.read(target);
      read.push(new TextDecoder().decode(target.subarray(0, count)));
    }
    assertEquals(read.join(), pieces);
  }
});

Deno.test("get() throws when a truncated content is asked for bytes that it had", async () => {
  await using folder = await temporaryFolder();
  await using disk = await open(folder.path);
  const digest = await putText(disk, "x".repeat(1_000));
  await Deno.truncate(contentPath(folder.path, digest), 600);
  for (const range of [{ from: 0, length: 1_000 }, { from: 700 }, { from: 700, length: 1 }]) {
    await using reader = (await disk.get(digest, { ...range, signal }))!;
    assertEquals(reader.size, 600);
    await assertRejects(() => reader.read(new Uint8Array(1_000)), Error, "it ends before");
  }
});

Deno.test({
  name: "a link in place of a content, a part or a mark is not followed",
  ignore: ON_WINDOWS,
  async fn() {
    await using folder = await temporaryFolder();
    await using disk = await open(folder.path);
    const secret = join(folder.path, "secret");
    await Deno.writeTextFile(secret, "not ours");
    const digest = digestOf("not ours");
    await Deno.symlink(secret, contentPath(folder.path, digest));
    assertEquals(await disk.get(digest, { from: 0, signal }), null);
    assertEquals(await disk.hash(digest, { prefix: new Uint8Array(), signal }), null);
    assertEquals(await Array.fromAsync(disk.list({ signal })), []);

    await Deno.symlink(secret, partPath(folder.path, "linked"));
    assertEquals(await Array.fromAsync(disk.uploads()), []);
    for (const resume of [false, true]) {
      await using writer = await disk.begin({ id: "linked", resume, signal });
      assertEquals(writer.position, 0);
      await writer.write(new Uint8Array(3));
    }

    await putText(disk, "not ours");
    assertEquals(await getText(disk, digest), "not ours");
    await disk.delete(digest);
    assertEquals(await Deno.readTextFile(secret), "not ours");
  },
});

Deno.test("foreign names are ignored wherever they lie", async () => {
  await using folder = await temporaryFolder();
  await using disk = await open(folder.path);
  const digest = await putText(disk, "ours");
  const shard = join(contentPath(folder.path, digest), "..");
  await Deno.writeTextFile(join(shard, ".DS_Store"), "");
  await Deno.writeTextFile(join(shard, `${digest}.bak`), "");
  await Deno.writeTextFile(join(shard, digestOf("of another shard")), "");
  await Deno.mkdir(join(shard, `${digest.slice(0, 2)}${"0".repeat(62)}`));
  await Deno.writeTextFile(join(dirname(partPath(folder.path, "ab")), "a b"), "");
  await Deno.writeTextFile(join(disk.layout.aside, "notes.txt"), "");
  assertEquals(await Array.fromAsync(disk.list({ signal })), [{ digest, size: 4 }]);
  assertEquals(await Array.fromAsync(disk.uploads()), []);
  assertEquals(await Array.fromAsync(disk.asides()), []);
});

Deno.test("what is no digest and no upload's id never becomes a path", async () => {
  await using folder = await temporaryFolder();
  await using disk = await open(folder.path);
  for (const digest of ["", "..", "A".repeat(64), "a".repeat(63), `${"a".repeat(61)}/..`]) {
    await assertRejects(() => disk.get(digest, { from: 0, signal }), TypeError);
    await assertRejects(() => disk.get(digest, { from: 0, aside: true, signal }), TypeError);
    await assertRejects(() => disk.hash(digest, { prefix: new Uint8Array(), signal }), TypeError);
    await assertRejects(() => disk.delete(digest), TypeError);
    await assertRejects(() => disk.setAside(digest), TypeError);
    await assertRejects(() => disk.dropAside(digest), TypeError);
    await using writer = await disk.begin({ id: "u", signal });
    await assertRejects(() => writer.commit({ digest, size: 0 }), TypeError);
  }
  for (const id of ["", "..", "a/b", "a.b", "a".repeat(65), "a\0", "a\n"]) {
    await assertRejects(() => disk.begin({ id, signal }), TypeError);
    await assertRejects(() => disk.discard(id), TypeError);
  }
});

Deno.test("every set-aside copy keeps its bytes, the newest under the digest itself", async () => {
  await using folder = await temporaryFolder();
  await using disk = await open(folder.path);
  const digest = await putText(disk, "good");
  for (const bad of ["bad 1", "bad 2", "bad 3"]) {
    await Deno.writeTextFile(contentPath(folder.path, digest), bad);
    await disk.setAside(digest);
  }
  const copy = (name: string) => Deno.readTextFile(join(disk.layout.aside, name));
  assertEquals(
    [await copy(digest), await copy(`${digest}.2`), await copy(`${digest}.1`)],
    ["bad 3", "bad 2", "bad 1"],
  );
  assertEquals(await getText(disk, digest, true), "bad 3");
  // Stopped between making way and moving: the newest that is there is what is read.
  await Deno.remove(join(disk.layout.aside, digest));
  assertEquals(await getText(disk, digest, true), "bad 2");
  assertEquals((await Array.fromAsync(disk.asides())).map((aside) => aside.digest), [digest]);
  await disk.dropAside(digest);
  assertEquals(await Array.fromAsync(Deno.readDir(disk.layout.aside)), []);
});

Deno.test("contents that somebody cleared away by hand are absent, and new ones are kept", async () => {
  await using folder = await temporaryFolder();
  await using disk = await open(folder.path);
  const digest = await putText(disk, "cleared");
  await Deno.remove(disk.layout.contents, { recursive: true });
  assertEquals(await getText(disk, digest), null);
  assertEquals(await Array.fromAsync(disk.list({ signal })), []);
  await putText(disk, "cleared");
  assertEquals(await getText(disk, digest), "cleared");
});

Deno.test({
  name: "a content whose folder was cleared away by hand just before is synced in the new folder",
  ignore: ON_WINDOWS,
  async fn() {
    await using folder = await temporaryFolder();
    await using disk = await open(folder.path);
    const bytes = new TextEncoder().encode("cleared");
    const digest = digestOf(bytes);
    await using writer = await disk.begin({ id: crypto.randomUUID(), signal });
    await writer.write(bytes);
    // Asked when the part is synced and not renamed yet.
    disk.alive = () => {
      Reflect.deleteProperty(disk, "alive");
      Deno.removeSync(disk.layout.contents, { recursive: true });
    };
    const synced: unknown[] = [];
    const { sync } = Deno.FsFile.prototype;
    try {
      Deno.FsFile.prototype.sync = function () {
        synced.push(this.statSync().ino);
        return sync.call(this);
      };
      await writer.commit({ digest, size: bytes.length });
    } finally {
      Deno.FsFile.prototype.sync = sync;
    }
    assertEquals(await getText(disk, digest), "cleared");
    assertEquals(synced.at(-1), Deno.statSync(disk.layout.shard(digest)).ino);
  },
});

Deno.test("a disk that went away is unreachable and does not look empty", async () => {
  await using folder = await temporaryFolder();
  const directory = join(folder.path, "disk");
  await using disk = await open(directory);
  const digest = await putText(disk, "away");
  // Moved, with an empty directory in its place: what an unmounted disk leaves.
  await using writer = await disk.begin({ id: "u", signal });
  await Deno.rename(directory, `${directory}-moved`);
  await Deno.mkdir(directory);
  const prefix = new Uint8Array();
  for (
    const ask of [
      () => disk.get(digest, { from: 0, signal }),
      () => disk.get(digest, { from: 0, length: 0, signal }),
      () => disk.get(digest, { from: 0, aside: true, signal }),
      () => disk.hash(digest, { prefix, signal }),
      () => disk.delete(digest),
      () => disk.setAside(digest),
      () => disk.dropAside(digest),
      () => disk.discard("other"),
      () => Array.fromAsync(disk.list({ signal })),
      () => Array.fromAsync(disk.uploads()),
      () => Array.fromAsync(disk.asides()),
      () => disk.setMark({ depot: disk.depot, sequence: 1 }),
      () => disk.room(),
      () => disk.begin({ id: "v", signal }),
      () => writer.commit({ digest: digestOf(""), size: 0 }),
    ]
  ) await assertRejects(async () => await ask(), Unreachable);
  assertEquals(await disk.mark(), null);
  assertEquals(await Array.fromAsync(Deno.readDir(directory)), []);
});

Deno.test("a writer of a disk that was let go of neither commits nor touches the part", async () => {
  await using folder = await temporaryFolder();
  const first = await open(folder.path);
  {
    await using old = await first.begin({ id: "u", signal });
    await old.write(new Uint8Array(5));
    await first[Symbol.asyncDispose]();
    await assertRejects(
      () => old.commit({ digest: digestOf(new Uint8Array(5)), size: 5 }),
      Unreachable,
    );
  }
  await using second = await open(folder.path);
  assertEquals(await Array.fromAsync(second.uploads()), [{ id: "u", bytes: 5 }]);
  assert(await exists(partPath(folder.path, "u")));
});

Deno.test("the time of setting aside is the clock's", async () => {
  await using folder = await temporaryFolder();
  const now = () => 1_700_000_000_000;
  await using disk = await openDisk(folder.path, { depot: DEPOT, create: true, now });
  const digest = await putText(disk, "old");
  await disk.setAside(digest);
  assertEquals(await Array.fromAsync(disk.asides()), [{ digest, size: 3, since: now() }]);
});

Deno.test("a part that an older program left where it kept them is found, and can be resumed", async () => {
  await using folder = await temporaryFolder();
  const first = await open(folder.path);
  await using writer = await first.begin({ id: "old", signal });
  await writer.write(new Uint8Array(5));
  await writer.keep();
  await first[Symbol.asyncDispose]();
  await Deno.rename(partPath(folder.path, "old"), join(first.layout.parts, "old"));
  await using second = await open(folder.path);
  assertEquals(await Array.fromAsync(second.uploads()), [{ id: "old", bytes: 5 }]);
  await using again = await second.begin({ id: "old", resume: true, signal });
  assertEquals(again.position, 5);
});
