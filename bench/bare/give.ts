/** Gives a file to whoever comes, its digest first, which it knows: `give.ts FILE`. */
import { createHash } from "node:crypto";
import { pieces } from "./pieces.ts";
import { listen, sendAll } from "./streams.ts";

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
