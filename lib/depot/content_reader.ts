import type { PlaceReader } from "../../stores/store.ts";
import { CHUNK_BYTES, chunkCount, chunkIsRight } from "../content/chunk_checks.ts";
import type { Source, SourceOrder } from "./source_order.ts";

/** No copy of a content has the bytes, or none can be reached now. */
export class NoGoodCopy extends Error {
  override readonly name = "NoGoodCopy";
}

export interface ContentToRead {
  digest: string;
  size: number;
  /** Chunk checks, as the catalog keeps them. */
  checks: Uint8Array;
  sources: SourceOrder;
  /** A copy was absent, unreadable or wrong at a chunk: somebody should look at it. */
  onSuspect(place: string, chunk: number): void;
  signal: AbortSignal;
}

/** How one chunk is read. */
export interface ChunkWish {
  /** The copy to try first. */
  preferred?: Source;
  /** This chunk is asked for, and not all that follows it as well: others read what follows. */
  onlyThis?: boolean;
}

/** What became of reading one chunk from one copy. */
type Outcome = "right" | "failed";

/**
 * Reads a content chunk by chunk, each checked, from whichever copy has it: a copy that fails is
 * left at once and the next goes on at the same byte. A copy that failed once comes last from then
 * on, but may still serve a chunk that no other has: so chunks that pass in different bad copies
 * are put together.
 */
export class ContentReader implements AsyncDisposable {
  #open: { source: Source; reader: PlaceReader; next: number } | null = null;

  constructor(private readonly content: ContentToRead) {}

  get chunks(): number {
    return chunkCount(this.content.size);
  }

  /**
   * Reads chunk `index` into the start of `target`, of `CHUNK_BYTES` or more, or where a copy failed
   * of a new buffer as large, and resolves to the part filled; then, and when this throws, `target`
   * is not to be used again: a read that was let go of may still write to it. Throws `NoGoodCopy`.
   */
  async chunk(index: number, target: Uint8Array, wish: ChunkWish = {}): Promise<Uint8Array> {
    const { size, checks, signal, sources, onSuspect } = this.content;
    const length = Math.min(CHUNK_BYTES, size - index * CHUNK_BYTES);
    let part = target.subarray(0, length);
    for (const source of sources.from(wish.preferred)) {
      const outcome = await this.#readFrom(source, index, {
        part,
        onlyThis: wish.onlyThis ?? false,
      });
      if (outcome === "right" && chunkIsRight(checks, index, part)) {
        sources.used.add(source.place.id);
        return part;
      }
      signal.throwIfAborted();
      await this.#closeReader();
      sources.fail(source);
      if (!source.aside) onSuspect(source.place.id, index);
      part = new Uint8Array(target.length).subarray(0, length);
    }
    throw new NoGoodCopy(`Could not read chunk ${index}: no copy that can be reached has it`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#closeReader();
  }

  async #readFrom(
    source: Source,
    index: number,
    { part, onlyThis }: { part: Uint8Array; onlyThis: boolean },
  ): Promise<Outcome> {
    try {
      const reader = await this.#readerAt(source, index, onlyThis ? part.length : null);
      if (!reader || reader.size !== this.content.size) return "failed";
      const count = await reader.read(part);
      if (onlyThis) await this.#closeReader();
      else if (this.#open) this.#open.next = index + 1;
      return count === part.length ? "right" : "failed";
    } catch {
      // Whatever it was, another copy is tried; the suspicion makes the keeper look closer.
      return "failed";
    }
  }

  /** The open reader when it stands at this chunk, else a new one. `length`: `null`, to the end. */
  async #readerAt(
    source: Source,
    index: number,
    length: number | null,
  ): Promise<PlaceReader | null> {
    if (this.#open?.source === source && this.#open.next === index) return this.#open.reader;
    await this.#closeReader();
    const { digest, signal } = this.content;
    const range = { from: index * CHUNK_BYTES, aside: source.aside, signal };
    const reader = await source.place.get(digest, length === null ? range : { ...range, length });
    if (reader) this.#open = { source, reader, next: index };
    return reader;
  }

  async #closeReader(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    try {
      await open?.reader[Symbol.asyncDispose]();
    } catch {
      // Every byte that was used is checked already; how the copy closes changes nothing.
    }
  }
}
