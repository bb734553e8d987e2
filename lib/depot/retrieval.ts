import { CHUNK_BYTES } from "../content/chunk_checks.ts";
import { Sha256 } from "../content/digest.ts";
import type { FileRecord, FileToRead } from "./catalog/catalog.ts";
import { ChunkBuffers } from "./chunk_buffers.ts";
import { ChunkStream } from "./chunk_stream.ts";
import type { Clock } from "./clock.ts";
import { type ContentToRead, NoGoodCopy } from "./content_reader.ts";
import { SourceOrder } from "./source_order.ts";
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

/** What a retrieval reads, and what it reads with. */
interface Reading {
  content: ContentToRead;
  buffers: ChunkBuffers;
  clock: Clock;
  keeper: Keeper;
  onHung(place: string): void;
}

/** A file being read: the version that it had when this was opened, to its end. */
export class Retrieval implements Disposable {
  private constructor(
    readonly file: FileRecord,
    readonly copies: Copies,
    private readonly request: RetrievalRequest,
    private readonly reading: Reading,
    private readonly resources: DisposableStack,
  ) {}

  /** Throws `Refused`. Disposing the result lets the content go. */
  static async open(
    request: RetrievalRequest,
    { core, keeper, signal }: { core: Core; keeper: Keeper; signal: AbortSignal },
  ): Promise<Retrieval> {
    using stack = new DisposableStack();
    const { file, content, checks } = await pinned(request, { core, stack });
    const { digest, size } = content;
    const buffers = stack.use(await ChunkBuffers.take(core.memory, size, signal));
    const copies = copiesOf(file, core.places);
    const visible = copies.places.map(({ id }) => id);
    const sources = new SourceOrder(sourcesOf(content, core, { visible, avoid: request.avoid }));
    stack.defer(() => keeper.wasRead(content, sources.used));
    const onSuspect = (place: string, chunk: number) => keeper.suspect(digest, place, chunk);
    const read = { digest, size, checks, sources, onSuspect, signal };
    const onHung = (place: string) => {
      core.doubts.note(place);
      const { name = place } = core.places.record(place) ?? {};
      core.log.warn("A place does not answer, and another is read", { place: name });
    };
    const reading = { content: read, buffers, clock: core.clock, keeper, onHung };
    return new Retrieval(file, copies, request, reading, stack.move());
  }

  /** Of the places that bytes came from so far, those that the owner is told of. */
  get places(): string[] {
    const { used } = this.reading.content.sources;
    return this.copies.places.map(({ id }) => id).filter((id) => used.has(id));
  }

  /**
   * The bytes asked for, in pieces of at most `CHUNK_BYTES`, each checked; more is read ahead while
   * one is used, so a piece is valid only until the next is asked for. Throws `Refused` when no
   * copy has the next bytes. Where bytes come from a medium that the depot does not read itself,
   * the last piece is withheld until the SHA-256 of the whole is right.
   */
  async *pieces(): AsyncGenerator<Uint8Array> {
    const { from, length } = this.request;
    const end = length === null ? this.file.size : Math.min(this.file.size, from + length);
    if (from >= end) return;
    const whole = from === 0 && end === this.file.size;
    const hash = whole && this.reading.content.sources.needsDigest ? new Sha256() : null;
    const first = Math.floor(from / CHUNK_BYTES);
    const last = Math.ceil(end / CHUNK_BYTES) - 1;
    await using stream = new ChunkStream({ ...this.reading, first, last });
    for (let index = first; index <= last; index++) {
      const chunk = await nextOf(stream);
      hash?.update(chunk);
      if (index === last && hash && hash.digest() !== this.file.digest) throw this.#wrongBytes();
      const start = index * CHUNK_BYTES;
      yield chunk.subarray(Math.max(0, from - start), Math.min(chunk.length, end - start));
    }
  }

  [Symbol.dispose](): void {
    this.resources.dispose();
  }

  /** Each chunk passed its check and the whole is not the content: whoever gave any is looked at. */
  #wrongBytes(): Refused {
    const { content, keeper } = this.reading;
    for (const place of content.sources.used) keeper.suspect(this.file.digest, place);
    return noCopy();
  }
}

/** The file and its content, which is pinned before it is looked at: what is there then stays. */
async function pinned(
  request: RetrievalRequest,
  { core, stack }: { core: Core; stack: DisposableStack },
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

async function nextOf(stream: ChunkStream): Promise<Uint8Array> {
  try {
    return await stream.next();
  } catch (error) {
    if (error instanceof NoGoodCopy) throw noCopy();
    throw error;
  }
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
