import { ConnectionLost } from "../protocol/mod.ts";
import type { Link } from "./link.ts";

/** How one item of many went. */
export type Outcome<T, R> =
  | { item: T; result: R; error?: undefined }
  | { item: T; result?: undefined; error: unknown };

export interface ParallelOptions<T, R> {
  /** Connections at once. */
  connections: number;
  signal?: AbortSignal | undefined;
  /** As each is done. */
  onDone?: (outcome: Outcome<T, R>) => void;
}

/**
 * Does `work` for each of `items`, over `link` and as many siblings as it takes. Goes on after
 * failures, except when the depot cannot be reached any more or the signal aborts. Resolves to the
 * outcomes in the order of `items`; those that were not begun are not among them.
 */
export async function inParallel<T, R>(
  link: Link,
  items: AsyncIterable<T> | Iterable<T>,
  options: ParallelOptions<T, R> & { work: (link: Link, item: T) => Promise<R> },
): Promise<Outcome<T, R>[]> {
  const queue = numbered(items);
  const outcomes: { index: number; outcome: Outcome<T, R> }[] = [];
  let over = false;
  const worker = async (own: Link) => {
    for await (const { index, item } of queue) {
      const outcome = await attempt(item, () => options.work(own, item));
      options.signal?.throwIfAborted();
      outcomes.push({ index, outcome });
      options.onDone?.(outcome);
      over ||= outcome.error instanceof ConnectionLost;
      if (over) return;
    }
  };
  const siblings = Array.from({ length: options.connections - 1 }, () => link.sibling());
  const ends = await Promise.allSettled([link, ...siblings].map(worker));
  for (const sibling of siblings) sibling[Symbol.dispose]();
  const failed = ends.find((end) => end.status === "rejected");
  if (failed) throw failed.reason;
  return outcomes.sort((a, b) => a.index - b.index).map(({ outcome }) => outcome);
}

async function attempt<T, R>(item: T, work: () => Promise<R>): Promise<Outcome<T, R>> {
  try {
    return { item, result: await work() };
  } catch (error) {
    return { item, error };
  }
}

/** One iterator for all workers; the end of one worker's loop does not end it for the others. */
function numbered<T>(
  items: AsyncIterable<T> | Iterable<T>,
): AsyncIterable<{ index: number; item: T }> {
  const iterator = Symbol.asyncIterator in items
    ? items[Symbol.asyncIterator]()
    : items[Symbol.iterator]();
  let index = 0;
  let turn: Promise<unknown> = Promise.resolve();
  const next = async () => {
    const { done, value } = await iterator.next();
    return done
      ? { done, value: undefined }
      : { done: false, value: { index: index++, item: value } };
  };
  const inTurn = () => {
    const mine = turn.then(next);
    turn = mine.catch(() => {});
    return mine as Promise<IteratorResult<{ index: number; item: T }>>;
  };
  return { [Symbol.asyncIterator]: () => ({ next: inTurn }) };
}
