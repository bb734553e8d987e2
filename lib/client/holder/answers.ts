/** What a holder answers to each request of its depot, but for the storing of an upload. */
import {
  BLOCK_BYTES,
  BODY,
  type Connection,
  encode,
  HOLDER_REPLIES,
  type HolderRequest,
  PAGE_ITEMS,
  Refusal,
  withProgress,
} from "../../protocol/mod.ts";
import type { Serving } from "./serving.ts";
import { store } from "./storing.ts";

type Answer<K extends HolderRequest["kind"]> = (
  request: Extract<HolderRequest, { kind: K }>,
  serving: Serving,
) => Promise<void>;

const DONE = encode(HOLDER_REPLIES.done, { done: true });

export const ANSWERS: { readonly [K in HolderRequest["kind"]]: Answer<K> } = {
  store,
  fetch,
  async hash({ digest, prefix }, { connection, shelf, signal }) {
    const options = { prefix: prefix ?? new Uint8Array(), signal };
    const answer = await withProgress(connection, () => shelf.disk.hash(digest, options));
    if (answer === null) throw absent();
    await connection.writeLine(encode(HOLDER_REPLIES.hash, { digest: answer }));
  },
  async delete({ digest }, { connection, shelf }) {
    await shelf.delete(digest);
    await connection.writeLine(DONE);
  },
  async setAside({ digest }, { connection, shelf }) {
    await shelf.setAside(digest);
    await connection.writeLine(DONE);
  },
  async dropAside({ digest }, { connection, shelf }) {
    await shelf.dropAside(digest);
    await connection.writeLine(DONE);
  },
  async discard({ upload }, { connection, shelf }) {
    await shelf.discard(upload);
    await connection.writeLine(DONE);
  },
  async inventory({ after, limit }, { connection, shelf, signal }) {
    const list = shelf.disk.list({ signal, ...(after === null ? {} : { after }) });
    await page(connection, list, { limit, line: (item) => encode(HOLDER_REPLIES.held, item) });
  },
  async asides({ after, limit }, { connection, shelf }) {
    const later = (item: { digest: string }) => after === null || item.digest > after;
    const line = (item: { digest: string; size: number; since: number }) =>
      encode(HOLDER_REPLIES.aside, { ...item, since: Math.floor(item.since) });
    await page(connection, shelf.disk.asides(), { limit, line, filter: later });
  },
  async uploads({ after, limit }, { connection, shelf }) {
    const all = await Array.fromAsync(shelf.disk.uploads());
    const later = all.filter(({ id }) => after === null || id > after);
    later.sort((a, b) => a.id < b.id ? -1 : 1);
    await page(connection, later, {
      limit,
      line: ({ id, bytes }) => encode(HOLDER_REPLIES.kept, { upload: id, bytes }),
    });
  },
  async mark(_request, { connection, shelf }) {
    const mark = await shelf.disk.mark();
    if (!mark) throw absent();
    await connection.writeLine(encode(HOLDER_REPLIES.mark, mark));
  },
  async setMark({ depot, sequence }, { connection, shelf }) {
    await shelf.disk.setMark({ depot, sequence });
    await connection.writeLine(DONE);
  },
};

async function fetch(
  { digest, from, length, aside }: Extract<HolderRequest, { kind: "fetch" }>,
  { connection, shelf, traffic, signal }: Serving,
): Promise<void> {
  const range = { from, aside, signal, ...(length === null ? {} : { length }) };
  await using reader = await shelf.disk.get(digest, range);
  if (!reader) throw absent();
  const { size } = reader;
  if (from + (length ?? 0) > size) {
    throw new Refusal("valor_invalido", `Refused the read: the content has ${size} bytes`);
  }
  await connection.writeLine(encode(HOLDER_REPLIES.content, { size }));
  const left = length ?? size - from;
  const buffer = new Uint8Array(Math.min(left, BLOCK_BYTES));
  for (let count; left > 0 && (count = await reader.read(buffer)) > 0;) {
    await connection.writeLine(encode(BODY.block, { bytes: count }));
    await connection.write(buffer.subarray(0, count));
    traffic.sent += count;
  }
}

export function absent(): Refusal {
  return new Refusal("nao_encontrado", "It is not here");
}

/** The first `limit` items that pass the filter, and whether there are more. */
async function page<T>(
  connection: Connection,
  items: AsyncIterable<T> | Iterable<T>,
  { limit, line, filter = () => true }: {
    limit: number;
    line: (item: T) => string;
    filter?: (item: T) => boolean;
  },
): Promise<void> {
  if (limit < 1 || limit > PAGE_ITEMS) {
    throw new Refusal("valor_invalido", `Refused limit ${limit}: expected 1 to ${PAGE_ITEMS}`);
  }
  const lines: string[] = [];
  let more = false;
  for await (const item of items) {
    if (!filter(item)) continue;
    more = lines.length === limit;
    if (more) break;
    lines.push(line(item));
  }
  const head = encode(HOLDER_REPLIES.items, { count: lines.length, more });
  await connection.writeLine(head, ...lines);
}
