import { Sha256 } from "../content/digest.ts";
import { BLOCK_BYTES } from "../protocol/mod.ts";
import type { SourceReader } from "./source.ts";

export interface HashOptions {
  signal?: AbortSignal | undefined;
  onProgress?: ((done: number) => void) | undefined;
}

/**
 * What was hashed of a source. It outlives a broken connection: a depot does not wait for a hash
 * that takes long, and the next attempt has it at once.
 */
export class SourceHash {
  #whole: string | null = null;
  #position = 0;
  #prefix: Sha256 | null = null;

  /** `whole`: the hash of all bytes, where it is known. */
  constructor(whole: string | null = null) {
    this.#whole = whole;
  }

  /** Whether the hash of all bytes needs no reading. */
  get isWhole(): boolean {
    return this.#whole !== null;
  }

  /** Bytes that need not be hashed again. */
  get hashed(): number {
    return this.#position + (this.#whole === null ? 0 : 1);
  }

  /** Of all bytes. */
  async whole(reader: SourceReader, options: HashOptions = {}): Promise<string> {
    if (this.#whole !== null) return this.#whole;
    await reader.seek(0);
    const hash = new Sha256();
    await hashNext(reader, { ...options, hash, from: 0, to: Infinity });
    reader.check();
    return this.#whole = hash.digest();
  }

  /** Of the bytes before `position`, to go on with. `null` when there are not so many. */
  async prefix(
    reader: SourceReader,
    position: number,
    options: HashOptions = {},
  ): Promise<Sha256 | null> {
    const from = this.#position <= position ? this.#position : 0;
    const hash = (from > 0 ? this.#prefix?.copy() : null) ?? new Sha256();
    if (position > from) await reader.seek(from);
    const reached = await hashNext(reader, { ...options, hash, from, to: position });
    if (reached < position) return null;
    this.#position = position;
    this.#prefix = hash;
    return hash.copy();
  }
}

async function hashNext(
  reader: SourceReader,
  range: HashOptions & { hash: Sha256; from: number; to: number },
): Promise<number> {
  let position = range.from;
  if (position >= range.to) return position;
  const buffer = new Uint8Array(BLOCK_BYTES);
  while (position < range.to) {
    range.signal?.throwIfAborted();
    const part = buffer.subarray(0, Math.min(buffer.length, range.to - position));
    const count = await reader.read(part);
    if (count === 0) break;
    range.hash.update(part.subarray(0, count));
    position += count;
    range.onProgress?.(position);
  }
  return position;
}
