import { ContentReader, type ContentToRead } from "./content_reader.ts";
import type { Source } from "./source_order.ts";

/** Reads one chunk at a time, from its copy as long as that one has it. */
export class Lane implements AsyncDisposable {
  #stop = new AbortController();
  #reader: ContentReader;
  #beganAt: number | null = null;
  #usualMs: number | null = null;

  /** `source`: the copy to read from, which may be another one for the next chunk. */
  constructor(content: Omit<ContentToRead, "signal">, public source: Source) {
    this.#reader = new ContentReader({ ...content, signal: this.#stop.signal });
  }

  get isReading(): boolean {
    return this.#beganAt !== null;
  }

  /** How long a chunk takes. Milliseconds; `null` before the first. */
  get usualMs(): number | null {
    return this.#usualMs;
  }

  /** How long it has been at its chunk. Milliseconds. */
  readingMs(now: number): number {
    return now - (this.#beganAt ?? now);
  }

  /** As `ContentReader.chunk`. `onlyThis`: others read what follows. `now`: monotonic milliseconds. */
  async read(
    index: number,
    target: Uint8Array,
    { onlyThis, now }: { onlyThis: boolean; now: () => number },
  ): Promise<Uint8Array> {
    const beganAt = now();
    this.#beganAt = beganAt;
    try {
      const chunk = await this.#reader.chunk(index, target, { preferred: this.source, onlyThis });
      const ms = now() - beganAt;
      this.#usualMs = this.#usualMs === null ? ms : (this.#usualMs + ms) / 2;
      return chunk;
    } finally {
      this.#beganAt = null;
    }
  }

  /** Ends what it reads, and all that it would read. */
  stop(reason?: unknown): void {
    this.#stop.abort(reason);
  }

  /** Only while it does not read. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader[Symbol.asyncDispose]();
  }
}
