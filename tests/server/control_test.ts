/** The control socket itself: who may use it, and what a bad peer can do with it. */
import { join } from "node:path";
import { Refused } from "../../lib/depot/core.ts";
import { Refusal } from "../../lib/protocol/mod.ts";
import { Control, type ControlRequest } from "../../lib/server/control.ts";
import { callDepot } from "../../lib/server/control_call.ts";
import { dialControlSocket, NotRunning } from "../../lib/server/control_socket.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../assert.ts";
import { QUIET } from "../depot/test_depot.ts";
import { temporaryRoot } from "./running_server.ts";
import { PATIENCE_MS } from "./waiting.ts";

const REQUEST = { command: "say", words: ["ä|b\n"], flags: { loud: true }, ask: false };
const { signal } = new AbortController();

/** Longer than the path of a unix socket may be. */
const LONG = "a-directory-with-a-long-name/".repeat(4);

async function control(
  directory: string,
  answer: (request: ControlRequest) => Promise<unknown> = (request) => Promise.resolve(request),
): Promise<Control> {
  await Deno.mkdir(directory, { recursive: true });
  return await Control.open(directory, { answer, log: QUIET, patienceMs: 1_500 });
}

/** Says `text` on a connection of its own; resolves to all that comes back. */
async function said(directory: string, text: string): Promise<Record<string, unknown>> {
  const { conn } = await dialControlSocket(directory);
  await conn.write(new TextEncoder().encode(text));
  return JSON.parse(await new Response(conn.readable).text());
}

function codeOf(answer: Record<string, unknown>): unknown {
  return (answer.error as { code: string } | undefined)?.code;
}

for (const kind of ["a unix socket", "a port of loopback"]) {
  const isUnix = kind === "a unix socket";
  const ignore = isUnix && Deno.build.os === "windows";

  Deno.test({
    name: `control over ${kind}: requests are answered, errors too`,
    ignore,
    async fn() {
      await using root = temporaryRoot();
      const directory = join(root.path, isUnix ? "data" : LONG);
      await using _ = await control(directory, (request) => {
        if (request.command === "refuse") throw new Refused("absent", "There is no such thing");
        return Promise.resolve(request.command === "nothing" ? undefined : request);
      });
      assertEquals(await callDepot(directory, REQUEST, signal), REQUEST);
      const nothing = { ...REQUEST, command: "nothing" };
      assertEquals(await callDepot(directory, nothing, signal), null);
      const refuse = { ...REQUEST, command: "refuse" };
      const refusal = await assertRejects(() => callDepot(directory, refuse, signal), Refusal);
      assertEquals([refusal.code, refusal.message], ["nao_encontrado", "There is no such thing"]);
    },
  });

  Deno.test({
    name: `control over ${kind}: nobody else may read the way in`,
    ignore: ignore || Deno.build.os === "windows",
    async fn() {
      await using root = temporaryRoot();
      const directory = join(root.path, isUnix ? "data" : LONG);
      await using _ = await control(directory);
      const names = [...Deno.readDirSync(directory)].map(({ name }) => name);
      assertEquals(names, [isUnix ? "control.sock" : "control.json"]);
      const { mode } = await Deno.lstat(join(directory, names[0]!));
      assertEquals(mode! & 0o777, 0o600);
    },
  });

  Deno.test({
    name: `control over ${kind}: a killed depot's is replaced, a stopped one's is gone`,
    ignore,
    async fn() {
      await using root = temporaryRoot();
      const directory = join(root.path, isUnix ? "data" : LONG);
      await using _killed = await control(directory);
      await Deno.writeTextFile(join(directory, "control.json.new"), "half");
      {
        await using _next = await control(directory, () => Promise.resolve("the next one"));
        assertEquals(await callDepot(directory, REQUEST, signal), "the next one");
      }
      const error = await assertRejects(() => callDepot(directory, REQUEST, signal), NotRunning);
      assertStringIncludes(error.message, directory);
    },
  });
}

Deno.test("control: whoever does not know the token of a port is refused", async () => {
  await using root = temporaryRoot();
  const directory = join(root.path, LONG);
  let asked = 0;
  await using _ = await control(directory, () => Promise.resolve(++asked));
  const { conn, token } = await dialControlSocket(directory);
  conn.close();
  const request = { version: 1, ...REQUEST };
  for (const wrong of [undefined, "", token!.slice(1), token!.replace(/./, "x"), [token], null]) {
    const answer = await said(directory, JSON.stringify({ ...request, token: wrong }) + "\n");
    assertEquals(codeOf(answer), "id_desconhecido");
  }
  assertEquals(asked, 0);
  assertEquals((await said(directory, JSON.stringify({ ...request, token }) + "\n")).result, 1);
});

Deno.test("control: what is no request is answered with what it is not, and does nothing", async () => {
  await using root = temporaryRoot();
  const directory = join(root.path, "data");
  let asked = 0;
  await using _ = await control(directory, () => Promise.resolve(++asked));
  const token = await tokenOf(directory);
  const whole = { version: 1, ...token, ...REQUEST };
  const bad: [unknown, string][] = [
    ["", "mensagem_invalida"],
    ["GET / HTTP/1.1", "mensagem_invalida"],
    ["[]", "mensagem_invalida"],
    ["null", "mensagem_invalida"],
    ["x".repeat(100_000), "mensagem_invalida"],
    ["\xff\xfe", "mensagem_invalida"],
    [{ ...whole, version: 2 }, "versao_desconhecida"],
    [{ ...whole, version: undefined }, "versao_desconhecida"],
    [{ ...whole, command: 1 }, "mensagem_invalida"],
    [{ ...whole, words: "x" }, "mensagem_invalida"],
    [{ ...whole, words: [1] }, "mensagem_invalida"],
    [{ ...whole, flags: [] }, "mensagem_invalida"],
    [{ ...whole, flags: undefined }, "mensagem_invalida"],
    [{ ...whole, ask: "yes" }, "mensagem_invalida"],
  ];
  for (const [request, code] of bad) {
    const line = typeof request === "string" ? request : JSON.stringify(request);
    assertEquals(codeOf(await said(directory, line + "\n")), code, line.slice(0, 80));
  }
  assertEquals(asked, 0);
});

Deno.test("control: who is silent, talks on or takes no answer is left, and others are answered", async () => {
  await using root = temporaryRoot();
  const directory = join(root.path, "data");
  const large = "x".repeat(30_000_000);
  await using _ = await control(
    directory,
    ({ command }) => Promise.resolve(command === "large" ? large : "small"),
  );
  const token = await tokenOf(directory);
  const opened: Deno.Conn[] = [];
  const open = async (text: string) => {
    const { conn } = await dialControlSocket(directory);
    opened.push(conn);
    await conn.write(new TextEncoder().encode(text)).catch(() => {});
    return conn;
  };
  try {
    await open("");
    await open('{"version":1');
    await open(JSON.stringify({ version: 1, ...token, ...REQUEST, command: "large" }) + "\n");
    const talker = await open("");
    const talking = (async () => {
      const noise = new Uint8Array(65_536).fill(0x61);
      for (const end = performance.now() + PATIENCE_MS; performance.now() < end;) {
        await talker.write(noise);
        // Others have a turn, too.
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      throw new Error("Nobody stopped the talker");
    })().catch((error) => error);
    assertEquals(await callDepot(directory, REQUEST, signal), "small");
    const ended = await talking;
    assert(!String(ended).includes("Nobody stopped"), String(ended));
    // Each is left after the patience, and not before the end of the others.
    await Promise.all(opened.map((conn) => drained(conn)));
    assertEquals(await callDepot(directory, REQUEST, signal), "small");
  } finally {
    for (const conn of opened) closeQuietly(conn);
  }
});

Deno.test("control: more connections than are served are closed, until the first ones end", async () => {
  await using root = temporaryRoot();
  const directory = join(root.path, "data");
  await using _ = await control(directory);
  const silent = await Promise.all(
    Array.from({ length: 30 }, async () => (await dialControlSocket(directory)).conn),
  );
  await Promise.all(silent.map((conn) => drained(conn)));
  assertEquals(await callDepot(directory, REQUEST, signal), REQUEST);
});

Deno.test("control: a call that its user ends, or whose depot ends, says so", async () => {
  await using root = temporaryRoot();
  const directory = join(root.path, "data");
  const begun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const never = Promise.withResolvers<void>();
  let asked = 0;
  const depot = await control(directory, () => (begun[asked++]!.resolve(), never.promise));
  const stop = new AbortController();
  const stopped = callDepot(directory, REQUEST, stop.signal);
  await begun[0]!.promise;
  stop.abort(new Error("stopped by its user"));
  await assertRejects(() => stopped, Error, "stopped by its user");
  const lost = callDepot(directory, REQUEST, signal);
  const failure = assertRejects(() => lost, Error, "did not answer to the end");
  await begun[1]!.promise;
  await depot[Symbol.asyncDispose]();
  await failure;
  never.resolve();
});

async function tokenOf(directory: string): Promise<{ token?: string }> {
  const { conn, token } = await dialControlSocket(directory);
  conn.close();
  return token === null ? {} : { token };
}

/** Reads to the end, which must come. */
async function drained(conn: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(65_536);
  while (await conn.read(buffer).catch(() => null) !== null);
}

function closeQuietly(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It is closed already.
  }
}
