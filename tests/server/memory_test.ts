/** How much memory the server takes while many deposit at once. */
import { Sha256 } from "../../lib/content/digest.ts";
import { ACTIONS, BLOCK_BYTES, BODY, encode } from "../../lib/protocol/mod.ts";
import { assert, assertEquals } from "../assert.ts";
import { tell } from "./waiting.ts";
import { RunningServer, temporaryRoot } from "./running_server.ts";
import { bytesOf, WireClient } from "./wire_client.ts";

const MIB = 1024 * 1024;
const CLIENTS = 16;
/** What each client deposits: `DEPOSITO_MEMORY_MIB=256` takes 4 GiB of disk. */
const FILE_BYTES = Number(Deno.env.get("DEPOSITO_MEMORY_MIB") ?? 16) * MIB;
const BOUND_BYTES = 200_000_000;

/** Blocks that differ from client to client, made without holding a whole file. */
function* blocksOf(client: number): Generator<Uint8Array> {
  const block = bytesOf(BLOCK_BYTES, client + 1);
  for (let sent = 0; sent < FILE_BYTES; sent += block.length) {
    new DataView(block.buffer).setFloat64(0, sent);
    yield block;
  }
}

async function deposit(port: number, number: number): Promise<void> {
  using client = await WireClient.connect(port);
  const { connection } = client;
  await client.ask(
    `comando:depositar|qtd_replicas:1|minimo:|esperar:|tamanho_arquivo:${FILE_BYTES}` +
      `|hash_arquivo:|envio:${crypto.randomUUID()}|nome_arquivo:large`,
  );
  const hash = new Sha256();
  await connection.writeLine(encode(ACTIONS.send, { from: 0 }));
  for (const block of blocksOf(number)) {
    hash.update(block);
    await connection.writeLine(encode(BODY.block, { bytes: block.length }));
    await connection.write(block);
  }
  await connection.writeLine(encode(BODY.end, { bytes: 0, digest: hash.digest(), places: null }));
  assertEquals((await client.receipt()).replicas, 1);
}

/** The most memory that a process ever had, in bytes. */
async function highestMemory(pid: number): Promise<number> {
  // The runtime lets nobody read /proc who has not all permissions.
  const { stdout } = await new Deno.Command("cat", { args: [`/proc/${pid}/status`] }).output();
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(new TextDecoder().decode(stdout))![1]) * 1024;
}

Deno.test({
  name: `server: under ${CLIENTS} deposits of ${
    FILE_BYTES / MIB
  } MiB at once it stays below 200 MB`,
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using root = temporaryRoot();
    await using server = await RunningServer.start(root.path, { places: ["one"] });
    const before = await highestMemory(server.pid);
    await Promise.all(
      Array.from({ length: CLIENTS }, (_, number) => deposit(server.port, number)),
    );
    const after = await highestMemory(server.pid);
    tell(`VmHWM ${Math.round(before / MIB)} MiB, then ${Math.round(after / MIB)} MiB`);
    assert(after < BOUND_BYTES, `VmHWM is ${after} bytes`);
  },
});

/** Idle clients that come first: what the process needs once is then there. */
const FIRST_IDLE = 500;
const MORE_IDLE = 1_500;
/** Of one idle client. */
const IDLE_BOUND_BYTES = 12_000;

/** So many clients that said who they are, opened some at a time. */
async function idleClients(port: number, count: number): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const { id } = stack.use(await WireClient.connect(port));
  for (let left = count - 1; left > 0; left -= 100) {
    const some = Array.from(
      { length: Math.min(left, 100) },
      () => WireClient.connect(port, { id }),
    );
    for (const client of await Promise.all(some)) stack.use(client);
  }
  return stack.move();
}

/** The memory that a process has now, in bytes. */
async function memory(pid: number): Promise<number> {
  const { stdout } = await new Deno.Command("cat", { args: [`/proc/${pid}/status`] }).output();
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(new TextDecoder().decode(stdout))![1]) * 1024;
}

Deno.test({
  name: `server: a client that is connected and idle costs less than ${IDLE_BOUND_BYTES} bytes`,
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using root = temporaryRoot();
    await using server = await RunningServer.start(root.path, { places: ["one"] });
    await using _first = await idleClients(server.port, FIRST_IDLE);
    const before = await memory(server.pid);
    await using _more = await idleClients(server.port, MORE_IDLE);
    const each = (await memory(server.pid) - before) / MORE_IDLE;
    tell(`an idle client costs ${Math.round(each)} bytes`);
    assert(each < IDLE_BOUND_BYTES, `An idle client costs ${each} bytes`);
  },
});
