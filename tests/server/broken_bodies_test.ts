/** Bodies whose sender goes away or goes wrong in the middle, against the real server. */
import { digestOf } from "../../lib/content/digest.ts";
import { ConnectionLost, encode, Refusal, REQUESTS } from "../../lib/protocol/mod.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { KEPT, onlyKept } from "./kept_file.ts";
import { RunningServer, temporaryRoot } from "./running_server.ts";
import { eventually, filesBelow } from "./waiting.ts";
import { bytesOf, type WireClient } from "./wire_client.ts";

const MIB = 1024 * 1024;

/** Each with a server of its own: what breaks leaves parts that a client can go on from. */
function testAlone(name: string, check: (server: RunningServer, client: WireClient) => unknown) {
  Deno.test(`server: ${name}`, async () => {
    await using root = temporaryRoot();
    await using server = await RunningServer.start(root.path);
    using client = await server.client();
    await client.deposit("kept", KEPT);
    await check(server, client);
    assert(!/ERR|FTL/.test(server.log), server.log);
  });
}

testAlone("a body that is not text or not framed ends that connection alone", async (
  server,
  client,
) => {
  for (const garbage of [Uint8Array.of(0xff, 0xfe, 0x0a), bytesOf(20_000)]) {
    using peer = await server.client({ id: client.id });
    await peer.offer("bad", bytesOf(3 * MIB));
    await peer.connection.writeLine("acao:enviar|posicao:0");
    await peer.connection.write(garbage).catch(() => {});
    await peer.connection.writeLine("bloco:0").catch(() => {});
    await assertRejects(() => peer.receipt(), Error);
  }
  assertEquals(await client.retrieve("kept"), KEPT);
});

testAlone(
  "a body that is cut short stores nothing under its name, and is kept for a resume",
  async (
    server,
    client,
  ) => {
    const bytes = bytesOf(3 * MIB);
    const upload = crypto.randomUUID();
    {
      using cut = await server.client({ id: client.id });
      await cut.offer("bad", bytes, { upload });
      await cut.connection.writeLine("acao:enviar|posicao:0");
      await cut.blocks(bytes.subarray(0, 2 * MIB));
      await cut.connection.writeLine(`bloco:${MIB}`);
      await cut.connection.write(bytes.subarray(2 * MIB, 2 * MIB + 1_000));
    }
    {
      using cut = await server.client({ id: client.id });
      await cut.connection.writeLine(
        encode(REQUESTS.seedDeposit, {
          id: client.id,
          replicas: 2,
          size: 3 * MIB,
          digest: digestOf(bytes),
          name: "bad",
        }),
      );
      await cut.connection.write(bytes.subarray(0, 2 * MIB));
    }
    await eventually(
      "one part a place",
      () => ["one", "two"].every((place) => filesBelow(server.inside(place, "parts")).length === 1),
    );
    assertEquals((await client.list()).map(({ name }) => name), ["kept"]);
    const offer = await eventually("the upload is free", async () => {
      try {
        return await client.offer("bad", bytes, { upload });
      } catch (error) {
        if (error instanceof Refusal && error.code === "envio_em_uso") return null;
        throw error;
      }
    });
    assertEquals(offer.position, 2 * MIB);
    await client.send(bytes);
    assertEquals((await client.receipt()).replicas, 2);
    await client.remove("bad");
    await onlyKept(server, client);
  },
);

testAlone("a client that vanishes at any point takes nothing with it", async (server, client) => {
  const bytes = bytesOf(2 * MIB);
  await client.deposit("large", bytes);
  const steps: ((peer: WireClient) => Promise<unknown>)[] = [
    () => Promise.resolve(),
    (peer) => peer.connection.write(new TextEncoder().encode("comando:dep")),
    (peer) => peer.offer("gone", bytes),
    async (peer) => {
      await peer.offer("gone", bytes);
      await peer.connection.writeLine("acao:enviar|posicao:0");
    },
    async (peer) => {
      await peer.offer("gone", bytes);
      await peer.connection.writeLine("acao:enviar|posicao:0", `bloco:${MIB}`);
    },
    async (peer) => {
      await peer.offer("gone", bytes);
      await peer.send(bytes, { digest: digestOf("else") });
    },
    (peer) =>
      peer.connection.writeLine(
        "comando:recuperar|posicao:0|tamanho:|hash_arquivo:|evitar:|nome_arquivo:large",
      ),
    (peer) => peer.connection.writeLine(`id_cliente:${peer.id}|nome_arquivo:large`),
    (peer) =>
      peer.connection.writeLine("comando:replicas|qtd_replicas:1|esperar:|nome_arquivo:large"),
    (peer) =>
      peer.connection.writeLine("comando:replicas|qtd_replicas:2|esperar:|nome_arquivo:large"),
    (peer) => peer.connection.writeLine("comando:listar|depois_de:|limite:1000"),
    (peer) => peer.connection.writeLine("comando:estado"),
    (peer) => peer.connection.writeLine("comando:estado_arquivo|nome_arquivo:large"),
  ];
  for (const step of steps) {
    const peer = await server.client({ id: client.id });
    await step(peer).catch((error) => assert(error instanceof ConnectionLost, error));
    peer.connection.close();
  }
  await eventually(
    "the large file has two replicas",
    async () => (await client.fileStatus("large")).replicas.length === 2,
  );
  assertEquals(await client.retrieve("large"), bytes);
  assertEquals((await client.list()).map(({ name }) => name), ["kept", "large"]);
  await client.remove("large");
});
