/** Broken deposits that go on where they were, over kills and restarts of the real server. */
import { digestOf } from "../../lib/content/digest.ts";
import { ConnectionLost, Refusal } from "../../lib/protocol/mod.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { RunningServer, temporaryRoot } from "./running_server.ts";
import { eventually, filesBelow } from "./waiting.ts";
import { bytesOf, type Offer, type WireClient } from "./wire_client.ts";

const MIB = 1024 * 1024;
const BYTES = bytesOf(6 * MIB);

function parts(server: RunningServer): number[] {
  return ["one", "two"].map((place) => filesBelow(server.inside(place, "parts")).length);
}

/** Sends the first `count` bytes, and waits until both places have them. */
async function begin(
  server: RunningServer,
  client: WireClient,
  { upload, count }: { upload: string; count: number },
): Promise<void> {
  await client.offer("file", BYTES, { upload, replicas: 2 });
  await client.connection.writeLine("acao:enviar|posicao:0");
  await client.blocks(BYTES.subarray(0, count));
  const sizes = () =>
    ["one", "two"].map((place) => {
      const [part] = filesBelow(server.inside(place, "parts"));
      return part === undefined ? 0 : Deno.statSync(server.inside(place, "parts", part)).size;
    });
  await eventually("both places have it", () => sizes().every((size) => size >= count));
}

/** The offer, once the server has noticed that the connection before is gone. */
function offerAgain(client: WireClient, upload: string): Promise<Offer> {
  return eventually("the upload is free", async () => {
    try {
      return await client.offer("file", BYTES, { upload, replicas: 2 });
    } catch (error) {
      if (error instanceof Refusal && error.code === "envio_em_uso") return null;
      throw error;
    }
  });
}

Deno.test("server: a broken deposit goes on where it was, over a kill of the server", async (t) => {
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path);
  const first = await server.client();
  const upload = crypto.randomUUID();

  await t.step("a second connection may not send the same upload at once", async () => {
    await begin(server, first, { upload, count: 2 * MIB });
    using other = await server.client({ id: first.id });
    const refusal = await assertRejects(
      () => other.offer("file", BYTES, { upload, replicas: 2 }),
      Refusal,
    );
    assertEquals(refusal.code, "envio_em_uso");
  });
  await t.step("after a kill what both places have is offered, with its SHA-256", async () => {
    await server.kill();
    await assertRejects(() => first.receipt(), ConnectionLost);
    first.connection.close();
    await server.restart();
    using client = await server.client({ id: first.id });
    assertEquals(await client.list(), []);
    const { position, partDigest } = await client.offer("file", BYTES, { upload, replicas: 2 });
    assertEquals(position, 2 * MIB);
    assertEquals(partDigest, digestOf(BYTES.subarray(0, 2 * MIB)));
    await client.connection.writeLine(`acao:enviar|posicao:${position}`);
    await client.blocks(BYTES.subarray(position, 4 * MIB));
  });
  await t.step("after a lost connection, too; and after a stop of the server", async () => {
    using client = await server.client({ id: first.id });
    assertEquals((await offerAgain(client, upload)).position, 4 * MIB);
    client.connection.close();
    assertEquals(await server.stop(), 0);
    await server.restart();
  });
  await t.step("a place that kept less, or something else, does not spoil it", async () => {
    const [part] = filesBelow(server.inside("one", "parts"));
    await server.stop();
    await Deno.truncate(server.inside("one", "parts", part!), 3 * MIB);
    await server.restart();
    using client = await server.client({ id: first.id });
    const { position, partDigest } = await client.offer("file", BYTES, { upload, replicas: 2 });
    assertEquals(position, 3 * MIB);
    assertEquals(partDigest, digestOf(BYTES.subarray(0, 3 * MIB)));
    await client.send(BYTES, { from: position });
    assertEquals((await client.receipt()).replicas, 2);
    assertEquals(await client.retrieve("file"), BYTES);
  });
  await t.step("nothing of it is left, and the same upload again is a new one", async () => {
    using client = await server.client({ id: first.id });
    assertEquals(parts(server), [0, 0]);
    const offer = await client.offer("file", BYTES, { upload });
    assertEquals([offer.position, offer.presentDigest], [0, digestOf(BYTES)]);
    await client.connection.writeLine(`acao:igual|hash_arquivo:${digestOf(BYTES)}`);
    assertEquals((await client.receipt()).version, 1);
  });
  await t.step("a client that has other bytes by now sends them from the start", async () => {
    using broken = await server.client({ id: first.id });
    const again = crypto.randomUUID();
    const other = bytesOf(6 * MIB, 2);
    await begin(server, broken, { upload: again, count: 2 * MIB });
    broken.connection.close();
    using client = await server.client({ id: first.id });
    assertEquals((await offerAgain(client, again)).position, 2 * MIB);
    await client.send(other);
    assertEquals((await client.receipt()).version, 2);
    assertEquals(await client.retrieve("file"), other);
    assertEquals(parts(server), [0, 0]);
  });
  assert(!/ERR|FTL/.test(server.log), server.log);
});

Deno.test("server: parts of uploads that nobody comes back for do not pile up", async (t) => {
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path);
  const first = await server.client();
  await t.step("of a deposit that cannot be resumed nothing stays after a kill", async () => {
    await first.connection.writeLine(
      `id_cliente:${first.id}|qtd_replicas:2|tamanho_arquivo:${BYTES.length}` +
        `|hash_arquivo:${digestOf(BYTES)}|nome_arquivo:seed`,
    );
    await first.connection.write(BYTES.subarray(0, 3 * MIB));
    await eventually("both have a part", () => parts(server).join() === "1,1");
    await server.kill();
    first.connection.close();
    await server.restart();
    await eventually("the parts are gone", () => parts(server).join() === "0,0");
  });
  await t.step("parts that the catalog does not know are dropped at the start", async () => {
    await server.stop();
    for (const place of ["one", "two"]) {
      await Deno.writeFile(server.inside(place, "parts", "a".repeat(40)), BYTES);
      await Deno.writeFile(server.inside(place, "parts", `copy-${crypto.randomUUID()}`), BYTES);
    }
    await server.restart();
    await eventually("the parts are gone", () => parts(server).join() === "0,0");
  });
});
