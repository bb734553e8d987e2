/** The library as other programs use it, with a real server. */
import { connect, ConnectionLost, LocalError, Refusal } from "../../lib/client/mod.ts";
import { digestOf } from "../../lib/content/digest.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { someBytes } from "../depot/test_depot.ts";
import { freePort, RunningServer, temporaryRoot } from "../server/running_server.ts";
import { contentLine, DEPOT, ScriptedDepot } from "./scripted_depot.ts";

const MIB = 1024 * 1024;

async function start() {
  await using stack = new AsyncDisposableStack();
  const root = stack.use(temporaryRoot());
  const server = stack.use(await RunningServer.start(root.path, { flags: { port: freePort() } }));
  const address = { hostname: "127.0.0.1", port: server.port };
  const link = stack.use(await connect(address));
  const resources = stack.move();
  return { root, server, address, link, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** Bytes in pieces as odd as a network's. */
function inPieces(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at === bytes.length) return controller.close();
      const piece = bytes.subarray(at, at += Math.min(77_777, bytes.length - at));
      controller.enqueue(piece);
    },
  });
}

Deno.test("link: what goes in as a stream, a blob or bytes comes out of a stream", async () => {
  await using test = await start();
  const { link } = test;
  for (const size of [0, 1, MIB, 3 * MIB + 5]) {
    const bytes = someBytes(size);
    const digest = digestOf(bytes);
    const receipts = [
      await link.deposit("stream", inPieces(bytes), { replicas: 2 }),
      await link.deposit("blob", new Blob([bytes as BlobPart])),
      await link.deposit("bytes", bytes),
    ];
    assertEquals(receipts.map((receipt) => receipt.digest), [digest, digest, digest]);
    for (const name of ["stream", "blob", "bytes"]) {
      const { file, body } = await link.retrieve(name);
      assertEquals([file.size, digestOf(await new Response(body).bytes())], [size, digest]);
    }
  }
  const files = await Array.fromAsync(link.list());
  assertEquals(files.map(({ name }) => name), ["blob", "bytes", "stream"]);
});

Deno.test("link: requests at the same time do not meet", async () => {
  await using test = await start();
  const { link } = test;
  const contents = Array.from({ length: 8 }, (_, index) => someBytes(300_000 + index, index));
  await Promise.all(contents.map((bytes, index) => link.deposit(`f${index}`, inPieces(bytes))));
  const streams = await Promise.all(contents.map((_, index) => link.retrieve(`f${index}`)));
  const came = await Promise.all(streams.map(({ body }) => new Response(body).bytes()));
  assertEquals(came.map((bytes) => digestOf(bytes)), contents.map((bytes) => digestOf(bytes)));
});

Deno.test("link: a retrieval is slow when its reader is, and ends when that one has enough", async () => {
  await using test = await start();
  const { link } = test;
  await link.deposit("big", someBytes(64 * MIB));
  let furthest = 0;
  const { body } = await link.retrieve("big", { onProgress: (done) => furthest = done });
  const reader = body.getReader();
  assertEquals((await reader.read()).value!.length, MIB);
  await link.status();
  assert(furthest <= 4 * MIB, `${furthest} bytes came unasked`);
  await reader.cancel();
  assertEquals((await link.fileStatus("big")).file.size, 64 * MIB);
});

Deno.test("link: an aborted signal ends each request with its reason, and nothing is stored", async () => {
  await using test = await start();
  const { link } = test;
  await link.deposit("big", someBytes(8 * MIB));
  const reason = new RangeError("enough");
  const stopping = new AbortController();
  const { signal } = stopping;
  const { body } = await link.retrieve("big", { signal });
  let cancelled: unknown;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(100_000)),
    cancel: (why) => void (cancelled = why ?? "cancelled"),
  });
  const onProgress = ({ stage }: { stage: string }) => {
    if (stage === "sending") stopping.abort(reason);
  };
  const error = await assertRejects(
    () => link.deposit("endless", endless, { signal, onProgress }),
    RangeError,
  );
  assertEquals(error, reason);
  assertEquals(await assertRejects(() => new Response(body).bytes(), RangeError), reason);
  assert(cancelled !== undefined);
  const over = { signal: AbortSignal.abort(reason) };
  assertEquals(await assertRejects(() => link.status(over), RangeError), reason);
  await assertRejects(() => link.deposit("a", inPieces(someBytes(1)), over), RangeError, "enough");
  assertEquals((await Array.fromAsync(link.list())).map(({ name }) => name), ["big"]);
});

Deno.test("link: a refusal says why by its code, and cancels the stream that was offered", async () => {
  await using test = await start();
  const { link } = test;
  const absent = await assertRejects(() => link.retrieve("a"), Refusal);
  assertEquals([absent.code, absent.retry], ["nao_encontrado", false]);
  const offered = Array.from({ length: 2 }, () => {
    const stream = { cancelled: false, cancel: () => void (stream.cancelled = true) };
    const pull = (controller: ReadableStreamDefaultController) => controller.enqueue(someBytes(10));
    return Object.assign(stream, { readable: new ReadableStream({ pull, cancel: stream.cancel }) });
  });
  const three = { replicas: 3 };
  const few = await assertRejects(() => link.deposit("a", offered[0]!.readable, three), Refusal);
  assertEquals([few.code, few.available], ["poucos_locais", 2]);
  const bad = await assertRejects(() => link.deposit("../a", offered[1]!.readable), Refusal);
  assertEquals(bad.code, "nome_invalido");
  assertEquals(offered.map(({ cancelled }) => cancelled), [true, true]);
  const receipt = await link.deposit("a", someBytes(10), { replicas: 3, minimum: 1 });
  assertEquals(receipt.replicas, { wanted: 3, live: 2 });
  const broken = new ReadableStream<Uint8Array>({
    pull: () => Promise.reject(new RangeError("x")),
  });
  await assertRejects(() => link.deposit("b", broken), RangeError, "x");
  await assertRejects(() => link.fileStatus("b"), Refusal);
});

Deno.test("link: goes on over a restart of the server, in the middle of a stream", async () => {
  await using test = await start();
  const { link, server } = test;
  const bytes = someBytes(24 * MIB);
  await link.deposit("big", bytes);
  const { body } = await link.retrieve("big");
  const reader = body.getReader();
  const pieces = [(await reader.read()).value!];
  await server.kill();
  await server.restart();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    pieces.push(next.value);
  }
  assertEquals(digestOf(await new Blob(pieces).bytes()), digestOf(bytes));
});

Deno.test("link: a stream does not end when its bytes are wrong, but errs", async () => {
  await using depot = new ScriptedDepot(async (peer) => {
    await peer.hello();
    await peer.expect(/^comando:recuperar/);
    const digest = digestOf("right");
    await peer.say(contentLine({ digest, size: 5 }));
    await peer.sendBlock(new TextEncoder().encode("wrong"));
    await peer.sendEnd(digest);
  });
  using link = depot.link();
  const { body } = await link.retrieve("a");
  const error = await assertRejects(() => new Response(body).text(), LocalError);
  assertEquals(error.code, "conteudo_errado");
});

Deno.test("connect() remembers in the folder that it is given, and nowhere else", async () => {
  await using test = await start();
  const { address, link, root } = test;
  const identityFolder = `${root.path}/identities`;
  using remembered = await connect(address, { identityFolder });
  using again = await connect(address, { identityFolder });
  using other = await connect(address);
  assertEquals(again.id, remembered.id);
  assertEquals(new Set([link.id, again.id, other.id]).size, 3);
  using same = await connect(address, { id: link.id });
  assertEquals([same.id, same.depot, same.address], [link.id, link.depot, address]);
  await assertRejects(() => connect(address, { id: crypto.randomUUID() }), Refusal);
  await test.server.kill();
  await assertRejects(() => connect(address), ConnectionLost);
  assert(link.depot !== DEPOT);
});

Deno.test("link: files go in and out by their paths", async () => {
  await using test = await start();
  const { link, root } = test;
  const bytes = someBytes(2 * MIB);
  const path = (name: string) => `${root.path}/${name}`;
  await Deno.writeFile(path("in"), bytes);
  const { version } = await link.depositFile("a/b", path("in"), { replicas: 1 });
  assertEquals(version, 1);
  const stages: number[] = [];
  const onProgress = (done: number) => stages.push(done);
  const { outcome } = await link.retrieveFile("a/b", path("out"), { onProgress });
  assertEquals([outcome, stages.at(-1)], ["written", 2 * MIB]);
  assertEquals(await Deno.readFile(path("out")), bytes);
  assertEquals((await link.retrieveFile("a/b", path("out"))).outcome, "same");
  await Deno.writeTextFile(path("out"), "other");
  const there = await assertRejects(() => link.retrieveFile("a/b", path("out")), LocalError);
  assertEquals(there.code, "ja_existe");
  await link.retrieveFile("a/b", path("out"), { force: true });
  assertEquals((await link.replicas("a/b", 2)).replicas, { wanted: 2, live: 2 });
  await link.remove("a/b");
  assertEquals(await Array.fromAsync(link.list()), []);
});
