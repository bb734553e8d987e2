/** What the cases of the store contract share. */
import { digestOf } from "../../lib/content/digest.ts";
import type { Place, PlaceWriter, Store } from "../../stores/store.ts";
import { assertEquals } from "../assert.ts";
import type { StoreUnderTest } from "./contract.ts";

/** A store under test with its first place. */
export interface Bench extends StoreUnderTest {
  place: Place;
  signal: AbortSignal;
}

/** By sentence, what a store must do. */
export type ContractCases = Record<string, (bench: Bench) => Promise<void>>;

export const NOTHING = new Uint8Array(0);

export interface Content {
  digest: string;
  bytes: Uint8Array;
}

/** The same bytes each time for the same size. */
export function contentOf(size: number): Content {
  const bytes = new Uint8Array(size);
  for (let at = 0, state = size + 1; at < size; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return { digest: digestOf(bytes), bytes };
}

/** The first place that a store tells of. */
export async function firstPlace(store: Store): Promise<Place> {
  const ending = new AbortController();
  try {
    for await (const event of store.places(ending.signal)) {
      if (event.type === "joined") return event.place;
    }
  } finally {
    ending.abort();
  }
  throw new Error(`Could not test ${store.kind}: no place joined`);
}

/** Where to. */
export type At = Pick<Bench, "place" | "signal">;

/** Writes a content to a place and commits it. */
export async function put({ place, signal }: At, content: Content): Promise<Content> {
  const { digest, bytes } = content;
  await using writer = await place.begin({ id: crypto.randomUUID(), size: bytes.length, signal });
  await writer.write(bytes);
  await writer.commit({ digest, size: bytes.length });
  return content;
}

/** All bytes of a replica. */
export async function read({ place, signal }: At, digest: string, aside = false) {
  await using reader = (await place.get(digest, { from: 0, aside, signal }))!;
  const bytes = new Uint8Array(reader.size);
  assertEquals(await reader.read(bytes), bytes.length);
  return bytes;
}

/** Writes bytes as an upload's and keeps them. */
export async function keep({ place, signal }: At, id: string, bytes: Uint8Array): Promise<void> {
  await using writer = await place.begin({ id, size: bytes.length, signal });
  await writer.write(bytes);
  await writer.keep();
}

/** All replicas of a place, from the first after `after`. */
export function list({ place, signal }: At, after?: string) {
  return Array.fromAsync(place.list({ signal, ...(after !== undefined && { after }) }));
}

/** All that a writer has. */
export async function prefixOf(writer: PlaceWriter): Promise<Uint8Array> {
  const bytes: number[] = [];
  for await (const piece of writer.prefix()) bytes.push(...piece);
  return new Uint8Array(bytes);
}
