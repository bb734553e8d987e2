/** What is done to single replicas: reading one whole to judge it, making one from others. */
import { type Place, type PlaceReader, type ReadRange, Unreachable } from "../../stores/store.ts";
import { CHUNK_BYTES, chunkIsRight } from "../content/chunk_checks.ts";
import { Sha256 } from "../content/digest.ts";
import { PAGE_ROWS, type PlaceReplica } from "./catalog/catalog.ts";
import type { ContentReader } from "./content_reader.ts";
import type { Core } from "./core.ts";
import type { Rate } from "./rate.ts";

/** What should be at a place, ascending by digest, read in pages. */
export async function* replicasAt(
  place: string,
  { catalog }: Core,
): AsyncGenerator<PlaceReplica, undefined> {
  let after: string | undefined;
  while (true) {
    const page = await catalog.replicasOn(
      place,
      after === undefined ? { limit: PAGE_ROWS } : { after, limit: PAGE_ROWS },
    );
    yield* page;
    if (page.length < PAGE_ROWS) return;
    after = page.at(-1)!.digest;
  }
}

/** What a whole read of a replica found. */
export type Verdict = "good" | "absent" | "damaged";

export interface Work {
  rate: Rate;
  signal: AbortSignal;
  /** Bytes moved since the last call. */
  onBytes?(bytes: number): void;
}

/** The bytes that were put together for a copy are not the content: some source gave wrong ones. */
export class WrongBytes extends Error {
  override readonly name = "WrongBytes";
}

/** Reads a replica whole and judges it by its SHA-256. Throws when the place is away. */
export function judgeReplica(
  place: Place,
  content: { digest: string; size: number },
  work: Work,
): Promise<Verdict> {
  return judged(place, content, { from: 0, signal: work.signal }, async (reader) => {
    const buffer = new Uint8Array(Math.min(CHUNK_BYTES, content.size));
    const hash = new Sha256();
    for (let left = content.size; left > 0;) {
      await work.rate.take(Math.min(left, buffer.length), work.signal);
      const count = await reader.read(buffer);
      if (count === 0) return false;
      hash.update(buffer.subarray(0, count));
      work.onBytes?.(count);
      left -= count;
    }
    return hash.digest() === content.digest;
  });
}

/** Judges one chunk of a replica by its check, at once. Throws when the place is away. */
export function judgeChunk(
  place: Place,
  content: { digest: string; size: number },
  { checks, chunk, signal }: { checks: Uint8Array; chunk: number; signal: AbortSignal },
): Promise<Verdict> {
  const from = chunk * CHUNK_BYTES;
  const length = Math.min(CHUNK_BYTES, content.size - from);
  return judged(place, content, { from, length, signal }, async (reader) => {
    const buffer = new Uint8Array(length);
    return await reader.read(buffer) === length && chunkIsRight(checks, chunk, buffer);
  });
}

/**
 * The verdict on what a range of a replica is read for. On the way to it more can fail than the
 * copy: it is damaged when it cannot be read a second time either, while the place answers.
 */
async function judged(
  place: Place,
  content: { digest: string; size: number },
  range: ReadRange,
  isRight: (reader: PlaceReader) => Promise<boolean>,
): Promise<Verdict> {
  for (let attempt = 1;; attempt++) {
    try {
      await using reader = await place.get(content.digest, range);
      if (reader) return reader.size === content.size && await isRight(reader) ? "good" : "damaged";
      await requireMark(place);
      return "absent";
    } catch (error) {
      range.signal.throwIfAborted();
      if (error instanceof Unreachable) throw error;
      await requireMark(place);
      if (attempt === 2) return "damaged";
    }
  }
}

/** An empty mount point has no replica either: without its mark the whole place is away. */
async function requireMark(place: Place): Promise<void> {
  if (await place.mark()) return;
  throw new Unreachable(`Could not read ${place.name}: its mark is gone`);
}

/**
 * Makes a replica at `target` out of what `source` reads; durable and right when it resolves.
 * Otherwise throws and the target has nothing of it. `content.id` names its parts meanwhile.
 */
export async function makeReplica(
  source: ContentReader,
  target: Place,
  content: { id: string; digest: string; size: number },
  { rate, signal, onBytes }: Work,
): Promise<void> {
  const { id, size } = content;
  await using writer = await target.begin({ id, size, signal });
  let buffer: Uint8Array = new Uint8Array(Math.min(CHUNK_BYTES, size));
  const hash = new Sha256();
  for (let index = 0; index < source.chunks; index++) {
    await rate.take(Math.min(buffer.length, size - index * CHUNK_BYTES), signal);
    const chunk = await source.chunk(index, buffer);
    buffer = new Uint8Array(chunk.buffer);
    hash.update(chunk);
    await writer.write(chunk);
    onBytes?.(chunk.length);
  }
  if (hash.digest() !== content.digest) {
    throw new WrongBytes("Refused a copy: its bytes pass the chunk checks but not the SHA-256");
  }
  await writer.commit(content);
}
