/** Several messages in one piece of bytes, each a line, some with raw bytes behind it. */
import { Refusal } from "./errors.ts";
import { BATCH_BYTES, BATCH_ITEMS, LINE_BYTES } from "./limits.ts";
import { inOnePiece, pieceOf, sizeOf } from "./pieces.ts";

const LF = 0x0a;
const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** No frame of a batch that keeps to the limits is longer. Bytes. */
export const MOST_FRAME_BYTES: number = BATCH_BYTES + BATCH_ITEMS * LINE_BYTES;

/** Lines, each with its LF, and raw bytes, in one piece; `head` makes the line before it of its size. */
export function batchFrame(
  parts: (string | Uint8Array)[],
  head?: (bytes: number) => string,
): Uint8Array {
  const pieces = parts.map(pieceOf);
  return inOnePiece(head ? [head(sizeOf(pieces)), ...pieces] : pieces);
}

/** Reads a frame from its beginning. Throws a `Refusal` where it is not what was announced. */
export class BatchReader {
  #at = 0;

  constructor(private readonly frame: Uint8Array) {}

  /** The next line, without its LF. */
  line(): string {
    const end = this.frame.subarray(this.#at, this.#at + LINE_BYTES).indexOf(LF);
    if (end === -1) throw refused("a line of it has no end");
    const bytes = this.raw(end);
    this.#at++;
    try {
      return DECODER.decode(bytes);
    } catch (cause) {
      throw new Refusal("mensagem_invalida", "Refused the batch: a line of it is not UTF-8", {
        cause,
      });
    }
  }

  /** The next `bytes` bytes: a view of the frame. */
  raw(bytes: number): Uint8Array {
    const end = this.#at + bytes;
    if (end > this.frame.length) throw refused("it is shorter than what it should have");
    return this.frame.subarray(this.#at, this.#at = end);
  }

  /** Nothing may be left. */
  end(): void {
    if (this.#at < this.frame.length) throw refused("it is longer than what it should have");
  }
}

function refused(why: string): Refusal {
  return new Refusal("mensagem_invalida", `Refused the batch: ${why}`);
}
