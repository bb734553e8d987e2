import { join } from "node:path";
import { LentRoom, type LentRoomOptions } from "../../../lib/client/joining/lent_room.ts";
import type { Shelf } from "../../../lib/client/holder/shelf.ts";
import { digestOf } from "../../../lib/content/digest.ts";
import { DiskRefused, Full } from "../../../lib/disk/mod.ts";
import { assert, assertEquals, assertRejects } from "../../assert.ts";
import { eventually } from "../../server/waiting.ts";
import { DEPOT, signal, temporaryFolder } from "../../disk/bench.ts";

const [OTHER, THIRD] = [crypto.randomUUID(), crypto.randomUUID()];
const LIMIT = 100_000;

/** Own directories of a depot, by their names; each on the disk that is named. */
async function ownDirectories(root: string, disks: Record<string, string>) {
  const names = Object.keys(disks);
  for (const name of names) {
    await Deno.mkdir(join(root, name, "deposito", DEPOT), { recursive: true });
  }
  return names.map((name) => ({
    address: join(root, name),
    name,
    zone: disks[name]!,
    leaving: false,
  }));
}

function roomIn(
  directories: Awaited<ReturnType<typeof ownDirectories>>,
  more: Partial<LentRoomOptions> = {},
): LentRoom {
  return new LentRoom({
    depot: DEPOT,
    limit: LIMIT,
    depots: 1,
    reserve: 0,
    directories: () => directories,
    warn: (message) => {
      throw new Error(message);
    },
    ...more,
  });
}

async function put(shelf: Shelf, size: number, fill = 1): Promise<void> {
  const bytes = new Uint8Array(size).fill(fill);
  await using writer = await shelf.begin({ id: crypto.randomUUID(), size, signal });
  await writer.write(bytes);
  await writer.commit({ digest: digestOf(bytes), size });
}

Deno.test("of each disk one directory is lent, and any in which something is", async () => {
  await using folder = await temporaryFolder();
  const own = await ownDirectories(folder.path, { one: "x", two: "x", three: "y" });
  const names = async (room: LentRoom) => (await room.directories()).map(({ name }) => name);
  const room = roomIn(own);
  assertEquals(await names(room), ["one", "three"]);
  await room.lend(own[1]!, OTHER, async (shelf) => await put(shelf, 10));
  assertEquals(await names(roomIn(own)), ["two", "three"]);
  const emptied = own.map((each) => ({ ...each, leaving: each.name !== "one" }));
  assertEquals(await names(roomIn(emptied)), ["two", "one"]);
});

Deno.test("what others may still bring is owed, and no more than is lent is taken", async () => {
  await using folder = await temporaryFolder();
  const own = await ownDirectories(folder.path, { one: "x", three: "y" });
  const room = roomIn(own);
  const owed = () => room.owed("x") + room.owed("y");
  // Nothing is promised twice while it is not known what is there.
  assertEquals(room.owed("x"), LIMIT);
  await eventually("it is known what is there", () => owed() <= LIMIT);
  assert(owed() > LIMIT - 3);
  await room.lend(own[0]!, OTHER, async (shelf) => {
    const { capacity } = await shelf.room();
    assert(capacity < LIMIT && capacity > 0);
    await put(shelf, 1_000);
    assertEquals((await shelf.room()).free, capacity - 1_000);
    assert(owed() > LIMIT - 1_003 && owed() <= LIMIT - 1_000);
    await assertRejects(() => put(shelf, capacity, 2), Full);
    await put(shelf, capacity - 1_000, 2);
    assertEquals(room.owed("x"), 0);
  });
  assertEquals(room.owed("x"), 0);
});

Deno.test("room is set apart on a disk that comes later, too", async () => {
  await using folder = await temporaryFolder();
  const own = await ownDirectories(folder.path, { one: "x", two: "y" });
  const there = own.slice(0, 1);
  const room = roomIn(there);
  await room.directories();
  assertEquals([room.owed("x"), room.owed("y")], [LIMIT, 0]);
  there.push(own[1]!);
  await room.directories();
  assert(room.owed("y") > 0 && room.owed("x") + room.owed("y") <= LIMIT);
});

Deno.test("depots share the room, and what one of them left there counts", async () => {
  await using folder = await temporaryFolder();
  const own = await ownDirectories(folder.path, { one: "x" });
  const room = roomIn(own, { depots: 2 });
  await room.lend(own[0]!, OTHER, async (shelf) => {
    await put(shelf, 30_000);
    await room.lend(own[0]!, THIRD, async (third) => {
      assertEquals([shelf.capacity, third.capacity], [50_000, 50_000]);
      await put(third, 50_000, 3);
    });
  });
  const later = roomIn(own, { depots: 1 });
  await later.lend(own[0]!, OTHER, async (shelf) => {
    // Of what nobody has open its marks are counted, too: a few small files.
    assert(shelf.capacity! <= 50_000 && shelf.capacity! > 45_000, `${shelf.capacity}`);
    await assertRejects(() => put(shelf, 20_001, 4), Full);
  });
});

Deno.test("a directory is not lent twice to one depot, nor where its disk is not mounted", async () => {
  await using folder = await temporaryFolder();
  const own = await ownDirectories(folder.path, { one: "x" });
  const room = roomIn(own);
  await room.lend(own[0]!, OTHER, async () => {
    const again = () => room.lend(own[0]!, OTHER, () => Promise.resolve());
    const { message } = await assertRejects(again, DiskRefused);
    assert(message.includes("Leave one --join out"), message);
  });
  await Deno.remove(join(own[0]!.address, "deposito"), { recursive: true });
  const unmounted = () => room.lend(own[0]!, OTHER, () => Promise.resolve());
  await assertRejects(unmounted, Deno.errors.NotFound);
  assertEquals([...Deno.readDirSync(own[0]!.address)], []);
});
