/** Directories that go, come back, move, or are not what they should be, under the real server. */
import { join } from "node:path";
import { digestOf } from "../../lib/content/digest.ts";
import { Refusal } from "../../lib/protocol/mod.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../assert.ts";
import { endedServer, RunningServer, temporaryRoot } from "./running_server.ts";
import { all, eventually, filesBelow } from "./waiting.ts";
import { bytesOf, type WireClient } from "./wire_client.ts";

const BYTES = bytesOf(1_500_000);
const DIGEST = digestOf(BYTES);

async function placeStates(client: WireClient): Promise<Record<string, string>> {
  const { places } = await client.status();
  return Object.fromEntries(places.map(({ label, state }) => [label, state]));
}

// Side by side, because the server looks at its directories every few seconds.
Deno.test("server: a directory that goes is away, not empty, and is known when it is back", async () => {
  await all([goesWhileItRuns(), isGoneAtTheStart()]);
});

async function goesWhileItRuns(): Promise<void> {
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path);
  using client = await server.client();
  await client.deposit("file", BYTES, { replicas: 2 });

  await Deno.rename(join(root.path, "one"), join(root.path, "elsewhere"));
  for (let turn = 0; turn < 5; turn++) assertEquals(await client.retrieve("file"), BYTES);
  const meanwhile = (minimum: number) =>
    client.deposit("meanwhile", bytesOf(2_000_000, 2), { replicas: 2, minimum });
  const refusal = await assertRejects(() => meanwhile(2), Refusal);
  assertEquals([refusal.code, refusal.available], ["poucos_locais", 1]);
  const receipt = await meanwhile(1);
  assertEquals([receipt.replicas, receipt.wanted, receipt.places.length], [1, 2, 1]);
  await eventually("one is lost", async () => (await placeStates(client)).one === "lost");
  await server.logged(/The place one is away/);
  assertEquals(filesBelow(join(root.path, "one")), []);
  assertEquals((await client.fileStatus("file")).file.live, 1);

  assert(!/ERR|FTL/.test(server.log), server.log);
}

/** An unmounted disk leaves an empty directory: nothing must be made there. */
async function isGoneAtTheStart(): Promise<void> {
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path);
  const first = await server.client();
  await first.deposit("file", BYTES, { replicas: 2 });
  const ids = (await first.status()).places.map(({ id }) => id).sort();
  first.connection.close();
  await server.stop();
  await Deno.rename(join(root.path, "one"), join(root.path, "elsewhere"));
  await Deno.mkdir(join(root.path, "one"));
  await server.restart();
  using client = await server.client({ id: first.id });
  assertMatch(await server.logged(/is away/), /The place one is away: there is no mark in .*one/);
  assertEquals(await placeStates(client), { one: "lost", two: "online" });
  assertEquals(await client.retrieve("file"), BYTES);
  const receipt = await client.deposit("meanwhile", bytesOf(2_000_000, 2), {
    replicas: 2,
    minimum: 1,
  });
  assertEquals([receipt.replicas, receipt.wanted], [1, 2]);
  assertEquals([...Deno.readDirSync(join(root.path, "one"))], []);

  await Deno.remove(join(root.path, "one"));
  await Deno.rename(join(root.path, "elsewhere"), join(root.path, "one"));
  await eventually("one is back", async () => (await placeStates(client)).one === "online");
  assertEquals((await client.status()).places.map(({ id }) => id).sort(), ids);
  assertEquals((await client.fileStatus("file")).file.live, 2);
  await eventually(
    "what came meanwhile has its two replicas",
    async () => (await client.fileStatus("meanwhile")).file.live === 2,
  );
}

Deno.test("server: a directory given under a new path is the same place, with all that it has", async () => {
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path);
  const first = await server.client();
  await first.deposit("file", BYTES, { replicas: 2 });
  const before = (await first.status()).places.map(({ id }) => id).sort();
  first.connection.close();
  await server.stop();
  await Deno.rename(join(root.path, "one"), join(root.path, "moved"));
  await server.restart({ places: ["moved", "two"] });
  using client = await server.client({ id: first.id });
  const { places } = await client.status();
  assertEquals(places.map(({ id }) => id).sort(), before);
  assertEquals(places.map(({ label }) => label).sort(), ["moved", "two"]);
  assertEquals((await client.fileStatus("file")).file.live, 2);
  assertEquals(digestOf(Deno.readFileSync(server.replica("moved", DIGEST))), DIGEST);
  assert(!/away|aside/.test(server.log), server.log);
});

Deno.test("server: a place of earlier that is not named any more is warned of", async () => {
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path, { places: ["one", "two"] });
  await server.stop();
  assert(!/not among the stores/.test(server.log), server.log);
  await server.restart({ places: ["two", "three"] });
  const flag = `add --store fs:${join(root.path, "one")}, or`;
  await server.logged(/A place of earlier is not among the stores/);
  const warnings = server.log.split("\n").filter((line) => line.includes("not among the stores"));
  assertEquals(warnings.map((line) => line.includes(flag)), [true], server.log);
});

Deno.test("server: what is another depot's, or used already, is refused and left as it is", async (t) => {
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path);
  using client = await server.client();
  await client.deposit("file", BYTES, { replicas: 2 });
  const before = filesBelow(root.path);

  /** Starts beside the first, must end with 1 and a message, and must change nothing. */
  const refused = async (options: Parameters<typeof endedServer>[1], message: RegExp) => {
    const { code, log } = await endedServer(root.path, options);
    assertMatch(log, message);
    assert(!/\n\s+at /.test(log), log);
    assertEquals(code, 1);
    const left = filesBelow(root.path).filter((path) => !path.startsWith("other/"));
    assertEquals(left, before);
    assertEquals(await client.retrieve("file"), BYTES);
  };
  await t.step(
    "a second server on the same data",
    () => refused({ places: ["three"] }, /another depot is running on it/),
  );
  await t.step(
    "a second depot on the first one's directories, while that runs",
    () => refused({ data: join(root.path, "other") }, /belongs to another depot/),
  );
  await t.step("a port that is taken", () =>
    refused(
      { data: join(root.path, "other"), places: ["other/p"], flags: { port: `${server.port}` } },
      /[Aa]ddress .*in use|is taken/,
    ));
  await t.step(
    "directories in one another",
    () =>
      refused(
        { data: join(root.path, "other"), places: ["other/a", "other/a/b"] },
        /lies in the other/,
      ),
  );
  await t.step("a catalog that is no database", async () => {
    await Deno.mkdir(join(root.path, "other", "bad"), { recursive: true });
    await Deno.writeFile(join(root.path, "other", "bad", "catalog.db"), bytesOf(10_000));
    await refused({ data: join(root.path, "other", "bad"), places: ["other/q"] }, /not a database/);
  });
  await t.step("a second depot on the first one's directories, when that is stopped", async () => {
    await server.stop();
    const stopped = filesBelow(root.path).filter((path) => !path.startsWith("other/"));
    const { code, log } = await endedServer(root.path, { data: join(root.path, "other") });
    assertMatch(log, /belongs to another depot/);
    assertEquals(code, 1);
    assertEquals(filesBelow(root.path).filter((path) => !path.startsWith("other/")), stopped);
  });
  await t.step("the first one starts again as if nothing had been", async () => {
    await server.restart();
    using later = await server.client({ id: client.id });
    assertEquals((await later.fileStatus("file")).file.live, 2);
    assertEquals(await later.retrieve("file"), BYTES);
  });
});
