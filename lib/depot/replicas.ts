/** What is done to single replicas: reading one whole to judge it, making one from others. */
import { type Place, Unreachable, Unreadable } from "../../stores/store.ts";
import { CHUNK_BYTES } from "../content/chunk_checks.ts";
import { Sha256 } from "../content/digest.ts";
import type { PlaceReplica } from "./catalog/catalog.ts";
import type { ContentReader } from "./content_reader.ts";
import type { Core } from "./core.ts";
import type { Rate } from "./rate.ts";

/** Replicas asked of the catalog at once. */
const PAGE = 1_000;

/** What should be at a place, ascending by digest, read in pages. */
export async function* replicasAt(
  place: string,
  { catalog }: Core,
): AsyncGenerator<PlaceReplica, undefined> {
  let after: string | undefined;
  while (true) {
    const page = await catalog.replicasOn(
      place,
      after === undefined ? { limit: PAGE } : { after, limit: PAGE },
    );
    yield* page;
    if (page.length < PAGE) return;
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
export async function judgeReplica(
  place: Place,
  content: { digest: string; size: number },
  { rate, signal, onBytes }: Work,
): Promise<Verdict> {
  try {
    await using reader = await place.get(content.digest, { from: 0, signal });
    if (!reader) return await absentOrAway(place);
    if (reader.size !== content.size) return "damaged";
    const buffer = new Uint8Array(Math.min(CHUNK_BYTES, content.size));
    const hash = new Sha256();
    for (let left = content.size; left > 0;) {
      await rate.take(Math.min(left, buffer.length), signal);
      const count = await reader.read(buffer);
      if (count === 0) return "damaged";
      hash.update(buffer.subarray(0, count));
      onBytes?.(count);
      left -= count;
    }
    return hash.digest() === content.digest ? "good" : "damaged";
  } catch (error) {
    signal.throwIfAborted();
    if (saysAway(error, place)) throw error;
    return "damaged";
  }
}

/** An empty mount point has no replica either: without its mark the whole place is away. */
async function absentOrAway(place: Place): Promise<Verdict> {
  if (await place.mark()) return "absent";
  throw new Unreachable(`Could not read ${place.name}: its mark is gone`);
}

/** Whether an error says that the place is away, rather than that the copy is bad. */
function saysAway(error: unknown, place: Place): boolean {
  if (error instanceof Unreadable) return false;
  return error instanceof Unreachable || !place.trusted;
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
  const buffer = new Uint8Array(Math.min(CHUNK_BYTES, size));
  const hash = new Sha256();
  for (let index = 0; index < source.chunks; index++) {
    await rate.take(Math.min(buffer.length, size - index * CHUNK_BYTES), signal);
    const chunk = await source.chunk(index, buffer);
    hash.update(chunk);
    await writer.write(chunk);
    onBytes?.(chunk.length);
  }
  if (hash.digest() !== content.digest) {
    throw new WrongBytes("Refused a copy: its bytes pass the chunk checks but not the SHA-256");
  }
  await writer.commit(content);
}
