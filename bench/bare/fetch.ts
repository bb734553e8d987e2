/** Brings the file that `give.ts` gives, and keeps it if its digest is right: `fetch.ts PORT TARGET`. */
import { name, writeAll } from "./durable.ts";
import { fillFrom } from "./fill_ring.ts";
import { makeRing } from "./ring.ts";
import { connect, fill } from "./streams.ts";

const SLOTS = 4;
const SLOT_BYTES = 1024 * 1024;
const DIGEST_BYTES = 64;

const [port, target] = Deno.args as [string, string];
const part = `${target}.part`;

/** Resolves to the digest of what came, all of which `file` has then. A worker hashes. */
async function take(conn: Deno.Conn, file: Deno.FsFile): Promise<string> {
  const ring = makeRing(SLOTS, SLOT_BYTES);
  const worker = new Worker(new URL("./hash_worker.ts", import.meta.url), { type: "module" });
  const hashed = new Promise<string>((resolve) => worker.onmessage = ({ data }) => resolve(data));
  worker.postMessage(ring);
  await fillFrom(conn, ring, (piece) => writeAll(file, piece));
  const digest = await hashed;
  worker.terminate();
  return digest;
}

using conn = await connect(port);
const file = Deno.openSync(part, { write: true, createNew: true });
const expected = new Uint8Array(DIGEST_BYTES);
await fill(conn, expected);
if (await take(conn, file) !== new TextDecoder().decode(expected)) {
  throw new Error("The digests differ");
}
await name(file, { part, target });
