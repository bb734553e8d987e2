/** One thread receives, writes and hashes: where a file is in memory, nothing else is faster. */
import { createHash } from "node:crypto";
import { writeAll } from "./durable.ts";

const BUFFER_BYTES = 1024 * 1024;

/** Resolves to the digest of what came, all of which `file` has then. */
export async function takeCached(
  conn: Deno.Conn,
  { file }: { file: Deno.FsFile },
): Promise<string> {
  const hash = createHash("sha256");
  const buffer = new Uint8Array(BUFFER_BYTES);
  while (true) {
    const count = await conn.read(buffer);
    if (count === null) return hash.digest("hex");
    const piece = buffer.subarray(0, count);
    writeAll(file, piece);
    hash.update(piece);
  }
}
