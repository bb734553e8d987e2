/** Lists of a holder, asked for in pages and checked as they come. */
import { BadPeer, HOLDER_REPLIES, type Message, PAGE_ITEMS, type Values } from "../protocol/mod.ts";
import type { HolderLine } from "./holder_line.ts";

/** No holder has more of anything than this; a list that goes on is cut. */
const MOST_ITEMS = 10_000_000;

export interface ListRequest<M extends Message> {
  /** The line that asks for the items after `after`. */
  request: (after: string | null, limit: number) => string;
  /** What the list ascends by. */
  key: (values: Values<M>) => string;
  after?: string | null;
  signal?: AbortSignal;
}

/** Runs some work on a data connection. */
export type UseLine = <T>(work: (line: HolderLine) => Promise<T>) => Promise<T>;

/**
 * The items of a list: pages of at most `PAGE_ITEMS`, strictly ascending, not without end. Throws
 * what `use` throws, which is given `BadPeer` for any other list.
 */
export async function* listInPages<M extends Message>(
  use: UseLine,
  list: ListRequest<M> & { item: M; mostItems: number | undefined },
): AsyncGenerator<Values<M>> {
  let { after = null } = list;
  let count = 0;
  for (let more = true; more;) {
    const page = await use(async (line) => {
      const read = await readPage(line, list.item, list.request(after, PAGE_ITEMS));
      for (const values of read.items) {
        if (after !== null && list.key(values) <= after) {
          throw new BadPeer("The holder sent a list that does not ascend");
        }
        after = list.key(values);
      }
      count += read.items.length;
      if (count > (list.mostItems ?? MOST_ITEMS)) {
        throw new BadPeer("The holder sent a list without end");
      }
      return read;
    });
    yield* page.items;
    more = page.more;
  }
}

async function readPage<M extends Message>(
  line: HolderLine,
  item: M,
  request: string,
): Promise<{ items: Values<M>[]; more: boolean }> {
  const { count, more } = await line.ask(request, HOLDER_REPLIES.items);
  if (count > PAGE_ITEMS) throw new BadPeer(`The holder announced a page of ${count}`);
  if (more && count === 0) throw new BadPeer("The holder sent an empty page");
  const items: Values<M>[] = [];
  while (items.length < count) items.push(await line.answer(item));
  return { items, more };
}
