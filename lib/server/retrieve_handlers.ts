import type { Retrieval, RetrievalRequest } from "../depot/retrieval.ts";
import {
  AHEAD_BYTES,
  BadPeer,
  BODY,
  type Connection,
  decodeBody,
  encode,
  readAnswer,
  Refusal,
  REPLIES,
  type Request,
} from "../protocol/mod.ts";
import { contentLine } from "./answers.ts";
import type { Client, Exchange } from "./exchange.ts";
import { logSent } from "./journal.ts";

/** `comando:recuperar` */
export async function retrieve(
  request: Extract<Request, { kind: "retrieve" }>,
  exchange: Exchange,
  client: Client,
): Promise<void> {
  const wish = retrievalWish(request, client);
  using retrieval = await exchange.depot.retrieve(wish, exchange.signal);
  const send = retrieval.file.size <= AHEAD_BYTES ? sendAtOnce : sendBlocks;
  await send(exchange, retrieval);
}

/** What the depot is asked for by `comando:recuperar`. */
export function retrievalWish(
  { name, from, length, digest, avoid }: Extract<Request, { kind: "retrieve" }>,
  { owner }: Client,
): RetrievalRequest {
  return { owner, name, from, length, digest, avoid: avoid ?? [] };
}

/** A small file's answer is one write. What fails before is answered in its place. */
async function sendAtOnce({ connection, log }: Exchange, retrieval: Retrieval): Promise<void> {
  const { file, copies } = retrieval;
  const before = [contentLine(file, copies)];
  const bytes = await smallFile(retrieval);
  if (bytes.length > 0) before.push(encode(BODY.block, { bytes: bytes.length }));
  logSent(log, file, bytes.length);
  await connection.writeAround(before, bytes, [endLine(retrieval)]);
}

/** All bytes of a file that is small enough to be sent at once. */
export async function smallFile(retrieval: Retrieval): Promise<Uint8Array> {
  let bytes: Uint8Array = new Uint8Array();
  // One piece at most: a file of this size has one chunk.
  for await (const piece of retrieval.pieces()) bytes = piece;
  return bytes;
}

async function sendBlocks({ connection, log }: Exchange, retrieval: Retrieval): Promise<void> {
  const { file, copies } = retrieval;
  await connection.writeLine(contentLine(file, copies));
  let sent = 0;
  for await (const piece of retrieval.pieces()) {
    if (connection.lineArrived()) await refuseInterruption(connection);
    await connection.writeLine(encode(BODY.block, { bytes: piece.length }));
    await connection.write(piece);
    sent += piece.length;
  }
  logSent(log, file, sent);
  await connection.writeLine(endLine(retrieval));
}

function endLine({ file, places }: Retrieval): string {
  return encode(BODY.end, { bytes: 0, digest: file.digest, places });
}

/** The seed's retrieval: a line, then the raw bytes; what breaks in the middle ends the connection. */
export async function seedRetrieve(
  { name }: Extract<Request, { kind: "seedRetrieve" }>,
  { connection, depot, log, signal }: Exchange,
  client: Client | Refusal,
): Promise<void> {
  if (client instanceof Refusal) throw client;
  const { owner } = client;
  const wish: RetrievalRequest = { owner, name, from: 0, length: null, digest: null, avoid: [] };
  using retrieval = await depot.retrieve(wish, signal);
  const { size, digest } = retrieval.file;
  let begun = false;
  const begin = async () => {
    if (begun) return;
    begun = true;
    await connection.writeLine(encode(REPLIES.seedContent, { size, digest }));
  };
  try {
    for await (const piece of retrieval.pieces()) {
      await begin();
      await connection.write(piece);
    }
    await begin();
    logSent(log, retrieval.file, size);
  } catch (error) {
    // Raw bytes have no place for an error: the client must not take it for the file's.
    if (begun) throw new BadPeer("The file could not be read to its end", { cause: error });
    throw error;
  }
}

/** While blocks go out, the only line that may come in is `desistir:1`. */
async function refuseInterruption(connection: Connection): Promise<never> {
  const part = decodeBody(await readAnswer(connection));
  if (part.kind === "stop") throw new Refusal("desistiu", "The retrieval was given up");
  throw new BadPeer("Refused a line in the middle of a retrieval");
}
