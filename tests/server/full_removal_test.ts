/** A disk that is full to its last block lets go of what is removed, under the real server. */
import { join } from "node:path";
import { digestOf } from "../../lib/content/digest.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { RunningServer, temporaryRoot } from "./running_server.ts";
import { smallDisk, type SmallDiskKind, whyNoSmallDisk } from "./small_disk.ts";
import { eventually, filesBelow, tell } from "./waiting.ts";
import { bytesOf, type WireClient } from "./wire_client.ts";

const MIB = 1024 * 1024;

function contentsOn(disk: string): string[] {
  return filesBelow(disk).filter((path) => path.includes("/contents/"));
}

/** Names and bytes of files whose contents differ. */
function files(count: number, bytes: number, seed: number): [string, Uint8Array][] {
  return Array.from(
    { length: count },
    (_, index) => [`${seed}/${index}`, bytesOf(bytes, seed + index)],
  );
}

async function depositAll(client: WireClient, files: [string, Uint8Array][]): Promise<void> {
  for (const [name, bytes] of files) await client.deposit(name, bytes, { replicas: 1 });
}

for (const kind of ["tmpfs", "ext4"] as SmallDiskKind[]) {
  const whyNot = await whyNoSmallDisk(kind);
  if (whyNot) tell(`Skipped the test of a full ${kind}: ${whyNot}`);
  Deno.test({
    name:
      `server: a removal frees room on a ${kind} that is full to the last block, also after kill -9`,
    ignore: whyNot !== null,
    async fn() {
      await using root = temporaryRoot();
      await using disk = await smallDisk(16, kind);
      await using server = await RunningServer.start(root.path, { places: [disk.path] });
      using client = await server.client();
      await depositAll(client, files(2, MIB, 1));
      await depositAll(client, files(2, 5_000, 10));

      const removeOnFull = async (who: WireClient, names: string[]) => {
        const before = contentsOn(disk.path).length;
        await disk.fill();
        await assertRejects(() => Deno.writeTextFile(join(disk.path, "more"), "x"), Error);
        for (const name of names) await who.remove(name);
        await eventually(
          "what was removed is gone",
          () => contentsOn(disk.path).length === before - names.length,
        );
      };
      await removeOnFull(client, ["1/0", "10/0"]);
      const late = bytesOf(MIB / 2, 30);
      assertEquals((await client.deposit("late", late, { replicas: 1 })).replicas, 1);

      await disk.fill();
      await server.kill();
      await server.restart();
      using later = await server.client({ id: client.id });
      await removeOnFull(later, ["1/1"]);
      assertEquals((await later.deposit("last", late, { replicas: 1 })).replicas, 1);
      assertEquals(digestOf(await later.retrieve("late")), digestOf(late));
      assert(!/Could not/.test(server.log), server.log);
    },
  });
}

const whyNot = await whyNoSmallDisk();

Deno.test({
  name:
    "server: where the catalog is on the full disk, too, removals are written down and starts go on",
  ignore: whyNot !== null,
  async fn() {
    await using root = temporaryRoot();
    await using disk = await smallDisk(40);
    const data = join(disk.path, "data");
    const ballast = () => Deno.statSync(join(data, "catalog.db.ballast")).size;
    await using server = await RunningServer.start(root.path, {
      data,
      places: [join(data, "store")],
    });
    using client = await server.client();
    await depositAll(client, files(1, 8 * MIB, 1));
    await depositAll(client, files(30, 5_000, 10));
    assertEquals(ballast(), 8 * MIB);
    await disk.fill();
    await server.kill();
    await server.restart();
    using later = await server.client({ id: client.id });
    for (const [name] of files(30, 0, 10)) await later.remove(name);
    // What the keeper writes down meanwhile may have it for a moment.
    await eventually("room is kept again", () => ballast() > 2 * MIB);
    await eventually("they are gone", () => contentsOn(disk.path).length === 1);
    await later.remove("1/0");
    await eventually("it is gone", () => contentsOn(disk.path).length === 0);
    const more = bytesOf(MIB, 50);
    assertEquals((await later.deposit("more", more, { replicas: 1 })).replicas, 1);
    assert(!/ERR|Could not/.test(server.log), server.log);
  },
});

for (const kind of ["tmpfs", "ext4"] as SmallDiskKind[]) {
  Deno.test({
    name: `server: after a clean end it starts on a ${kind} without a free block, and makes room`,
    ignore: await whyNoSmallDisk(kind) !== null,
    async fn() {
      await using root = temporaryRoot();
      await using disk = await smallDisk(40, kind);
      const data = join(disk.path, "data");
      const places = ["one", "two"].map((name) => join(data, name));
      await using server = await RunningServer.start(root.path, { data, places });
      using client = await server.client();
      for (const [name, bytes] of files(2, MIB, 1)) {
        await client.deposit(name, bytes, { replicas: 2 });
      }
      assertEquals(await server.stop(), 0);
      await disk.fill();
      await server.restart();
      using later = await server.client({ id: client.id });
      assertEquals((await later.replicas("1/1", 1)).replicas, 1);
      await eventually("a copy is gone", () => contentsOn(disk.path).length === 3);
      await disk.fill();
      await later.remove("1/0");
      await eventually("the others are gone", () => contentsOn(disk.path).length === 1);
      assert(!/ERR|Could not/.test(server.log), server.log);
    },
  });
}
