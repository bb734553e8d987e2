import type { DepositRequest } from "../depot/deposit_plan.ts";
import type { Incoming } from "../depot/incoming.ts";
import type { Offer } from "../depot/offer.ts";
import {
  BadPeer,
  ConnectionLost,
  decodeAction,
  encode,
  encodeError,
  readAnswer,
  Refusal,
  REPLIES,
  type Request,
  withProgress,
} from "../protocol/mod.ts";
import { receiptLine, refusalOf, seedReceiptLine, telling } from "./answers.ts";
import { type BodyRead, drainBlocks, drainRaw, GaveUp, receiveBlocks, receiveRaw } from "./body.ts";
import type { Client, Exchange } from "./exchange.ts";
import { logRefused, logStored } from "./journal.ts";

/** A client that was offered to go on first hashes what it has; it may take this long. Milliseconds. */
const DECIDE_MS = 15 * 60_000;

/** `comando:depositar` */
export async function deposit(
  request: Extract<Request, { kind: "deposit" }>,
  exchange: Exchange,
  client: Client,
): Promise<void> {
  const { connection, depot, signal } = exchange;
  const wish = depositWish(request, client);
  // What was kept of a large upload is read again first, which may take longer than a client waits.
  await using offer = await withProgress(
    connection,
    (_tell, here) => depot.offer(wish, AbortSignal.any([signal, here])),
  );
  const { position, partDigest, presentDigest } = offer;
  await connection.answerAhead(encode(REPLIES.offer, { position, partDigest, presentDigest }));
  const action = decodeAction(await readAnswer(connection, DECIDE_MS));
  if (action.kind === "giveUp") throw new Refusal("desistiu", "The deposit was given up");
  if (action.kind === "same") {
    const receipt = await withProgress(
      connection,
      (tell) => offer.same(action.digest, telling(tell)),
    );
    logStored(exchange.log, receipt);
    return await connection.writeLine(receiptLine(receipt));
  }
  await receiveDeposit(exchange, offer, { from: action.from, declared: request.digest });
}

/** What the depot is asked for by `comando:depositar`. */
export function depositWish(
  request: Extract<Request, { kind: "deposit" }>,
  { owner, machine }: Client,
): DepositRequest {
  const { name, replicas, minimum, wait, size, digest, upload, modifiedAt, executable } = request;
  const attributes = { modifiedAt, executable: executable ?? false };
  return { owner, name, replicas, minimum, wait, size, digest, upload, attributes, machine };
}

/** From the first block to the receipt, or to a refusal after which the connection is usable. */
async function receiveDeposit(
  { connection, log, memory }: Exchange,
  offer: Offer,
  { from, declared }: { from: number; declared: string | null },
): Promise<void> {
  let incoming: Incoming | null = null;
  const read: BodyRead = { ended: false, unread: 0 };
  try {
    incoming = await offer.receive(from);
    const digest = await receiveBlocks({ connection, incoming, memory, read });
    if (declared !== null && declared !== digest) {
      throw new Refusal("hash_diferente", `Refused the bytes: ${declared} was said of them before`);
    }
    const receipt = await withProgress(
      connection,
      (tell) => incoming!.finish(digest, telling(tell)),
    );
    logStored(log, receipt);
    await connection.writeLine(receiptLine(receipt));
  } catch (error) {
    if (error instanceof ConnectionLost || error instanceof BadPeer) {
      await incoming?.keep();
      throw error;
    }
    if (error instanceof GaveUp) throw new Refusal("desistiu", "The deposit was given up");
    if (read.ended) throw error;
    const refusal = refusalOf(error, log);
    logRefused(log, refusal);
    await connection.writeLine(encodeError(refusal));
    await drainBlocks(connection, read.unread);
  } finally {
    await incoming?.[Symbol.asyncDispose]();
  }
}

/** The seed's deposit: raw bytes come at once, so what is refused is read away after the answer. */
export async function seedDeposit(
  request: Extract<Request, { kind: "seedDeposit" }>,
  { connection, depot, log, memory, signal }: Exchange,
  client: Client | Refusal,
): Promise<void> {
  const { name, replicas, size, digest } = request;
  let incoming: Incoming | null = null;
  const read: BodyRead = { ended: false, unread: size };
  try {
    if (client instanceof Refusal) throw client;
    await using offer = await depot.offer({
      owner: client.owner,
      name,
      replicas,
      minimum: null,
      wait: null,
      size,
      digest,
      upload: null,
      attributes: { modifiedAt: null, executable: false },
      machine: client.machine,
    }, signal);
    incoming = await offer.receive(0);
    await receiveRaw({ connection, incoming, memory, read }, size);
    const receipt = await incoming.finish(digest);
    logStored(log, receipt);
    await connection.writeLine(seedReceiptLine(receipt));
  } catch (error) {
    const refusal = refusalOf(error, log);
    logRefused(log, refusal);
    await connection.writeLine(encodeError(refusal));
    await drainRaw(connection, read.unread);
  } finally {
    await incoming?.[Symbol.asyncDispose]();
  }
}
