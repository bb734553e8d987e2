/** `comando:lote`: small deposits and retrievals that come in one piece, and are answered in one. */
import {
  AHEAD_BYTES,
  BATCH_BYTES,
  BATCH_ITEMS,
  batchFrame,
  BatchReader,
  decodeRequest,
  encode,
  encodeError,
  MOST_FRAME_BYTES,
  Refusal,
  REPLIES,
  type Request,
  withProgress,
} from "../protocol/mod.ts";
import { contentLine, receiptLine, refusalOf } from "./answers.ts";
import { drainRaw } from "./body.ts";
import { depositWish } from "./deposit_handlers.ts";
import type { Client, Exchange } from "./exchange.ts";
import { logRefused, logSent, logStored } from "./journal.ts";
import { retrievalWish, smallFile } from "./retrieve_handlers.ts";

type RequestOf<K extends Request["kind"]> = Extract<Request, { kind: K }>;

/** One request of a batch, read and not looked at by the depot yet. */
type Item =
  | { request: RequestOf<"deposit"> & { size: number; digest: string }; bytes: Uint8Array }
  | { request: RequestOf<"retrieve"> };

/** An answer: its line, and the bytes behind it. */
type Answer = [line: string] | [line: string, bytes: Uint8Array];

/** What the items of one batch are answered with. */
interface Answering {
  exchange: Exchange;
  client: Client;
  signal: AbortSignal;
  /** Bytes that the answers may still have. */
  room: { left: number };
  /** The memory of the answers' bytes, until they are sent. */
  held: DisposableStack;
}

/** Reads all requests, does them side by side, and answers when the last is done. */
export async function batch(
  announced: RequestOf<"batch">,
  exchange: Exchange,
  client: Client | Refusal,
): Promise<void> {
  const { connection } = exchange;
  if (client instanceof Refusal) {
    await drainRaw(connection, announced.bytes);
    throw client;
  }
  using frame = await readFrame(announced, exchange, client);
  const items = readItems(frame.bytes, announced.count);
  using held = new DisposableStack();
  const answers = await withProgress(connection, (_tell, here) => {
    const signal = AbortSignal.any([exchange.signal, here]);
    const answering = { exchange, client, signal, room: { left: BATCH_BYTES }, held };
    return allOf(items.map((item) => answer(item, answering)));
  });
  const { length: count } = answers;
  const head = (bytes: number) => encode(REPLIES.batch, { count, bytes });
  await connection.write(batchFrame(answers.flat(), head));
}

/** As `Promise.all`, but nothing of it goes on when it rejects: what it works with is let go of then. */
async function allOf<T>(works: Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(works);
  return await Promise.all(works);
}

/** The bytes that were announced. What is refused is read away first: it is on its way already. */
async function readFrame(
  { count, bytes: size }: RequestOf<"batch">,
  { connection, memory }: Exchange,
  { owner }: Client,
): Promise<{ bytes: Uint8Array } & Disposable> {
  const room = isBearable(count, size) ? memory.batches.tryTake(owner, size) : null;
  if (!room) {
    await drainRaw(connection, size);
    throw isBearable(count, size)
      ? new Refusal("limite", "Refused the batch: too many are on their way; send its files alone")
      : new Refusal("valor_invalido", `Refused a batch of ${count} requests in ${size} bytes`);
  }
  using stack = new DisposableStack();
  stack.use(room);
  const bytes = new Uint8Array(size);
  await connection.readFull(bytes);
  const held = stack.move();
  return { bytes, [Symbol.dispose]: () => held.dispose() };
}

function isBearable(count: number, size: number): boolean {
  return count >= 1 && count <= BATCH_ITEMS && size <= MOST_FRAME_BYTES;
}

function readItems(frame: Uint8Array, count: number): Item[] {
  const reader = new BatchReader(frame);
  const items = Array.from({ length: count }, () => readItem(reader));
  reader.end();
  return items;
}

function readItem(reader: BatchReader): Item {
  const request = decodeRequest(reader.line());
  if (request.kind === "retrieve" && isWhole(request)) return { request };
  if (request.kind === "deposit" && isReady(request)) {
    return { request, bytes: reader.raw(request.size) };
  }
  throw new Refusal(
    "valor_invalido",
    "Refused the batch: it is for whole files of known size and SHA-256, " +
      `each of at most ${AHEAD_BYTES} bytes`,
  );
}

function isWhole({ from, length }: RequestOf<"retrieve">): boolean {
  return from === 0 && length === null;
}

function isReady(
  request: RequestOf<"deposit">,
): request is RequestOf<"deposit"> & { size: number; digest: string } {
  const { size, digest } = request;
  return size !== null && size <= AHEAD_BYTES && digest !== null;
}

/** One request's failure is its own answer. */
async function answer(item: Item, answering: Answering): Promise<Answer> {
  try {
    return await ("bytes" in item ? deposit(item, answering) : retrieve(item, answering));
  } catch (error) {
    const { log } = answering.exchange;
    const refusal = refusalOf(error, log);
    logRefused(log, refusal);
    return [encodeError(refusal)];
  }
}

async function deposit(
  { request, bytes }: Extract<Item, { bytes: Uint8Array }>,
  { exchange: { depot, log }, client, signal }: Answering,
): Promise<Answer> {
  await using offer = await depot.offer(depositWish(request, client), signal);
  await using incoming = await offer.receive(0);
  if (bytes.length > 0) await incoming.write(bytes, { stays: true });
  const receipt = await incoming.finish(request.digest);
  logStored(log, receipt);
  return [receiptLine(receipt)];
}

async function retrieve(
  { request }: { request: RequestOf<"retrieve"> },
  { exchange: { depot, log, memory }, client, signal, room, held }: Answering,
): Promise<Answer> {
  using retrieval = await depot.retrieve(retrievalWish(request, client), signal);
  const { file, copies } = retrieval;
  const fits = file.size <= Math.min(AHEAD_BYTES, room.left);
  const its = fits ? memory.batches.tryTake(client.owner, file.size) : null;
  if (!its) {
    throw new Refusal("limite", `Refused ${file.size} bytes in a batch: retrieve the file alone`);
  }
  held.use(its);
  room.left -= file.size;
  const bytes = await smallFile(retrieval);
  logSent(log, file, bytes.length);
  return [contentLine(file, copies), bytes];
}
