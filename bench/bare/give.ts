/** Gives a file to whoever comes, its digest first, which it knows: `give.ts FILE`. */
import { createHash } from "node:crypto";
import { listen, sendAll } from "./streams.ts";

const PIECE_BYTES = 1024 * 1024;
const buffers = [new Uint8Array(PIECE_BYTES), new Uint8Array(PIECE_BYTES)] as const;

/** Each is good until the one after the next is asked for. */
function* pieces(path: string): Generator<Uint8Array> {
  using file = Deno.openSync(path);
  for (let turn = 0;; turn ^= 1) {
    const count = file.readSync(buffers[turn as 0 | 1]);
    if (count === null) return;
    yield buffers[turn as 0 | 1].subarray(0, count);
  }
}

const path = Deno.args[0]!;
const hash = createHash("sha256");
for (const piece of pieces(path)) hash.update(piece);
const digest = new TextEncoder().encode(hash.digest("hex"));

await listen(async (conn) => {
  let sent = sendAll(conn, digest);
  for (const piece of pieces(path)) {
    await sent;
    sent = sendAll(conn, piece);
  }
  await sent;
});
