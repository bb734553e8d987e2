import { crc32 } from "node:zlib";

/** A content is checked in pieces of this many bytes; the last piece is what is left. */
export const CHUNK_BYTES: number = 1024 * 1024;

/** Bytes that one chunk's check takes in the catalog: a CRC-32, little-endian. */
const CHECK_BYTES = 4;

/** How many chunks a content of `size` bytes has. */
export function chunkCount(size: number): number {
  return Math.ceil(size / CHUNK_BYTES);
}

/** The check of chunk `index`, whether `chunk` has it. False as well when there is no such chunk. */
export function chunkIsRight(checks: Uint8Array, index: number, chunk: Uint8Array): boolean {
  const at = index * CHECK_BYTES;
  if (at + CHECK_BYTES > checks.length) return false;
  const view = new DataView(checks.buffer, checks.byteOffset, checks.byteLength);
  return view.getUint32(at, true) === crc32(chunk);
}

/** Makes the checks of a content from its bytes in order, however they are cut. */
export class ChunkChecks {
  #done: number[] = [];
  #current = 0;
  #filled = 0;

  update(data: Uint8Array): this {
    let rest = data;
    while (rest.length > 0) {
      const part = rest.subarray(0, CHUNK_BYTES - this.#filled);
      this.#current = crc32(part, this.#current);
      this.#filled += part.length;
      if (this.#filled === CHUNK_BYTES) this.#finishChunk();
      rest = rest.subarray(part.length);
    }
    return this;
  }

  /** The checks of all bytes so far, four bytes little-endian a chunk. */
  bytes(): Uint8Array {
    const checks = this.#filled > 0 ? [...this.#done, this.#current] : this.#done;
    const out = new DataView(new ArrayBuffer(checks.length * CHECK_BYTES));
    checks.forEach((check, index) => out.setUint32(index * CHECK_BYTES, check, true));
    return new Uint8Array(out.buffer);
  }

  #finishChunk(): void {
    this.#done.push(this.#current);
    this.#current = 0;
    this.#filled = 0;
  }
}
