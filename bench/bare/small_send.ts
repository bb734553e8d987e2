/**
 * Sends a folder's files to `small_receive.ts`, compares digests, and says how many it has
 * acknowledged: `small_send.ts PORT FOLDER NAME`.
 */
import { join } from "node:path";
import { digestOf } from "../../lib/content/digest.ts";
import { packBatch, type SmallFile } from "./small_batch.ts";
import { connect, fill, sendAll } from "./streams.ts";

const BATCH_FILES = 125;

function* walk(folder: string, name: string): Generator<SmallFile> {
  for (const entry of Deno.readDirSync(folder)) {
    const [path, below] = [join(folder, entry.name), `${name}/${entry.name}`];
    if (entry.isDirectory) yield* walk(path, below);
    else yield { name: below, bytes: Deno.readFileSync(path) };
  }
}

function* batches(files: Iterable<SmallFile>): Generator<SmallFile[]> {
  let batch: SmallFile[] = [];
  for (const file of files) {
    batch.push(file);
    if (batch.length < BATCH_FILES) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function digestsOf(files: SmallFile[]): string {
  return files.map(({ bytes }) => digestOf(bytes)).join("");
}

/** Throws unless the server answers with these digests. */
async function requireAnswer(conn: Deno.Conn, digests: string): Promise<void> {
  const answer = new Uint8Array(digests.length);
  await fill(conn, answer);
  if (new TextDecoder().decode(answer) !== digests) throw new Error("The digests differ");
}

const [port, folder, name] = Deno.args as [string, string, string];
using conn = await connect(port);
let sent = Promise.resolve();
let acknowledged = Promise.resolve();
let count = 0;
for (const files of batches(walk(folder, name))) {
  await sent;
  sent = sendAll(conn, packBatch(files));
  const digests = digestsOf(files);
  acknowledged = acknowledged.then(() => requireAnswer(conn, digests));
  count += files.length;
}
await sent;
await conn.closeWrite();
await acknowledged;
Deno.stdout.writeSync(new TextEncoder().encode(`${count}\n`));
