/** What a program has in its hands, as something to deposit. */
import type { Source, SourceReader } from "./source.ts";
import { streamSource } from "./stream_source.ts";

/** What can be deposited without a file. */
export type Data = ReadableStream<Uint8Array> | Blob | Uint8Array;

/** Data as a source. A stream is read only when the source is opened. */
export function dataSource(data: Data): Source {
  if (data instanceof ReadableStream) return streamSource(new PulledStream(data));
  if (data instanceof Blob) {
    return heldSource(data.size, async (from, to) => await data.slice(from, to).bytes());
  }
  return heldSource(data.length, (from, to) => Promise.resolve(data.subarray(from, to)));
}

/** Bytes that can be had again. */
function heldSource(
  size: number,
  slice: (from: number, to: number) => Promise<Uint8Array>,
): Source {
  const open = (): Promise<SourceReader> => {
    let position = 0;
    return Promise.resolve({
      seek(to) {
        position = to;
        return Promise.resolve();
      },
      async read(target) {
        const bytes = await slice(position, Math.min(size, position + target.length));
        target.set(bytes);
        position += bytes.length;
        return bytes.length;
      },
      check: () => Promise.resolve(),
      [Symbol.dispose]() {},
    });
  };
  return { size, modifiedAt: null, executable: false, identity: null, spent: false, open };
}

/** A stream of bytes that is read into buffers. It is locked with the first read. */
class PulledStream {
  #stream: ReadableStream<Uint8Array>;
  #reader: ReadableStreamDefaultReader<Uint8Array> | null = null;
  #rest: Uint8Array = new Uint8Array();

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#stream = stream;
  }

  async read(target: Uint8Array): Promise<number | null> {
    this.#reader ??= this.#stream.getReader();
    while (this.#rest.length === 0) {
      const { done, value } = await this.#reader.read();
      if (done) return null;
      if (!(value instanceof Uint8Array)) throw new TypeError("Expected a stream of Uint8Array");
      this.#rest = value;
    }
    const part = this.#rest.subarray(0, target.length);
    target.set(part);
    this.#rest = this.#rest.subarray(part.length);
    return part.length;
  }

  async cancel(): Promise<void> {
    await this.#reader?.cancel();
    this.#reader?.releaseLock();
  }
}
