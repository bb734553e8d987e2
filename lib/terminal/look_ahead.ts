/** So many items are known of before their turn comes. */
const ITEMS_AHEAD = 10_000;

export interface LookAheadOptions<T> {
  /** Told of each item as soon as it is known. */
  onItem(item: T): Promise<void> | void;
  /** Told when there are no more. */
  onEnd(): void;
}

/**
 * The same items in the same order, read as far ahead as memory allows: how many there are is then
 * known before most of them are done. What `items` throw comes after the items before it.
 */
export async function* lookAhead<T>(
  items: AsyncIterable<T>,
  { onItem, onEnd }: LookAheadOptions<T>,
): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  const stream = new ReadableStream<{ item: T } | { reason: unknown }>({
    async pull(ahead) {
      try {
        const { done, value } = await iterator.next();
        if (!done) {
          await onItem(value);
          return ahead.enqueue({ item: value });
        }
        onEnd();
      } catch (reason) {
        ahead.enqueue({ reason });
      }
      ahead.close();
    },
    cancel: async () => void await iterator.return?.(),
  }, { highWaterMark: ITEMS_AHEAD });
  for await (const next of stream) {
    if ("reason" in next) throw next.reason;
    yield next.item;
  }
}
