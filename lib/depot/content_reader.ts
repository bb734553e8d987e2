import type { Place, PlaceReader } from "../../stores/store.ts";
import { CHUNK_BYTES, chunkCount, chunkIsRight } from "../content/chunk_checks.ts";

/** No copy of a content has the bytes, or none can be reached now. */
export class NoGoodCopy extends Error {
  override readonly name = "NoGoodCopy";
}

/** A copy to read from. `aside`: set aside before, and read only where nothing else serves. */
export interface Source {
  place: Place;
  aside: boolean;
}

export interface ContentToRead {
  digest: string;
  size: number;
  /** Chunk checks, as the catalog keeps them. */
  checks: Uint8Array;
  /** In the order of trying. */
  sources: Source[];
  /** A copy was absent, unreadable or wrong at a chunk: somebody should look at it. */
  onSuspect(place: string, chunk: number): void;
  signal: AbortSignal;
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
  /** Identifiers of the places that chunks came from. */
  readonly used: Set<string> = new Set();
  #order: Source[];
  #open: { source: Source; reader: PlaceReader; next: number } | null = null;

  constructor(private readonly content: ContentToRead) {
    this.#order = [...content.sources];
  }

  get chunks(): number {
    return chunkCount(this.content.size);
  }

  /** Whether any copy that may be read is on a medium that the depot does not read itself. */
  get needsDigest(): boolean {
    return this.content.sources.some(({ place }) => !place.trusted);
  }

  /**
   * Reads chunk `index` into the start of `target`, of `CHUNK_BYTES` or more, and resolves to the
   * part filled. Throws `NoGoodCopy`.
   */
  async chunk(index: number, target: Uint8Array): Promise<Uint8Array> {
    const { size, checks, signal, onSuspect } = this.content;
    const length = Math.min(CHUNK_BYTES, size - index * CHUNK_BYTES);
    const part = target.subarray(0, length);
    for (const source of [...this.#order]) {
      const outcome = await this.#readFrom(source, index, part);
      if (outcome === "right" && chunkIsRight(checks, index, part)) {
        this.used.add(source.place.id);
        return part;
      }
      signal.throwIfAborted();
      await this.#closeReader();
      this.#putLast(source);
      if (!source.aside) onSuspect(source.place.id, index);
    }
    throw new NoGoodCopy(`Could not read chunk ${index}: no copy that can be reached has it`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#closeReader();
  }

  async #readFrom(source: Source, index: number, part: Uint8Array): Promise<Outcome> {
    try {
      const reader = await this.#readerAt(source, index);
      if (!reader || reader.size !== this.content.size) return "failed";
      const count = await reader.read(part);
      if (this.#open) this.#open.next = index + 1;
      return count === part.length ? "right" : "failed";
    } catch {
      // Whatever it was, another copy is tried; the suspicion makes the keeper look closer.
      return "failed";
    }
  }

  /** The open reader when it stands at this chunk, else a new one. */
  async #readerAt(source: Source, index: number): Promise<PlaceReader | null> {
    if (this.#open?.source === source && this.#open.next === index) return this.#open.reader;
    await this.#closeReader();
    const { digest, signal } = this.content;
    const from = index * CHUNK_BYTES;
    const reader = await source.place.get(digest, { from, aside: source.aside, signal });
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

  #putLast(source: Source): void {
    this.#order = [...this.#order.filter((other) => other !== source), source];
  }
}
