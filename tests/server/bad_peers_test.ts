/** Peers that are silent, slow, absent-minded or too many, against the real server. */
import { digestOf } from "../../lib/content/digest.ts";
import { ConnectionLost, Refusal } from "../../lib/protocol/mod.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../assert.ts";
import { RunningServer, temporaryRoot } from "./running_server.ts";
import { all, eventually, filesBelow } from "./waiting.ts";
import { bytesOf, type WireClient } from "./wire_client.ts";

const MIB = 1024 * 1024;
const RETRIEVE = "comando:recuperar|posicao:0|tamanho:|hash_arquivo:|evitar:|nome_arquivo:";

/** What the other side says until it ends the connection. */
async function untilEnd(connection: Deno.TcpConn): Promise<string> {
  const buffer = new Uint8Array(4_096);
  let text = "";
  for (let count; (count = await connection.read(buffer)) !== null;) {
    text += new TextDecoder().decode(buffer.subarray(0, count));
  }
  return text;
}

/** A deposit under way, of which `sent` bytes went out. */
async function underWay(peer: WireClient, bytes: Uint8Array, sent: number): Promise<void> {
  await peer.offer("bad", bytes);
  await peer.connection.writeLine("acao:enviar|posicao:0");
  await peer.blocks(bytes.subarray(0, sent));
}

Deno.test("server: a peer that stands still in a transfer is cut, one that is idle is not", async () => {
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path, { flags: { patience: "2s" } });
  using idle = await server.client();
  await idle.deposit("kept", bytesOf(10));
  const bytes = bytesOf(3 * MIB);

  const stalls: Record<string, () => Promise<void>> = {
    async "who never says anything"() {
      using connection = await server.raw();
      assertEquals(await untilEnd(connection), "");
    },
    async "who begins a line and does not end it"() {
      using connection = await server.raw();
      await connection.write(new TextEncoder().encode("comando:con"));
      assertEquals(await untilEnd(connection), "");
    },
    async "who stops in the middle of a block"() {
      using peer = await server.client({ id: idle.id });
      await underWay(peer, bytes, 0);
      await peer.connection.writeLine(`bloco:${MIB}`, "the first bytes");
      await assertRejects(() => peer.receipt(), ConnectionLost);
    },
    async "who stops between two blocks"() {
      using peer = await server.client({ id: idle.id });
      await underWay(peer, bytes, MIB);
      await assertRejects(() => peer.receipt(), ConnectionLost);
    },
    async "who stops in the seed's raw bytes"() {
      using peer = await server.client({ id: idle.id });
      await peer.connection.writeLine(
        `id_cliente:${peer.id}|qtd_replicas:1|tamanho_arquivo:${bytes.length}` +
          `|hash_arquivo:${digestOf(bytes)}|nome_arquivo:bad`,
        "the first bytes",
      );
      await assertRejects(() => peer.receipt(), ConnectionLost);
    },
    async "but who is slow and moves is served"() {
      using peer = await server.client({ id: idle.id });
      const slow = bytesOf(7);
      await underWay(peer, slow, 0);
      // All together it takes longer than the patience.
      for (let at = 0; at < slow.length; at++) {
        await new Promise((resolve) => setTimeout(resolve, 350));
        await peer.blocks(slow.subarray(at, at + 1));
      }
      await peer.connection.writeLine(`bloco:0|hash_arquivo:${digestOf(slow)}`);
      assertEquals((await peer.receipt()).size, 7);
    },
  };
  await all(
    Object.entries(stalls).map(([who, stall]) =>
      stall().catch((cause) => {
        throw new Error(`${who}: ${cause.message}`, { cause });
      })
    ),
  );
  assertEquals((await idle.list()).map(({ size }) => size), [7, 10]);
  assert(!/ERR|FTL/.test(server.log), server.log);
});

Deno.test("server: above --max-connections it says ocupado; one that reads nothing is cut and makes room", async () => {
  await using root = temporaryRoot();
  const flags = { "max-connections": "2", patience: "2s" };
  await using server = await RunningServer.start(root.path, { flags, places: ["one"] });
  using client = await server.client();
  await client.deposit("large", bytesOf(32 * MIB));
  {
    using deaf = await server.client({ id: client.id });
    for (let turn = 0; turn < 20; turn++) {
      const refusal = await assertRejects(() => server.client({ id: client.id }), Refusal);
      assertEquals(refusal.code, "ocupado");
      assert(refusal.retry);
    }
    await deaf.connection.writeLine(RETRIEVE + "large");
    using next = await eventually("there is room again", async () => {
      try {
        return await server.client({ id: client.id });
      } catch (error) {
        assert(error instanceof Refusal && error.code === "ocupado", String(error));
        return null;
      }
    });
    assertEquals((await next.list()).length, 1);
    await assertRejects(async () => {
      await deaf.answer();
      await deaf.connection.discard(33 * MIB);
    }, ConnectionLost);
  }
  assertEquals((await client.list()).length, 1);
});

Deno.test("server: an owner has at most 64 uploads under way, and as many broken ones kept", async () => {
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path, { places: ["one"] });
  using first = await server.client();
  const bytes = bytesOf(MIB + 1);
  const peers = await Promise.all(
    Array.from({ length: 80 }, () => server.client({ id: first.id })),
  );
  try {
    const offers = await Promise.allSettled(
      peers.map((peer) => peer.offer("many", bytes, { replicas: 1 })),
    );
    const granted = peers.filter((_, index) => offers[index]!.status === "fulfilled");
    const refusals = offers.filter((offer) => offer.status === "rejected")
      .map(({ reason }) => reason.code);
    assertEquals(granted.length, 64);
    assertEquals([...new Set(refusals)], ["limite"]);
    using other = await server.client();
    await other.deposit("another's", bytes, { replicas: 1 });
    await first.deposit("small ones go on", bytesOf(100), { replicas: 1 });

    for (const peer of granted) {
      await peer.connection.writeLine("acao:enviar|posicao:0");
      await peer.blocks(bytes.subarray(0, MIB));
    }
    const kept = () => filesBelow(server.inside("one", "parts")).length;
    await eventually("all have their part", () => kept() === 64);
  } finally {
    for (const peer of peers) peer.connection.close();
  }
  for (let turn = 0; turn < 3; turn++) {
    await eventually("another upload is granted", async () => {
      try {
        return await first.deposit(`later ${turn}`, bytes, { replicas: 1 });
      } catch (error) {
        assert(error instanceof Refusal && error.code === "limite", String(error));
        return null;
      }
    });
  }
  assert(filesBelow(server.inside("one", "parts")).length <= 64);
  assertMatch(server.log, /^(?!.*(ERR|FTL))/s);
});
