/** Sends a file to `receive.ts` and compares digests: `send.ts PORT FILE`. */
import { createHash } from "node:crypto";
import { pieces } from "./pieces.ts";
import { connect, fill, sendAll } from "./streams.ts";

async function send(conn: Deno.TcpConn, path: string): Promise<string> {
  const hash = createHash("sha256");
  let sent = Promise.resolve();
  for (const piece of pieces(path)) {
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
