import type { ContentToRead } from "./content_reader.ts";
import { Lane } from "./lane.ts";
import type { Source } from "./source_order.ts";

/** The lanes on which one content is read, so many for each copy. */
export class Lanes implements AsyncDisposable {
  /** Those that read, or may be given something to read. */
  #present: Lane[] = [];
  /** Those that read their last chunk. */
  #leaving = new Set<Lane>();
  #closing = new Set<Promise<void>>();

  constructor(private readonly content: Omit<ContentToRead, "signal">) {}

  /** Those that have nothing to read. */
  get free(): Lane[] {
    return this.#present.filter((lane) => !lane.isReading);
  }

  get areLeaving(): boolean {
    return this.#leaving.size > 0;
  }

  /** Whether any of them is at a chunk of this copy's. */
  areReading(source: Source): boolean {
    return [...this.#present, ...this.#leaving]
      .some((lane) => lane.source === source && lane.isReading);
  }

  /** Gives each copy so many lanes; those that nobody needs leave. */
  serve(sources: readonly Source[], each: number): void {
    const missing = sources.flatMap((source) => Array<Source>(each).fill(source));
    const surplus = this.#present.filter(({ source }) => {
      const at = missing.indexOf(source);
      if (at >= 0) missing.splice(at, 1);
      return at < 0;
    });
    for (const lane of surplus) {
      // What a lane has open is gone on with, when it turned to this copy by itself.
      const source = lane.isReading ? undefined : missing.shift();
      if (source) lane.source = source;
      else this.letGo(lane);
    }
    for (const source of missing) this.#present.push(new Lane(this.content, source));
  }

  /** A lane gets nothing more to read. */
  letGo(lane: Lane): void {
    if (!this.#present.includes(lane)) return;
    this.#present = this.#present.filter((other) => other !== lane);
    if (lane.isReading) this.#leaving.add(lane);
    else this.#close(lane);
  }

  /** A lane has read its chunk: one that was let go is closed. */
  hasRead(lane: Lane): void {
    if (this.#leaving.delete(lane)) this.#close(lane);
  }

  /** Ends what is being read. */
  stop(reason?: unknown): void {
    for (const lane of [...this.#present, ...this.#leaving]) lane.stop(reason);
  }

  /** Only when nothing is read any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const lane of this.#present) this.#close(lane);
    await Promise.all(this.#closing);
  }

  #close(lane: Lane): void {
    const closed = lane[Symbol.asyncDispose]().finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }
}
