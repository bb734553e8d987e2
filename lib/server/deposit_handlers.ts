import type { Incoming } from "../depot/incoming.ts";
import type { Offer } from "../depot/deposits.ts";
import {
  BadPeer,
  type Connection,
  ConnectionLost,
  decodeAction,
  encode,
  encodeError,
  readAnswer,
  Refusal,
  REPLIES,
  type Request,
} from "../protocol/mod.ts";
import { receiptLine, refusalOf, seedReceiptLine } from "./answers.ts";
import { drainBlocks, drainRaw, GaveUp, receiveBlocks, receiveRaw } from "./body.ts";
import type { Client, Exchange } from "./exchange.ts";
import { withProgress } from "./working.ts";

/** A client that was offered to go on first hashes what it has; it may take this long. Milliseconds. */
const DECIDE_MS = 15 * 60_000;

/** `comando:depositar` */
export async function deposit(
  request: Extract<Request, { kind: "deposit" }>,
  { connection, depot, signal }: Exchange,
  { owner, machine }: Client,
): Promise<void> {
  const { name, replicas, minimum, wait, size, upload, modifiedAt, executable } = request;
  const attributes = { modifiedAt, executable: executable ?? false };
  await using offer = await depot.offer(
    { owner, name, replicas, minimum, wait, size, upload, attributes, machine },
    signal,
  );
  const { position, partDigest, presentDigest } = offer;
  await connection.writeLine(encode(REPLIES.offer, { position, partDigest, presentDigest }));
  const action = decodeAction(await readAnswer(connection, DECIDE_MS));
  if (action.kind === "giveUp") throw new Refusal("desistiu", "The deposit was given up");
  if (action.kind === "same") {
    const receipt = await withProgress(
      connection,
      (onBytes) => offer.same(action.digest, onBytes),
    );
    return await connection.writeLine(receiptLine(receipt));
  }
  await receiveDeposit(connection, offer, action.from);
}

/** From the first block to the receipt, or to a refusal after which the connection is usable. */
async function receiveDeposit(connection: Connection, offer: Offer, from: number): Promise<void> {
  let incoming: Incoming | null = null;
  let bodyEnded = false;
  try {
    incoming = await offer.receive(from);
    const digest = await receiveBlocks(connection, incoming);
    bodyEnded = true;
    const receipt = await withProgress(connection, (onBytes) => incoming!.finish(digest, onBytes));
    await connection.writeLine(receiptLine(receipt));
  } catch (error) {
    if (error instanceof ConnectionLost || error instanceof BadPeer) {
      await incoming?.keep();
      throw error;
    }
    if (error instanceof GaveUp) throw new Refusal("desistiu", "The deposit was given up");
    const refusal = refusalOf(error);
    if (!refusal || bodyEnded) throw error;
    await connection.writeLine(encodeError(refusal));
    await drainBlocks(connection);
  } finally {
    await incoming?.[Symbol.asyncDispose]();
  }
}

/** The seed's deposit: raw bytes come at once, so what is refused is read away after the answer. */
export async function seedDeposit(
  request: Extract<Request, { kind: "seedDeposit" }>,
  { connection, depot, signal }: Exchange,
  client: Client | Refusal,
): Promise<void> {
  const { name, replicas, size, digest } = request;
  let incoming: Incoming | null = null;
  const came = { bytes: 0 };
  try {
    if (client instanceof Refusal) throw client;
    await using offer = await depot.offer({
      owner: client.owner,
      name,
      replicas,
      minimum: null,
      wait: null,
      size,
      upload: null,
      attributes: { modifiedAt: null, executable: false },
      machine: client.machine,
    }, signal);
    incoming = await offer.receive(0);
    await receiveRaw(connection, incoming, { size, came });
    await connection.writeLine(seedReceiptLine(await incoming.finish(digest)));
  } catch (error) {
    const refusal = refusalOf(error);
    if (!refusal) throw error;
    await connection.writeLine(encodeError(refusal));
    await drainRaw(connection, size - came.bytes);
  } finally {
    await incoming?.[Symbol.asyncDispose]();
  }
}
