/** Sends a file to `receive.ts` and compares digests: `send.ts PORT FILE`. */
import { createHash } from "node:crypto";
import { connect, fill, sendAll } from "./streams.ts";

const PIECE_BYTES = 1024 * 1024;

async function send(conn: Deno.TcpConn, path: string): Promise<string> {
  using file = Deno.openSync(path);
  const hash = createHash("sha256");
  const buffers = [new Uint8Array(PIECE_BYTES), new Uint8Array(PIECE_BYTES)] as const;
  let sent = Promise.resolve();
  for (let turn = 0;; turn ^= 1) {
    const buffer = buffers[turn as 0 | 1];
    const count = file.readSync(buffer);
    if (count === null) break;
    const piece = buffer.subarray(0, count);
    await sent;
    // It is on its way while it is hashed.
    sent = sendAll(conn, piece);
    hash.update(piece);
  }
  await sent;
  await conn.closeWrite();
  return hash.digest("hex");
}

const [port, path] = Deno.args;
using conn = await connect(port);
const digest = await send(conn, path!);
const answer = new Uint8Array(digest.length);
await fill(conn, answer);
if (new TextDecoder().decode(answer) !== digest) throw new Error("The digests differ");
