/** What was removed, replaced or renamed, over the wire and over kills of the server. */
import { digestOf } from "../../lib/content/digest.ts";
import { Refusal } from "../../lib/protocol/mod.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { RunningServer, temporaryRoot } from "./running_server.ts";
import { eventually, filesBelow } from "./waiting.ts";
import { bytesOf } from "./wire_client.ts";

async function refused(code: string, work: () => Promise<unknown>): Promise<void> {
  assertEquals((await assertRejects(work, Refusal)).code, code);
}

Deno.test("server: what was acknowledged of names outlives a kill, and nobody else sees it", async (t) => {
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path, { flags: { "keep-removed": "24h" } });
  const { id } = await server.client();
  const mine = async () => await server.client({ id });
  const [one, two] = [bytesOf(2_000_000, 1), bytesOf(5_000, 2)];
  const copies = (bytes: Uint8Array) =>
    ["one", "two"].flatMap((place) => filesBelow(server.inside(place, "contents")))
      .filter((path) => path.endsWith(digestOf(bytes))).length;

  await t.step("removed and replaced files keep their copies, and come back", async () => {
    using client = await mine();
    await client.deposit("a", one, { replicas: 2 });
    await client.deposit("a", two, { replicas: 2 });
    await client.remove("a");
    assertEquals(await client.list(), []);
    assertEquals((await client.status()).files, 0);
    await server.kill();
    await server.restart();
    using again = await mine();
    const removed = await again.removed();
    assertEquals(removed.map(({ name, version, live }) => [name, version, live]), [
      ["a", 1, 2],
      ["a", 2, 2],
    ]);
    assert(removed.every(({ removedAt, keptUntil }) => keptUntil - removedAt === 24 * 3_600_000));
    assertEquals((await again.restore("a")).version, 2);
    await refused("nome_em_uso", () => again.restore("a"));
    assertEquals((await again.restore("a", 1, true)).version, 3);
    await server.kill();
    await server.restart();
    using last = await mine();
    assertEquals(await last.retrieve("a"), one);
    assertEquals((await last.removed()).map(({ version }) => version), [2]);
  });

  await t.step("a rename is one step, of a file and of a folder", async () => {
    using client = await mine();
    await client.deposit("F/x|y", two, { replicas: 1 });
    await client.deposit("b", two, { replicas: 1 });
    await refused("nome_em_uso", () => client.rename("b", "a"));
    await refused("nao_encontrado", () => client.rename("none", "c"));
    await refused("valor_invalido", () => client.rename("F/", "F/G/"));
    assertEquals(await client.rename("F/", "G|/"), { files: 1, replaced: 0 });
    assertEquals(await client.rename("b", "a", true), { files: 1, replaced: 1 });
    await server.kill();
    await server.restart();
    using again = await mine();
    assertEquals((await again.list()).map(({ name }) => name), ["G|/x|y", "a"]);
    assertEquals(await again.retrieve("a"), two);
    assertEquals((await again.removed()).map(({ version }) => version), [2, 3]);
  });

  await t.step("another owner lists, restores and renames nothing of it", async () => {
    using theirs = await server.client();
    assertEquals(await theirs.removed(), []);
    await refused("nao_encontrado", () => theirs.restore("a", 2, true));
    await refused("nao_encontrado", () => theirs.rename("G|/", "mine/"));
    await refused("nao_encontrado", () => theirs.forget("a"));
  });

  await t.step("for good, the room is free at once", async () => {
    using client = await mine();
    assertEquals(copies(one), 2);
    await client.forget("a");
    assertEquals(await client.removed(), []);
    await refused("nao_encontrado", () => client.restore("a"));
    await eventually("the bytes are gone", () => copies(one) === 0);
    assertEquals(await client.retrieve("G|/x|y"), two);
  });
});
