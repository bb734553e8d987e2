import { CHUNK_BYTES } from "../content/chunk_checks.ts";
import { Sha256 } from "../content/digest.ts";
import type { ContentRecord, FileRecord, FileToRead } from "./catalog/catalog.ts";
import { ContentReader, NoGoodCopy, type Source } from "./content_reader.ts";
import { sourcesOf } from "./sources.ts";
import { absent, type Copies, copiesOf, type Core, Refused } from "./core.ts";
import type { Keeper } from "./keeper.ts";

/** What a client wants to read. `null`: not said. */
export interface RetrievalRequest {
  owner: string;
  name: string;
  from: number;
  /** `null`: to the end. */
  length: number | null;
  /** Refused as changed when the file has another. */
  digest: string | null;
  /** Places that gave this client wrong bytes before: read last. */
  avoid: string[];
}

/** A file being read: the version that it had when this was opened, to its end. */
export class Retrieval implements AsyncDisposable {
  /** The read that runs ahead; the reader is not closed under it. */
  #ahead: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly file: FileRecord,
    readonly copies: Copies,
    private readonly request: RetrievalRequest,
    private readonly reader: ContentReader,
    private readonly keeper: Keeper,
    private readonly resources: AsyncDisposableStack,
  ) {}

  /** Throws `Refused`. Disposing the result lets the content go. */
  static async open(
    request: RetrievalRequest,
    { core, keeper, signal }: { core: Core; keeper: Keeper; signal: AbortSignal },
  ): Promise<Retrieval> {
    await using stack = new AsyncDisposableStack();
    const { file, content, checks } = await pinned(request, { core, stack });
    stack.use(await core.memory.take(2 * Math.min(CHUNK_BYTES, file.size), signal));
    const copies = copiesOf(file, core.places);
    const visible = copies.places.map(({ id }) => id);
    const sources = sourcesOf(content, core, { visible, avoid: request.avoid });
    const reader = stack.use(openReader(content, { checks, sources, keeper, signal }));
    stack.defer(() => keeper.wasRead(content, reader.used));
    return new Retrieval(file, copies, request, reader, keeper, stack.move());
  }

  /** Of the places that bytes came from so far, those that the owner is told of. */
  get places(): string[] {
    return this.copies.places.map(({ id }) => id).filter((id) => this.reader.used.has(id));
  }

  /**
   * The bytes asked for, in pieces of at most `CHUNK_BYTES`, each checked; one is read ahead while
   * the last is used, so a piece is valid only until the next is asked for. Throws `Refused` when
   * no copy has the next bytes. Where bytes come from a medium that the depot does not read
   * itself, the last piece is withheld until the SHA-256 of the whole is right.
   */
  async *pieces(): AsyncGenerator<Uint8Array> {
    const { from, length } = this.request;
    const end = length === null ? this.file.size : Math.min(this.file.size, from + length);
    const whole = from === 0 && end === this.file.size;
    const hash = whole && this.reader.needsDigest ? new Sha256() : null;
    const buffers = [0, 1].map(() => new Uint8Array(Math.min(CHUNK_BYTES, this.file.size)));
    const first = Math.floor(from / CHUNK_BYTES);
    const last = Math.ceil(end / CHUNK_BYTES) - 1;
    const read = (index: number) => {
      const piece = this.#read(index, buffers[index % 2]!);
      // A failure is met when its turn comes.
      this.#ahead = piece.catch(() => {});
      return piece;
    };
    let next = first <= last && from < end ? read(first) : null;
    for (let index = first; next; index++) {
      const chunk = await next;
      next = index < last ? read(index + 1) : null;
      hash?.update(chunk);
      if (!next && hash && hash.digest() !== this.file.digest) throw this.#wrongBytes();
      const start = index * CHUNK_BYTES;
      yield chunk.subarray(Math.max(0, from - start), Math.min(chunk.length, end - start));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ahead;
    await this.resources.disposeAsync();
  }

  /** Each chunk passed its check and the whole is not the content: whoever gave any is looked at. */
  #wrongBytes(): Refused {
    for (const place of this.reader.used) this.keeper.suspect(this.file.digest, place);
    return noCopy();
  }

  async #read(index: number, buffer: Uint8Array): Promise<Uint8Array> {
    try {
      return await this.reader.chunk(index, buffer);
    } catch (error) {
      if (error instanceof NoGoodCopy) throw noCopy();
      throw error;
    }
  }
}

/** The file and its content, which is pinned before it is looked at: what is there then stays. */
async function pinned(
  request: RetrievalRequest,
  { core, stack }: { core: Core; stack: AsyncDisposableStack },
): Promise<FileToRead> {
  for (let { digest } = request;;) {
    if (digest !== null) stack.use(core.reading.pin(digest));
    const found = await core.catalog.fileToRead(request.owner, request.name);
    if (!found) throw absent();
    refuseChanged(found.file, request);
    if (found.file.digest === digest) return found;
    digest = found.file.digest;
  }
}

function openReader(
  { digest, size }: ContentRecord,
  { checks, sources, keeper, signal }: {
    checks: Uint8Array;
    sources: Source[];
    keeper: Keeper;
    signal: AbortSignal;
  },
): ContentReader {
  const onSuspect = (place: string, chunk: number) => keeper.suspect(digest, place, chunk);
  return new ContentReader({ digest, size, checks, sources, onSuspect, signal });
}

function refuseChanged(file: FileRecord, { digest, from }: RetrievalRequest): void {
  if (digest !== null && digest !== file.digest) {
    throw new Refused("changed", "The file has another content by now");
  }
  if (from > file.size) {
    throw new Refused("bad value", `Refused position ${from}: the file has ${file.size} bytes`);
  }
}

function noCopy(): Refused {
  return new Refused("no copy", "No good copy of the file can be read now");
}
