/** The seed's two messages with the handshake, byte for byte, over a bare socket. */
import { digestOf } from "../../lib/content/digest.ts";
import { assertEquals, assertMatch } from "../assert.ts";
import { RunningServer, temporaryRoot } from "./running_server.ts";
import { bytesOf } from "./wire_client.ts";

const ENCODER = new TextEncoder();
const UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";

async function send(socket: Deno.TcpConn, ...parts: (string | Uint8Array)[]): Promise<void> {
  for (const part of parts) {
    let rest = typeof part === "string" ? ENCODER.encode(part) : part;
    while (rest.length > 0) rest = rest.subarray(await socket.write(rest));
  }
}

async function bytesFrom(socket: Deno.TcpConn, count: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(count);
  for (let filled = 0; filled < count;) {
    const more = await socket.read(bytes.subarray(filled));
    if (more === null) throw new Error(`The server ended the connection after ${filled} bytes`);
    filled += more;
  }
  return bytes;
}

/** One byte after the other, so that nothing after the LF is taken. */
async function lineFrom(socket: Deno.TcpConn): Promise<string> {
  const line: number[] = [];
  for (let byte; (byte = (await bytesFrom(socket, 1))[0]!) !== 0x0a;) line.push(byte);
  return new TextDecoder().decode(Uint8Array.from(line));
}

Deno.test("server: a program that knows only the seed's messages deposits and retrieves", async (t) => {
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path, { places: ["one", "two", "three"] });
  using socket = await server.raw();

  await send(socket, "comando:conectar|id_cliente:|versao:1\n");
  const connected = await lineFrom(socket);
  const pattern =
    `^id_cliente:(${UUID})\\|replicas_disponiveis:3\\|versao:1\\|id_deposito:${server.depot}$`;
  assertMatch(connected, new RegExp(pattern));
  const id = new RegExp(pattern).exec(connected)![1]!;

  const deposit = async (name: string, bytes: Uint8Array, replicas: number) => {
    const digest = digestOf(bytes);
    await send(
      socket,
      `id_cliente:${id}|qtd_replicas:${replicas}|tamanho_arquivo:${bytes.length}` +
        `|hash_arquivo:${digest}|nome_arquivo:${name}\n`,
      bytes,
    );
    assertMatch(
      await lineFrom(socket),
      new RegExp(
        `^hash_arquivo:${digest}\\|resultado:1\\|qtd_replicas:${replicas}` +
          `\\|locais:${UUID}(,${UUID}){${replicas - 1}}$`,
      ),
    );
  };
  const retrieve = async (name: string, bytes: Uint8Array) => {
    await send(socket, `id_cliente:${id}|nome_arquivo:${name}\n`);
    const expected = `tamanho_arquivo:${bytes.length}|hash_arquivo:${digestOf(bytes)}`;
    assertEquals(await lineFrom(socket), expected);
    assertEquals(digestOf(await bytesFrom(socket, bytes.length)), digestOf(bytes));
  };

  const sizes = [0, 1, 1_000, 8_192, 32_768, 1024 * 1024, 1024 * 1024 + 1, 5_000_000];
  for (const [index, size] of sizes.entries()) {
    await t.step(`${size} bytes`, async () => {
      const bytes = bytesOf(size, index + 1);
      await deposit(`file ${size}`, bytes, 1 + index % 3);
      await retrieve(`file ${size}`, bytes);
    });
  }
  for (const name of ["a|b:c", "100%", "%41", "é 🙂", "n".repeat(255), "folder/file", " ", "#"]) {
    await t.step(`the name ${name.slice(0, 20)} is taken to the letter`, async () => {
      const bytes = ENCODER.encode(name);
      await deposit(name, bytes, 2);
      await retrieve(name, bytes);
    });
  }
  await t.step("the same content again changes the number of replicas", async () => {
    await deposit("file 1000", bytesOf(1_000, 3), 3);
    await deposit("file 1000", bytesOf(1_000, 3), 1);
  });
  await t.step("a CR before the LF is dropped", async () => {
    await send(socket, `id_cliente:${id}|nome_arquivo:nothing\r\n`);
    assertMatch(await lineFrom(socket), /^erro:nao_encontrado\|mensagem:/);
  });
  await t.step("another day, over another connection, the files are there", async () => {
    await server.kill();
    await server.restart();
    using later = await server.raw();
    await send(later, `comando:conectar|id_cliente:${id}|versao:1\n`);
    assertMatch(await lineFrom(later), new RegExp(`^id_cliente:${id}\\|`));
    await send(later, `id_cliente:${id}|nome_arquivo:file 5000000\n`);
    await lineFrom(later);
    assertEquals(await bytesFrom(later, 5_000_000), bytesOf(5_000_000, 8));
  });
});
