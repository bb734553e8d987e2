/**
 * Takes the files that `small_send.ts` sends, each durably and in a catalog before it answers with
 * its digest: `small_receive.ts FOLDER`.
 */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { AskedWorker } from "../../lib/worker/asked_worker.ts";
import { type Batch, readBatch } from "./small_batch.ts";
import type { SmallReply, SmallRequest } from "./small_worker.ts";
import { listen, sendAll } from "./streams.ts";

/** One writes a batch while the other's is synced. */
const WORKERS = 2;

const folder = Deno.args[0]!;
for (const name of ["parts", "contents"]) Deno.mkdirSync(join(folder, name));

const database = new DatabaseSync(join(folder, "catalog"));
database.exec(`
  PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
  CREATE TABLE files (name TEXT PRIMARY KEY, digest TEXT, size INTEGER) WITHOUT ROWID`);
const insert = database.prepare("INSERT INTO files VALUES (?, ?, ?)");

const workers = Array.from({ length: WORKERS }, () => {
  const port = new Worker(new URL("./small_worker.ts", import.meta.url), { type: "module" });
  return new AskedWorker<SmallRequest, SmallReply>(port, (why) => new Error(why));
});

/** Resolves to the digests of the batch, durable all of them. */
async function take({ files, bytes }: Batch, number: number): Promise<string[]> {
  const sizes = files.map(({ size }) => size);
  const digests = await workers[number % WORKERS]!.ask({ folder, bytes, sizes }, [bytes.buffer]);
  database.exec("BEGIN");
  files.forEach(({ name, size }, index) => insert.run(name, digests[index]!, size));
  database.exec("COMMIT");
  return digests;
}

await listen(async (conn) => {
  let answered = Promise.resolve();
  for (let number = 0;; number++) {
    const batch = await readBatch(conn);
    if (batch === null) break;
    const taken = take(batch, number);
    answered = answered.then(async () => {
      await sendAll(conn, new TextEncoder().encode((await taken).join("")));
    });
  }
  await answered;
});
