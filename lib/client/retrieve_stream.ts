/** A retrieval as a stream: its bytes come as they are read. */
import type { StoredFile } from "./records.ts";
import { Retrieval } from "./retrieve.ts";
import type { Sessions } from "./sessions.ts";

/** How to retrieve into a stream. */
export interface RetrieveOptions {
  /** The SHA-256 that is expected; a file with another content is refused with `mudou`. */
  digest?: string | null | undefined;
  /** Aborted: ends with the signal's reason, and so does the stream. */
  signal?: AbortSignal | undefined;
  /** Told how many bytes of how many came. */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/** A file that the depot has found. */
export interface Retrieved {
  /** What it is. */
  file: StoredFile;
  /** Its bytes. */
  body: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** Begins to retrieve; resolves when the depot has found the file. */
export async function retrieveStream(
  sessions: Sessions,
  name: string,
  options: RetrieveOptions,
): Promise<Retrieved> {
  const { readable, writable } = new TransformStream<
    Uint8Array<ArrayBuffer>,
    Uint8Array<ArrayBuffer>
  >();
  const writer = writable.getWriter();
  const cancelled = new AbortController();
  writer.closed.catch((reason) => cancelled.abort(reason));
  const signals = [cancelled.signal, ...options.signal ? [options.signal] : []];
  const signal = AbortSignal.any(signals);
  const found = Promise.withResolvers<StoredFile>();
  // The block is the connection's again when the write resolves, and the reader keeps its own.
  const sink = { write: (bytes: Uint8Array) => writer.write(bytes.slice()) };
  const retrieval = new Retrieval(name, sink, { ...options, signal, onFound: found.resolve });
  sessions.run((session, advanced) => {
    advanced("receiving", retrieval.position);
    return retrieval.receive(session, advanced);
  }, { signal }).then(
    () => writer.close(),
    (error) => {
      found.reject(error);
      return writer.abort(error);
    },
  ).catch(() => {});
  return { file: await found.promise, body: readable };
}
