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
