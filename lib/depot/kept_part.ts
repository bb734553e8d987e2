import type { PlaceWriter } from "../../stores/store.ts";
import { ContentSum } from "../content/content_sum.ts";

/** What a place kept of an upload, as it was read again. */
export interface Kept {
  sum: ContentSum;
  digest: string;
}

/** Reads it again. Throws when the place fails. */
export async function readKept(writer: PlaceWriter): Promise<Kept> {
  const sum = new ContentSum();
  for await (const bytes of writer.prefix()) sum.update(bytes);
  return { sum, digest: sum.sum().digest };
}

/** The digest that most trusted places have; without any, the one that most others have. */
export function mostCommon(digests: [digest: string, trusted: boolean][]): string {
  const votes = new Map<string, number>();
  for (const [digest, trusted] of digests) {
    votes.set(digest, (votes.get(digest) ?? 0) + (trusted ? digests.length : 1));
  }
  return [...votes].reduce((best, other) => other[1] > best[1] ? other : best)[0];
}
