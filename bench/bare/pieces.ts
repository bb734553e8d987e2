/** The bytes of a file. */
const PIECE_BYTES = 1024 * 1024;

/** Each piece is good until the one after the next is asked for. */
export function* pieces(path: string): Generator<Uint8Array> {
  using file = Deno.openSync(path);
  const buffers = [new Uint8Array(PIECE_BYTES), new Uint8Array(PIECE_BYTES)] as const;
  for (let turn = 0;; turn ^= 1) {
    const buffer = buffers[turn as 0 | 1];
    const count = file.readSync(buffer);
    if (count === null) return;
    yield buffer.subarray(0, count);
  }
}
