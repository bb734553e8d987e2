/** Disks that are full, or that become full in the middle, under the real server. */
import { join } from "node:path";
import { digestOf } from "../../lib/content/digest.ts";
import { Refusal } from "../../lib/protocol/mod.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../assert.ts";
import { RunningServer, temporaryRoot } from "./running_server.ts";
import { smallDisk, whyNoSmallDisk } from "./small_disk.ts";
import { eventually, filesBelow, tell } from "./waiting.ts";
import { bytesOf } from "./wire_client.ts";

const MIB = 1024 * 1024;
const whyNot = await whyNoSmallDisk();
if (whyNot) tell(`Skipped the tests of full disks: ${whyNot}`);

function test(name: string, body: (t: Deno.TestContext) => Promise<void>): void {
  Deno.test({ name, ignore: whyNot !== null, fn: body });
}

async function refused(code: string, work: () => Promise<unknown>): Promise<Refusal> {
  const refusal = await assertRejects(work, Refusal);
  assertEquals(refusal.code, code, refusal.message);
  return refusal;
}

test("server: a place that is full is left out, and --reserve stays free", async (t) => {
  await using root = temporaryRoot();
  await using disk = await smallDisk(24);
  await using server = await RunningServer.start(root.path, {
    places: ["large", disk.path],
    flags: { reserve: "0" },
  });
  using client = await server.client();
  const small = bytesOf(5 * MIB);
  await client.deposit("small", small, { replicas: 2 });

  await t.step(
    "what fits on one place is refused two replicas before a byte is asked for",
    async () => {
      const refusal = await refused(
        "poucos_locais",
        () => client.offer("big", bytesOf(30 * MIB), { replicas: 2 }),
      );
      assertEquals(refusal.available, 1);
    },
  );
  await t.step("with fewer accepted it is there once, and says so", async () => {
    const receipt = await client.deposit("big", bytesOf(30 * MIB), { replicas: 2, minimum: 1 });
    assertEquals([receipt.replicas, receipt.wanted], [1, 2]);
  });
  await t.step("two deposits at once are not promised the same room", async () => {
    using other = await server.client({ id: client.id });
    const bytes = bytesOf(12 * MIB, 5);
    const offers = await Promise.allSettled(
      [client, other].map((each, index) => each.offer(`half ${index}`, bytes, { replicas: 2 })),
    );
    assertEquals(offers.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
    const peer = offers[0]!.status === "fulfilled" ? client : other;
    await peer.connection.writeLine("acao:desistir");
    await refused("desistiu", () => peer.receipt());
  });
  await t.step("a stream without a size that fills one place goes on at the other", async () => {
    const bytes = bytesOf(40 * MIB, 6);
    const receipt = await client.deposit("stream", bytes, {
      replicas: 2,
      minimum: 1,
      sized: false,
    });
    assertEquals(receipt.replicas, 1);
    assertEquals(digestOf(await client.retrieve("stream")), digestOf(bytes));
  });
  await t.step("a disk that others fill in the middle is dropped, the other goes on", async () => {
    const bytes = bytesOf(12 * MIB, 7);
    await client.offer("shared", bytes, { replicas: 2 });
    await client.connection.writeLine("acao:enviar|posicao:0");
    await client.blocks(bytes.subarray(0, 4 * MIB));
    await Deno.writeFile(join(disk.path, "somebody else's"), bytesOf(11 * MIB));
    await client.blocks(bytes.subarray(4 * MIB));
    await client.connection.writeLine(`bloco:0|hash_arquivo:${digestOf(bytes)}`);
    const receipt = await client.receipt();
    assertEquals([receipt.replicas, receipt.wanted], [1, 2]);
    assertEquals(digestOf(await client.retrieve("shared")), digestOf(bytes));
    await Deno.remove(join(disk.path, "somebody else's"));
  });
  await t.step(
    "nothing is left of what did not fit, and all that was acknowledged is there",
    async () => {
      await eventually(
        "no part is left",
        () => filesBelow(disk.path).every((path) => !path.includes("/parts/")),
      );
      assertEquals(await client.retrieve("small"), small);
      assertEquals((await client.fileStatus("small")).file.live, 2);
    },
  );
  await t.step("--reserve is kept free", async () => {
    await server.stop();
    await server.restart({ places: [disk.path], flags: { reserve: "10MiB" } });
    using later = await server.client({ id: client.id });
    await refused("sem_espaco", () => later.offer("no", bytesOf(12 * MIB, 8), { replicas: 1 }));
    assertEquals((await later.deposit("yes", bytesOf(6 * MIB, 9), { replicas: 1 })).replicas, 1);
    assertEquals(later.connected.available, 1);
  });
  assert(!/ERR|FTL/.test(server.log), server.log);
});

test("server: what a client reads of a full disk is what can be had, and no path of the depot's", async () => {
  await using root = temporaryRoot();
  await using disk = await smallDisk(24);
  await using server = await RunningServer.start(root.path, {
    places: [disk.path],
    flags: { reserve: "10MiB" },
  });
  using client = await server.client();
  using other = await server.client();
  const usable = async () => (await other.status()).places[0]!.free;
  const free = await usable();
  assert(free > 13 * MIB && free < 14 * MIB, `${free} bytes can be used`);
  const offer = client.offer("no", bytesOf(15 * MIB), { replicas: 1 });
  const refusal = await refused("sem_espaco", () => offer);
  assertMatch(
    refusal.message,
    new RegExp(`: 15728640 bytes are needed, and .* take ${free} at most$`),
  );
  assertMatch(
    await server.logged(/Too little room/),
    new RegExp(`--reserve.* usable=${free} reserve=${10 * MIB}$`),
  );

  const bytes = bytesOf(8 * MIB, 7);
  await client.offer("stopped", bytes, { replicas: 1 });
  await client.connection.writeLine("acao:enviar|posicao:0");
  await client.blocks(bytes.subarray(0, 4 * MIB));
  await disk.fill();
  assertEquals(await usable(), 0);
  await client.blocks(bytes.subarray(4 * MIB)).catch(() => {});
  const full = await refused("sem_espaco", () => client.receipt());
  assert(!full.message.includes("/"), full.message);
  assertMatch(await server.logged(/No place took a deposit/), new RegExp(disk.path));
});

test("server: when the catalog's disk is full it refuses, the connection goes on, and nothing is lost", async () => {
  await using root = temporaryRoot();
  await using disk = await smallDisk(4);
  await using server = await RunningServer.start(root.path, { data: join(disk.path, "data") });
  const client = await server.client();
  using _client = client;
  const there = new Map<string, Uint8Array>();
  const deposit = async (name: string, bytes: Uint8Array): Promise<boolean> => {
    const receipt = await client.deposit(name, bytes).catch((error) => error);
    if (!(receipt instanceof Refusal)) {
      assertEquals(receipt.replicas, 2);
      there.set(name, bytes);
      return true;
    }
    assertEquals(receipt.code, "sem_espaco", receipt.message);
    assert(!receipt.message.includes("/"), receipt.message);
    return false;
  };
  await deposit("before", bytesOf(2 * MIB));
  await Deno.writeFile(join(disk.path, "filler"), bytesOf(4 * MIB)).catch(() => {});
  let failures = 0;
  for (let turn = 0; turn < 100 && failures < 8; turn++) {
    const bytes = bytesOf([2 * MIB, 0, 5_000][turn % 3]!, turn + 1);
    if (!await deposit(`file ${turn}`, bytes)) failures++;
  }
  assertEquals(failures, 8);
  await server.logged(/Could not write the catalog .*: its disk is full\. Make room there/);
  const seed = await client.seedDeposit("seed", bytesOf(2 * MIB, 99), 2).catch((error) => error);
  assert(seed instanceof Refusal, String(seed));
  for (const [name, bytes] of there) assertEquals(await client.retrieve(name), bytes);

  await Deno.remove(join(disk.path, "filler"));
  assert(await deposit("after", bytesOf(2 * MIB, 100)));
  await server.kill();
  await server.restart();
  using later = await server.client({ id: client.id });
  assertEquals((await later.list()).map(({ name }) => name), [...there.keys()].sort());
  for (const [name, bytes] of there) assertEquals(await later.retrieve(name), bytes);
});
