/** Small deposits and retrievals that travel in one piece: one exchange over one session. */
import { digestOf } from "../content/digest.ts";
import {
  BadPeer,
  batchFrame,
  BatchReader,
  decodeAnswer,
  encode,
  MOST_FRAME_BYTES,
  orBadPeer,
  Refusal,
  REPLIES,
  REQUESTS,
  type Values,
} from "../protocol/mod.ts";
import type { Settled } from "../worker/groups.ts";
import { type DepositRequest, receiptOf, requestLine } from "./deposit.ts";
import { readLateReply } from "./peer.ts";
import type { Receipt, StoredFile } from "./records.ts";
import type { Session } from "./session.ts";
import type { Source } from "./source.ts";

/** One request of a batch: what is sent, and how its answer is read. */
export interface BatchItem<R> {
  parts: [line: string] | [line: string, bytes: Uint8Array];
  /**
   * Reads the rest of an answer that begins with `line`. Throws the depot's `Refusal`, or `BadPeer`
   * where nobody knows what comes next. What it returns gives what the answer came to, or throws
   * why it is not for this request.
   */
  read(line: string, reader: BatchReader): () => R;
}

/**
 * Sends the requests and reads the answers, in their order: what each came to, or its refusal.
 * Throws the `Refusal` of the batch as a whole, `BadPeer`, `ConnectionLost`.
 */
export async function exchangeBatch<R>(
  { connection }: Session,
  items: BatchItem<R>[],
): Promise<Settled<R>[]> {
  const head = (bytes: number) => encode(REQUESTS.batch, { count: items.length, bytes });
  await connection.write(batchFrame(items.flatMap(({ parts }) => parts), head));
  const { count, bytes } = await readLateReply(connection, REPLIES.batch, () => {});
  if (count !== items.length || bytes > MOST_FRAME_BYTES) {
    throw new BadPeer(
      `The depot answered ${items.length} requests with ${count} in ${bytes} bytes`,
    );
  }
  const answer = new Uint8Array(bytes);
  await connection.readFull(answer);
  const reader = new BatchReader(answer);
  const settled = items.map((item) => readOne(item, reader));
  orBadPeer(() => reader.end());
  return settled;
}

function readOne<R>(item: BatchItem<R>, reader: BatchReader): Settled<R> {
  const line = orBadPeer(() => reader.line());
  let judge: () => R;
  try {
    judge = item.read(line, reader);
  } catch (error) {
    if (error instanceof Refusal) return { error };
    throw error;
  }
  try {
    return { value: judge() };
  } catch (error) {
    return { error };
  }
}

/** The deposit of a whole file, whose bytes are `data`. */
export function depositItem(
  request: DepositRequest,
  source: Source,
  data: Uint8Array,
): BatchItem<Receipt> {
  const sent = { digest: digestOf(data), size: data.length };
  return {
    parts: [requestLine(request, source, sent.digest), data],
    read(line) {
      const receipt = decodeAnswer(REPLIES.receipt, line);
      return () => receiptOf(request, sent, receipt);
    },
  };
}

/** The retrieval of a file that is as it was listed. Its bytes are a view, and are not checked. */
export function retrievalItem({ name, digest, size }: StoredFile): BatchItem<Uint8Array> {
  const request: Values<typeof REQUESTS.retrieve> = {
    from: 0,
    length: null,
    digest,
    avoid: null,
    name,
  };
  return {
    parts: [encode(REQUESTS.retrieve, request)],
    read(line, reader) {
      const content = decodeAnswer(REPLIES.content, line);
      const bytes = orBadPeer(() => reader.raw(content.size));
      return () => {
        if (content.size === size && content.digest === digest) return bytes;
        throw new BadPeer("The depot sent another content than was asked for");
      };
    },
  };
}
