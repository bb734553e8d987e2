/** A plugin's readers and writers, as the depot may rely on them. */
import type { Answers } from "./answers.ts";
import { isSize, requireMethods, requireThat } from "./plugin_shapes.ts";
import type { PlaceReader, PlaceWriter, ReadRange } from "./store.ts";

const READER_METHODS = ["read", Symbol.asyncDispose];
const WRITER_METHODS = ["prefix", "rewind", "write", "commit", "keep", Symbol.asyncDispose];

/** Stands between the depot and a reader: never short in silence, and no byte after it was left. */
export class PluginReader implements PlaceReader {
  readonly size: number;
  readonly #reader: PlaceReader;
  readonly #answers: Answers;
  /** Bytes of the range that are still to come. */
  #left: number;
  #buffer = new Uint8Array(0);

  constructor(reader: PlaceReader, range: ReadRange, answers: Answers) {
    requireMethods(reader, READER_METHODS, "the reader of get()");
    requireThat(isSize(reader.size), "the reader of get() has no size");
    this.size = reader.size;
    this.#reader = reader;
    this.#answers = answers;
    this.#left = range.length ?? reader.size - range.from;
  }

  async read(target: Uint8Array): Promise<number> {
    // A buffer of its own: a read that was given up may still write, when `target` is another's.
    if (this.#buffer.length < target.length) this.#buffer = new Uint8Array(target.length);
    const buffer = this.#buffer.subarray(0, target.length);
    const count = await this.#answers.ask("read", () => this.#reader.read(buffer));
    const due = Math.min(target.length, this.#left);
    requireThat(count === due, `read() answered ${count}, where ${due} bytes were due`);
    target.set(buffer.subarray(0, count));
    this.#left -= count;
    return count;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#answers.close("close a reader", () => this.#reader[Symbol.asyncDispose]());
  }
}

/** Stands between the depot and a writer: after a failure nothing of it can become a replica. */
export class PluginWriter implements PlaceWriter {
  readonly #writer: PlaceWriter;
  readonly #signal: AbortSignal;
  readonly #answers: Answers;
  #position: number;
  #failure: unknown;
  #failed = false;

  constructor(
    writer: PlaceWriter,
    upload: { resume?: boolean; signal: AbortSignal },
    answers: Answers,
  ) {
    requireMethods(writer, WRITER_METHODS, "the writer of begin()");
    const { position } = writer;
    const right = isSize(position) && (upload.resume || position === 0);
    requireThat(right, `the writer of begin() stands at ${position}`);
    this.#writer = writer;
    this.#signal = upload.signal;
    this.#answers = answers;
    this.#position = position;
  }

  get position(): number {
    return this.#position;
  }

  async *prefix(): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    const pieces = this.#answers.each("prefix", () => this.#writer.prefix(), (piece) => {
      requireThat(piece instanceof Uint8Array, "prefix() gave something that is no Uint8Array");
      bytes += piece.length;
      return piece;
    });
    yield* pieces;
    requireThat(bytes === this.#position, `prefix() gave ${bytes} bytes of ${this.#position}`);
  }

  rewind(position: number): Promise<void> {
    return this.#step(position, async () => {
      await this.#answers.work("rewind", () => this.#writer.rewind(position));
    });
  }

  write(chunk: Uint8Array): Promise<void> {
    return this.#step(this.#position + chunk.length, async () => {
      await this.#answers.ask("write", () => this.#writer.write(chunk));
    });
  }

  commit(content: { digest: string; size: number }): Promise<void> {
    return this.#step(this.#position, async () => {
      requireThat(content.size === this.#position, `Could not commit: ${this.#position} bytes`);
      await this.#answers.work("commit", () => this.#writer.commit(content));
    });
  }

  keep(): Promise<void> {
    return this.#step(this.#position, async () => {
      await this.#answers.work("keep", () => this.#writer.keep());
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#answers.close("close a writer", () => this.#writer[Symbol.asyncDispose]());
  }

  /** One step to `position`; after one that failed, every later one fails with the same error. */
  async #step(position: number, act: () => Promise<void>): Promise<void> {
    if (this.#failed) throw this.#failure;
    try {
      await act();
      const at = this.#writer.position;
      requireThat(at === position, `the writer stands at ${at}, where it must be at ${position}`);
      this.#position = position;
    } catch (error) {
      // What was stopped from outside is whole, and may be kept.
      const stopped = this.#signal.aborted && error === this.#signal.reason;
      if (!stopped) [this.#failed, this.#failure] = [true, error];
      throw error;
    }
  }
}
