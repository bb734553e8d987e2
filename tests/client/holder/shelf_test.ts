import { join } from "node:path";
import { Shelf, type ShelfOptions } from "../../../lib/client/holder/shelf.ts";
import { digestOf } from "../../../lib/content/digest.ts";
import { DiskRefused, Full, openDisk } from "../../../lib/disk/mod.ts";
import { assert, assertEquals, assertRejects } from "../../assert.ts";
import { DEPOT, putText, signal, temporaryFolder } from "../../disk/bench.ts";

function open(path: string, more: Partial<ShelfOptions> = {}): Promise<Shelf> {
  return Shelf.open(path, { depot: DEPOT, capacity: 1_000, reserve: 0, ...more });
}

async function namesIn(path: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name);
}

/** Keeps `size` bytes as a content; resolves to its digest. */
async function put(shelf: Shelf, size: number, fill = 1): Promise<string> {
  const bytes = new Uint8Array(size).fill(fill);
  const digest = digestOf(bytes);
  await using writer = await shelf.begin({ id: crypto.randomUUID(), signal });
  await writer.write(bytes);
  await writer.commit({ digest, size });
  return digest;
}

Deno.test("a shelf that comes to nothing leaves nothing, and takes away only what it made", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "made", "lent");
  await (await open(path)).forsake();
  assertEquals(await namesIn(folder.path), []);
  await Deno.mkdir(path, { recursive: true });
  await Deno.writeTextFile(join(path, "mine"), "");
  await (await open(path)).forsake();
  assertEquals(await namesIn(path), ["mine"]);

  const used = await open(path);
  const digest = await put(used, 400);
  await used.forsake();
  const again = await open(path);
  assertEquals(await again.sizeOf(digest), 400);
  await again.delete(digest);
  await again.forsake();
  await using kept = await open(path);
  assertEquals(kept.secret, used.secret);
});

Deno.test("a shelf never takes more than its capacity, parts and set-aside copies counted", async () => {
  await using folder = await temporaryFolder();
  let shelf = await open(folder.path);
  const one = await put(shelf, 400, 1);
  await assertRejects(() => put(shelf, 601, 2), Full);
  assertEquals([shelf.bytes, shelf.contents], [400, 1]);
  await assertRejects(() => shelf.begin({ id: "large", size: 601, signal }), Full);
  {
    await using part = await shelf.begin({ id: "part", size: 600, signal });
    await part.write(new Uint8Array(500));
    await assertRejects(() => shelf.begin({ id: "other", size: 101, signal }), Full);
    await assertRejects(() => part.write(new Uint8Array(101)), Full);
    assertEquals((await shelf.room()).free, 100);
    await part.rewind(300);
    await part.keep();
  }
  await shelf.setAside(one);
  assertEquals([shelf.bytes, shelf.contents], [700, 0]);
  await shelf[Symbol.asyncDispose]();

  shelf = await open(folder.path);
  assertEquals([shelf.bytes, shelf.contents], [700, 0]);
  assertEquals(await shelf.room(), { capacity: 1_000, free: 300 });
  await assertRejects(() => put(shelf, 301), Full);
  await shelf.dropAside(one);
  await shelf.discard("part");
  assertEquals(shelf.bytes, 0);
  const again = await put(shelf, 1_000);
  await assertRejects(() => put(shelf, 1), Full);
  await shelf.delete(again);
  await put(shelf, 10, 3);
  assertEquals([shelf.bytes, shelf.contents], [10, 1]);
  await shelf[Symbol.asyncDispose]();
});

Deno.test("the same content again takes no more room once it is there", async () => {
  await using folder = await temporaryFolder();
  await using shelf = await open(folder.path);
  await put(shelf, 400);
  await put(shelf, 400);
  assertEquals([shelf.bytes, shelf.contents], [400, 1]);
});

Deno.test("a shelf leaves the reserve of its disk free", async () => {
  await using folder = await temporaryFolder();
  await using shelf = await open(folder.path, { capacity: null, reserve: 2 ** 60 });
  assertEquals(await shelf.room(), { capacity: 0, free: 0 });
  await assertRejects(() => put(shelf, 1), Full);
});

Deno.test("the change counter grows with each change, and no number is used for two states", async () => {
  await using folder = await temporaryFolder();
  const counts: number[] = [];
  {
    await using shelf = await open(folder.path);
    counts.push(shelf.changes);
    const digest = await put(shelf, 10);
    counts.push(shelf.changes);
    await shelf.delete(digest);
    counts.push(shelf.changes);
  }
  assertEquals(counts, [0, 1, 2]);
  const state = join(folder.path, "deposito", DEPOT, "holder.json");
  assertEquals(JSON.parse(await Deno.readTextFile(state)).changes, 2);
});

Deno.test("after a sudden end the counter goes on beyond every number that was used", async () => {
  await using folder = await temporaryFolder();
  await using shelf = await open(folder.path);
  await put(shelf, 10);
  const { changes } = JSON.parse(
    await Deno.readTextFile(join(shelf.disk.layout.root, "holder.json")),
  );
  assert(changes > shelf.changes + 100_000, `${changes} is on disk`);
});

Deno.test("only the user can read a shelf's secret, which stays the same", async () => {
  await using folder = await temporaryFolder();
  let secret: string;
  {
    await using shelf = await open(folder.path);
    secret = shelf.secret;
    if (Deno.build.os !== "windows") {
      const { mode } = await Deno.stat(join(shelf.disk.layout.root, "holder.json"));
      assertEquals(mode! & 0o777, 0o600);
    }
  }
  await using again = await open(folder.path);
  assertEquals(again.secret, secret);
});

Deno.test("a directory that another process holds, or whose secret is gone, is refused", async () => {
  await using folder = await temporaryFolder();
  {
    await using shelf = await open(folder.path);
    await put(shelf, 10);
    await assertRejects(() => open(folder.path), DiskRefused, "another process");
  }
  const other = join(folder.path, "other");
  {
    await using disk = await openDisk(other, { depot: DEPOT, create: true });
    await putText(disk, "of a store that was no holder");
  }
  await assertRejects(() => open(other), DiskRefused, "holder.json");
});
