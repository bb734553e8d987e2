/** Several small files in one piece, to and from the real server. */
import { digestOf } from "../../lib/content/digest.ts";
import {
  AHEAD_BYTES,
  BATCH_ITEMS,
  batchFrame,
  Connection,
  ConnectionLost,
  encode,
  MOST_FRAME_BYTES,
  Refusal,
  REQUESTS,
} from "../../lib/protocol/mod.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../assert.ts";
import { KEPT, onlyKept, refused } from "./kept_file.ts";
import { RunningServer, temporaryRoot } from "./running_server.ts";
import { eventually } from "./waiting.ts";
import { type BatchFile, bytesOf, depositLine, type WireClient } from "./wire_client.ts";

const FILES: BatchFile[] = Array.from({ length: BATCH_ITEMS }, (_, index) => ({
  name: `folder/${index}`,
  bytes: bytesOf([0, 1, 700, 4_096, 16_000][index % 5]!, index + 1),
  replicas: 1 + index % 2,
}));

/** What each answer came to, in one word. */
function outcomes(answers: (object | Refusal)[]): string[] {
  return answers.map((answer) => answer instanceof Refusal ? answer.code : "done");
}

async function send(client: WireClient, parts: (string | Uint8Array)[], count: number) {
  return await client.batch(count, parts, (line) => ({ line }));
}

Deno.test("server: a batch is answered in the order of its requests, each receipt with what is on disk", async () => {
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path);
  using client = await server.client();

  const receipts = await client.depositBatch(FILES);

  for (const [index, { bytes, replicas }] of FILES.entries()) {
    const receipt = receipts[index]!;
    if (receipt instanceof Refusal) throw receipt;
    assertEquals([receipt.digest, receipt.replicas], [digestOf(bytes), replicas!]);
    const there = ["one", "two"].filter((place) => {
      try {
        return digestOf(Deno.readFileSync(server.replica(place, receipt.digest))) ===
          receipt.digest;
      } catch {
        return false;
      }
    });
    assert(there.length >= replicas!, `${there} of ${replicas}`);
  }
  assertEquals(
    await client.retrieveBatch(FILES.map(({ name }) => name)),
    FILES.map(({ bytes }) => bytes),
  );
  assertEquals(await client.retrieve("folder/3"), FILES[3]!.bytes);
});

Deno.test("server: one request of a batch fails alone", async (t) => {
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path);
  using client = await server.client();
  using other = await server.client();
  await client.deposit("mine", bytesOf(10));
  await client.deposit("large", bytesOf(AHEAD_BYTES + 1));
  await other.deposit("theirs", bytesOf(20));

  await t.step("wrong bytes, and more replicas than there are places", async () => {
    const answers = await client.depositBatch([
      { name: "a", bytes: bytesOf(5) },
      { name: "b", bytes: bytesOf(6), digest: digestOf("else") },
      { name: "c", bytes: bytesOf(7), replicas: 3 },
      { name: "d", bytes: bytesOf(8) },
    ]);
    assertEquals(outcomes(answers), ["done", "hash_diferente", "poucos_locais", "done"]);
    const names = (await client.list()).map(({ name }) => name);
    assertEquals(names, ["a", "d", "large", "mine"]);
  });
  await t.step("another's file, none at all, and one that is too large for a batch", async () => {
    const answers = await client.retrieveBatch(["mine", "theirs", "none", "large", "a"]);
    const expected = ["done", "nao_encontrado", "nao_encontrado", "limite", "done"];
    assertEquals(outcomes(answers), expected);
  });
  await t.step("deposits and retrievals in one", async () => {
    const bytes = bytesOf(30);
    const answers = await send(client, [
      depositLine({ name: "e", size: 30, digest: digestOf(bytes) }),
      bytes,
      encode(REQUESTS.retrieve, { from: 0, length: null, digest: null, avoid: null, name: "none" }),
    ], 2);
    assertEquals(outcomes(answers), ["done", "nao_encontrado"]);
  });
});

Deno.test("server: a batch that cannot be read is refused as a whole, and the connection goes on", async (t) => {
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path);
  using client = await server.client();
  await client.deposit("kept", KEPT, { replicas: 2 });
  const bytes = bytesOf(100);
  const digest = digestOf(bytes);
  const good = [depositLine({ name: "good", size: 100, digest }), bytes];
  const bad: Record<string, [code: string, parts: (string | Uint8Array)[], count: number]> = {
    "a line without an end": ["mensagem_invalida", [...good, new Uint8Array([65])], 2],
    "a line that is no message": ["mensagem_invalida", [...good, "hello:1"], 2],
    "a line that is not UTF-8": [
      "mensagem_invalida",
      [...good, new Uint8Array([0xff, 0x0a])],
      2,
    ],
    "fewer bytes than declared": ["mensagem_invalida", [good[0]!, bytes.subarray(1)], 1],
    "more than was announced": ["mensagem_invalida", [...good, ...good], 1],
    "less than was announced": ["mensagem_invalida", good, 2],
    "another command": ["valor_invalido", [...good, "comando:estado"], 2],
    "a batch in a batch": ["valor_invalido", ["comando:lote|itens:1|tamanho:0"], 1],
    "a deposit without its digest": [
      "valor_invalido",
      [depositLine({ name: "bad", size: 100 }), bytes],
      1,
    ],
    "a deposit without its size": [
      "valor_invalido",
      [depositLine({ name: "bad", size: null, digest }), bytes],
      1,
    ],
    "a part of a file": ["valor_invalido", [
      encode(REQUESTS.retrieve, { from: 1, length: null, digest: null, avoid: null, name: "kept" }),
    ], 1],
    "a large deposit": [
      "valor_invalido",
      [depositLine({ name: "bad", size: AHEAD_BYTES + 1, digest }), bytesOf(AHEAD_BYTES + 1)],
      1,
    ],
    "a name that is none": ["nome_invalido", [
      "comando:recuperar|posicao:0|tamanho:|hash_arquivo:|evitar:|nome_arquivo:../x",
    ], 1],
    "no request": ["valor_invalido", [], 0],
    "too many requests": [
      "valor_invalido",
      Array.from({ length: BATCH_ITEMS + 1 }, () => good).flat(),
      BATCH_ITEMS + 1,
    ],
    "too many bytes": ["valor_invalido", [bytesOf(MOST_FRAME_BYTES + 1)], 1],
  };
  for (const [what, [code, parts, count]] of Object.entries(bad)) {
    await t.step(what, async () => {
      await refused(code, () => send(client, parts, count));
      assertEquals(await client.retrieve("kept"), KEPT);
    });
  }
  await onlyKept(server, client);
});

Deno.test("server: what is in a batch is never read as a request, whatever is wrong with its line", async (t) => {
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path);
  using owner = await server.client();
  await owner.deposit("precious", bytesOf(10));
  const frame = new TextEncoder().encode(
    `comando:conectar|id_cliente:${owner.id}|versao:1\n` +
      "comando:remover|definitivo:1|nome_arquivo:precious\n",
  );
  const size = frame.length;
  const lines: Record<string, string> = {
    "an unknown key": `comando:lote|itens:1|tamanho:${size}|novo:1`,
    "a key that is missing": `comando:lote|tamanho:${size}`,
    "another order": `tamanho:${size}|novo:1|comando:lote`,
    "a malformed value": `comando:lote|itens:-1|tamanho:${size}`,
  };
  for (const [what, line] of Object.entries(lines)) {
    await t.step(what, async () => {
      using client = await server.client({ id: owner.id });
      await client.connection.writeLine(line);
      await client.connection.write(frame);
      assertMatch(await client.answer(), /^erro:/);
      assertEquals((await client.list()).map(({ name }) => name), ["precious"]);
    });
  }
  await t.step("a size that is none ends the connection", async () => {
    using client = await server.client({ id: owner.id });
    await client.connection.writeLine("comando:lote|itens:1|tamanho:many");
    await client.connection.write(frame).catch(() => {});
    assertMatch(await client.answer(), /^erro:/);
    await assertRejects(() => client.answer(), ConnectionLost);
    assertEquals((await owner.list()).map(({ name }) => name), ["precious"]);
  });
  await t.step("before anybody said who they are", async () => {
    using socket = new Connection(await server.raw());
    await socket.writeLine(`comando:lote|itens:1|tamanho:${size}`);
    await socket.write(frame);
    assertMatch((await socket.readLine())!, /^erro:nao_conectado/);
    await socket.writeLine("comando:estado");
    assertMatch((await socket.readLine())!, /^erro:nao_conectado/);
    assertEquals((await owner.list()).map(({ name }) => name), ["precious"]);
  });
});

Deno.test("server: a connection that breaks within a batch leaves nothing", async () => {
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path);
  using client = await server.client();
  await client.deposit("kept", KEPT, { replicas: 2 });
  {
    using broken = await server.client({ id: client.id });
    const frame = batchFrame(FILES.flatMap(({ name, bytes }) => [
      depositLine({ name, size: bytes.length, digest: digestOf(bytes) }),
      bytes,
    ]));
    const head = encode(REQUESTS.batch, { count: FILES.length, bytes: frame.length });
    await broken.connection.writeLine(head);
    await broken.connection.write(frame.subarray(0, -1));
  }
  await onlyKept(server, client);
});

Deno.test("server: batches of which too many are on their way are refused, and read away", async () => {
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path);
  using client = await server.client();
  const waiting = await Promise.all(Array.from({ length: 45 }, () => server.client()));
  const [file] = FILES.slice(1);
  try {
    // Each announces as much as there can be, and sends nothing of it.
    for (const { connection } of waiting) {
      await connection.writeLine(encode(REQUESTS.batch, { count: 1, bytes: MOST_FRAME_BYTES }));
    }
    let refusal: unknown = null;
    for (let tries = 0; tries < 100 && refusal === null; tries++) {
      const parts = [bytesOf(MOST_FRAME_BYTES)];
      refusal = await send(client, parts, 1).then(() => null, (error) => error);
      if (refusal instanceof Refusal && refusal.code !== "limite") refusal = null;
    }
    assert(refusal instanceof Refusal && refusal.code === "limite", String(refusal));
  } finally {
    for (const one of waiting) one[Symbol.dispose]();
  }
  await eventually("what those held is free", async () => {
    const answers = await client.depositBatch([file!]).catch((refusal) => [refusal]);
    return outcomes(answers)[0] === "done";
  });
});

Deno.test("server: who holds much memory for batches that do not come leaves some to others", async () => {
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path);
  using client = await server.client();
  using greedy = await server.client();
  const waiting = await Promise.all(
    Array.from({ length: 60 }, () => server.client({ id: greedy.id })),
  );
  try {
    for (const { connection } of waiting) {
      await connection.writeLine(encode(REQUESTS.batch, { count: 1, bytes: MOST_FRAME_BYTES }));
    }
    // As much as a batch may be.
    const large = Array.from({ length: 8 }, (_, index) => ({
      name: `large/${index}`,
      bytes: bytesOf(AHEAD_BYTES, index + 1),
    }));
    for (let turn = 0; turn < 5; turn++) {
      assertEquals(outcomes(await client.depositBatch(large)), Array(8).fill("done"));
    }
    await refused("limite", () => send(greedy, [bytesOf(MOST_FRAME_BYTES)], 1));
  } finally {
    for (const one of waiting) one[Symbol.dispose]();
  }
});

Deno.test("server: who says no machine is told of no batches, as the seed has it", async () => {
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path);
  using socket = await server.client();
  assertEquals(socket.connected.batch, null);
  const line = await socket.ask(
    encode(REQUESTS.connect, { id: socket.id, version: 1, machine: "m" }),
  );
  assertMatch(line, new RegExp(`^id_cliente:${socket.id}\\|.*\\|lote:${BATCH_ITEMS}$`));
});

Deno.test("server: killed within a batch, each file of it is there whole or not at all", async () => {
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path);
  using client = await server.client();
  const before = FILES.map((file) => ({ ...file, bytes: bytesOf(50, file.bytes.length + 2) }));
  assertEquals(new Set(outcomes(await client.depositBatch(before))), new Set(["done"]));

  const answer = client.depositBatch(FILES).catch((error) => error);
  const first = digestOf(FILES.at(-1)!.bytes);
  await eventually(
    "some of it is on a disk",
    () => exists(server.replica("one", first)) || exists(server.replica("two", first)),
  );
  await server.kill();
  const isAcknowledged = !(await answer instanceof ConnectionLost);

  await server.restart();
  using again = await server.client({ id: client.id });
  const digests = new Map((await again.list()).map(({ name, digest }) => [name, digest]));
  for (const [index, { name, bytes }] of FILES.entries()) {
    const possible = [digestOf(bytes)];
    if (!isAcknowledged) possible.push(digestOf(before[index]!.bytes));
    assert(possible.includes(digests.get(name)!), name);
    await again.retrieve(name);
  }
  assertEquals(new Set(outcomes(await again.depositBatch(FILES))), new Set(["done"]));
});

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
