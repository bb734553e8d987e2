import { BLOCK_BYTES, BODY, type Connection, encode } from "../protocol/mod.ts";

/** Room for `bloco:1048576` and its LF, in front of a block. */
const HEADER_BYTES = 16;

const ENCODER = new TextEncoder();

/** One block's buffer, with room before it for its line, so that both leave in one write. */
export class Block {
  #whole = new Uint8Array(HEADER_BYTES + BLOCK_BYTES);

  /** Where the block's bytes go. */
  readonly data: Uint8Array<ArrayBuffer> = this.#whole.subarray(HEADER_BYTES);

  /** Sends the first `bytes` bytes as a block. */
  send(connection: Connection, bytes: number): Promise<void> {
    const line = ENCODER.encode(encode(BODY.block, { bytes }) + "\n");
    const start = HEADER_BYTES - line.length;
    this.#whole.set(line, start);
    return connection.write(this.#whole.subarray(start, HEADER_BYTES + bytes));
  }
}

/** Two blocks: one is filled while the other is emptied. Made when first asked for. */
export class Blocks {
  #pair: [Block, Block] | null = null;
  #turn = 0;

  /** The two take turns. */
  next(): Block {
    this.#pair ??= [new Block(), new Block()];
    this.#turn = 1 - this.#turn;
    return this.#pair[this.#turn]!;
  }
}
