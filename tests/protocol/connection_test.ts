import {
  BadLine,
  Connection,
  ConnectionLost,
  LINE_BYTES,
  readAnswer,
} from "../../lib/protocol/mod.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { SocketPair } from "./socket_pair.ts";

Deno.test("readLine() reads lines that come together, and the bytes after them", async () => {
  using pair = await SocketPair.open();
  await pair.say("um\ndois\r\n\nabc" + "três\n");
  const { connection } = pair;
  assertEquals(await connection.readLine(), "um");
  assertEquals(await connection.readLine(), "dois");
  assertEquals(await connection.readLine(), "");
  const body = new Uint8Array(3);
  await connection.readFull(body);
  assertEquals(new TextDecoder().decode(body), "abc");
  assertEquals(await connection.readLine(), "três");
});

Deno.test("readLine() and readFull() wait for what comes byte by byte", async () => {
  using pair = await SocketPair.open();
  const line = pair.connection.readLine();
  for (const byte of new TextEncoder().encode("olá 😀\n")) await pair.say(Uint8Array.of(byte));
  assertEquals(await line, "olá 😀");
  const body = new Uint8Array(200_000);
  const read = pair.connection.readFull(body);
  for (let at = 0; at < 200_000; at += 40_000) {
    await pair.say(new Uint8Array(40_000).fill(at / 40_000));
  }
  await read;
  assertEquals([body[0], body[39_999], body[40_000], body[199_999]], [0, 0, 1, 4]);
});

Deno.test("a body as large as many reads comes whole while lines follow it", async () => {
  using pair = await SocketPair.open();
  const data = crypto.getRandomValues(new Uint8Array(60_000));
  const saying = pair.say("x\n").then(() => pair.say(data)).then(() => pair.say("y\n"));
  assertEquals(await pair.connection.readLine(), "x");
  const body = new Uint8Array(data.length);
  await pair.connection.readFull(body);
  assertEquals(body, data);
  assertEquals(await pair.connection.readLine(), "y");
  await saying;
});

Deno.test("discard() passes over exactly so many bytes", async () => {
  using pair = await SocketPair.open();
  const saying = pair.say(new Uint8Array(1_500_000)).then(() => pair.say("depois\n"));
  await pair.connection.discard(1_500_000);
  assertEquals(await pair.connection.readLine(), "depois");
  await saying;
});

Deno.test("a line of the longest length is read, a longer one is refused and passed over", async () => {
  using pair = await SocketPair.open();
  const longest = "x".repeat(LINE_BYTES - 1);
  const saying = pair.say(`${longest}\n${longest}x\n${"y".repeat(50_000)}\ndepois\n`);
  assertEquals(await pair.connection.readLine(), longest);
  for (let times = 0; times < 2; times++) {
    const error = await assertRejects(() => pair.connection.readLine(), BadLine);
    assertEquals(error.reason, "long");
  }
  assertEquals(await pair.connection.readLine(), "depois");
  await saying;
});

Deno.test("a line that is not UTF-8 is refused and passed over", async () => {
  using pair = await SocketPair.open();
  await pair.say(Uint8Array.of(0x61, 0xff, 0x0a));
  await pair.say("bom\n");
  assertEquals((await assertRejects(() => pair.connection.readLine(), BadLine)).reason, "text");
  assertEquals(await pair.connection.readLine(), "bom");
});

Deno.test("the end of the stream is null between lines, and an error anywhere else", async () => {
  {
    using pair = await SocketPair.open();
    await pair.say("um\n");
    pair.hangUp();
    assertEquals(await pair.connection.readLine(), "um");
    assertEquals(await pair.connection.readLine({ idle: true }), null);
    await assertRejects(() => readAnswer(pair.connection), ConnectionLost, "before the answer");
  }
  {
    using pair = await SocketPair.open();
    await pair.say("metade");
    pair.hangUp();
    await assertRejects(() => pair.connection.readLine(), ConnectionLost, "within a line");
  }
  {
    using pair = await SocketPair.open();
    await pair.say("ab");
    pair.hangUp();
    await assertRejects(() => pair.connection.readFull(new Uint8Array(3)), ConnectionLost);
  }
});

Deno.test("a silent peer is given up after the patience, an idle one is not", async () => {
  {
    using pair = await SocketPair.open({ patienceMs: 60 });
    await assertRejects(() => pair.connection.readLine(), ConnectionLost, "Nothing moved");
    await assertRejects(() => pair.connection.writeLine("x"), ConnectionLost);
  }
  {
    using pair = await SocketPair.open({ patienceMs: 60 });
    const line = pair.connection.readLine({ idle: true });
    await new Promise((resolve) => setTimeout(resolve, 150));
    await pair.say("tarde\n");
    assertEquals(await line, "tarde");
  }
  {
    using pair = await SocketPair.open({ patienceMs: 60 });
    const line = pair.connection.readLine({ idle: true });
    await pair.say("nunca acaba");
    await assertRejects(() => line, ConnectionLost, "Nothing moved");
  }
});

Deno.test("a peer that reads nothing is given up after the patience", async () => {
  using pair = await SocketPair.open({ patienceMs: 80 });
  const data = new Uint8Array(32 * 1024 * 1024);
  await assertRejects(() => pair.connection.write(data), ConnectionLost, "Nothing moved");
});

Deno.test("write() sends all of what a slow peer reads", async () => {
  using pair = await SocketPair.open();
  const data = crypto.getRandomValues(new Uint8Array(50_000));
  const writing = pair.connection.write(data).then(() => pair.connection.writeLine("a", "b"));
  const heard = await pair.heard(50_000 + 4);
  await writing;
  assert(heard.endsWith("a\nb\n"));
});

Deno.test("lineArrived() sees a line while this side writes, and readLine() then reads it", async () => {
  using pair = await SocketPair.open();
  const { connection } = pair;
  assertEquals(connection.lineArrived(), false);
  await connection.writeLine("bloco");
  assertEquals(await pair.heard(6), "bloco\n");
  await pair.say("erro:x\ndepois\n");
  while (!connection.lineArrived()) await new Promise((resolve) => setTimeout(resolve, 1));
  assertEquals(connection.lineArrived(), true);
  assertEquals(await connection.readLine(), "erro:x");
  assertEquals(await connection.readLine(), "depois");
});

Deno.test("lineArrived() takes the end of the stream for no line: the other side may still read", async () => {
  using pair = await SocketPair.open();
  assertEquals(pair.connection.lineArrived(), false);
  pair.hangUp();
  assertEquals(await pair.connection.readLine(), null);
  assertEquals(pair.connection.lineArrived(), false);
  // The second end of the stream is there at once, and is read before this is asked again.
  await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(pair.connection.lineArrived(), false);
});

Deno.test("close() ends a read under way, and closing again does nothing", async () => {
  using pair = await SocketPair.open();
  const line = pair.connection.readLine({ idle: true });
  pair.connection.close();
  pair.connection.close();
  await assertRejects(() => line, ConnectionLost);
});

Deno.test("open() says where it could not connect, and stops when told to", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const address = { hostname: "127.0.0.1", port };
  await assertRejects(() => Connection.open(address), ConnectionLost, `127.0.0.1:${port}`);
  const signal = AbortSignal.abort(new RangeError("parado"));
  await assertRejects(() => Connection.open(address, { signal }), RangeError, "parado");
});

Deno.test("an answer that the other side does not wait for leaves with the next one", async () => {
  using pair = await SocketPair.open();
  const { connection } = pair;
  await pair.say("first\nsecond\n");
  assertEquals(await connection.readLine(), "first");
  await connection.answerAhead("one");
  assertEquals(await connection.readLine(), "second");
  await connection.writeLine("two");
  assertEquals(await pair.heard(8), "one\ntwo\n");
  await connection.answerAhead("at once");
  assertEquals(await pair.heard(8), "at once\n");
});

Deno.test("an answer is not held from who has gone on only in part, and waits", async () => {
  using pair = await SocketPair.open();
  const { connection } = pair;
  await pair.say("first\nsec");
  assertEquals(await connection.readLine(), "first");
  await connection.answerAhead("one");
  const second = connection.readLine();
  second.catch(() => {});
  assertEquals(await pair.heard(4), "one\n");
  await pair.say("ond\nthird\n");
  assertEquals(await second, "second");
  await connection.answerAhead("two");
  assertEquals(await connection.readLine(), "third");
  const bytes = connection.readFull(new Uint8Array(2));
  bytes.catch(() => {});
  assertEquals(await pair.heard(4), "two\n");
  await pair.say("xy");
  await bytes;
});

Deno.test("a held answer comes before the raw bytes, and before lines around bytes", async () => {
  using pair = await SocketPair.open();
  const { connection } = pair;
  await pair.say("a\nb\nc\n");
  await connection.readLine();
  await connection.answerAhead("one");
  await connection.write(new TextEncoder().encode("raw!"));
  assertEquals(await pair.heard(8), "one\nraw!");
  await connection.readLine();
  await connection.answerAhead("two");
  await connection.writeAround(["head"], new TextEncoder().encode("xy"), ["tail"]);
  assertEquals(await pair.heard(16), "two\nhead\nxytail\n");
});
