import { Sha256 } from "../content/digest.ts";
import { BLOCK_BYTES } from "../protocol/mod.ts";

/** Hashes the first `size` bytes; the handle stands after them then. */
export async function hashFile(
  file: Deno.FsFile,
  size: number,
  signal?: AbortSignal,
): Promise<Sha256> {
  const hash = new Sha256();
  file.seekSync(0, Deno.SeekMode.Start);
  const buffer = new Uint8Array(Math.min(size, BLOCK_BYTES));
  for (let left = size; left > 0;) {
    signal?.throwIfAborted();
    const count = await file.read(buffer.subarray(0, Math.min(left, buffer.length)));
    if (count === null) break;
    hash.update(buffer.subarray(0, count));
    left -= count;
  }
  return hash;
}
