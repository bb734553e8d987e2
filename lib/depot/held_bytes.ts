import { ContentSum } from "../content/content_sum.ts";
import type { ContentChecks } from "./catalog/catalog.ts";

/** The bytes of a small deposit, in memory until they are whole. */
export class HeldBytes {
  #pieces: Uint8Array[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** `stays`: the piece is not changed as long as it is held. */
  add(piece: Uint8Array, { stays = false } = {}): void {
    this.#pieces.push(stays ? piece : piece.slice());
    this.#size += piece.length;
  }

  /** All of them, in one piece. */
  whole(): Uint8Array {
    if (this.#pieces.length === 1) return this.#pieces[0]!;
    const whole = new Uint8Array(this.#size);
    let at = 0;
    for (const piece of this.#pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    this.#pieces = [whole];
    return whole;
  }

  content(): ContentChecks {
    const bytes = this.whole();
    return { size: bytes.length, ...new ContentSum().update(bytes).sum() };
  }
}
