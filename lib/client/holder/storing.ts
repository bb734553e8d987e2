/** `pedido:guardar`: blocks and steps, until the upload is over. */
import {
  BadPeer,
  BLOCK_BYTES,
  BODY,
  type Connection,
  ConnectionLost,
  decodeStep,
  encode,
  encodeError,
  HOLDER_REPLIES,
  type HolderRequest,
  REPLIES,
  type Step,
  withProgress,
} from "../../protocol/mod.ts";
import { Unreachable } from "../../disk/mod.ts";
import type { Serving } from "./serving.ts";
import { refusalOf } from "./refusal.ts";
import type { ShelfWriter } from "./shelf_writer.ts";

type StoreRequest = Extract<HolderRequest, { kind: "store" }>;

/** The steps that are answered in the order in which they come. */
type Work = (step: Step, storing: Storing) => Promise<void>;

interface Storing extends Serving {
  writer: ShelfWriter;
  buffer: Uint8Array;
}

/** After these there is nobody to answer, or nothing to answer with. */
const ENDS = [ConnectionLost, BadPeer, Unreachable];

/** What is said of a place's own progress. */
const NO_COPIES = { total: 0, replicas: null, wanted: null };

const DONE = encode(HOLDER_REPLIES.done, { done: true });

/** Answers until the upload is over. Bytes whose depot went away in the middle are kept. */
export async function store(
  { upload, size, resume }: StoreRequest,
  serving: Serving,
): Promise<void> {
  const { signal } = new AbortController();
  await using writer = await serving.shelf.begin({
    id: upload,
    resume,
    signal,
    ...(size === null ? {} : { size }),
  });
  try {
    await serving.connection.writeLine(positionLine(writer));
    await takeSteps({ ...serving, writer, buffer: new Uint8Array() });
  } catch (error) {
    const broken = error instanceof ConnectionLost || error instanceof BadPeer;
    if (broken) await writer.keep().catch(() => {});
    throw error;
  }
}

async function takeSteps(storing: Storing): Promise<void> {
  let failed = false;
  while (true) {
    const step = await nextStep(storing.connection);
    if (step.kind === "giveUp") break;
    if (failed) {
      // The depot learns of the failure when it looks; what it said before that is passed over.
      if (step.kind === "block") await storing.connection.discard(step.bytes);
      continue;
    }
    try {
      await WORK[step.kind](step, storing);
      if (step.kind === "commit" || step.kind === "keep") return;
    } catch (error) {
      if (ENDS.some((end) => error instanceof end)) throw error;
      failed = true;
      await storing.connection.writeLine(encodeError(refusalOf(error)));
    }
  }
  await storing.writer[Symbol.asyncDispose]();
  await storing.connection.writeLine(DONE);
}

const WORK: Readonly<Record<Exclude<Step["kind"], "giveUp">, Work>> = {
  async block(step, storing) {
    const { bytes } = step as Extract<Step, { kind: "block" }>;
    const { connection, writer, traffic } = storing;
    if (storing.buffer.length < bytes) storing.buffer = new Uint8Array(bytes);
    const block = storing.buffer.subarray(0, bytes);
    await connection.readFull(block);
    traffic.received += bytes;
    await writer.write(block);
    await connection.writeLine(encode(REPLIES.progress, { ...NO_COPIES, done: writer.position }));
  },
  async prefix(_step, { connection, writer }) {
    for await (const piece of writer.prefix()) {
      await connection.writeLine(encode(BODY.block, { bytes: piece.length }));
      await connection.write(piece);
    }
  },
  async rewind(step, { connection, writer }) {
    await writer.rewind((step as Extract<Step, { kind: "rewind" }>).position);
    await connection.writeLine(positionLine(writer));
  },
  async commit(step, { connection, writer }) {
    const { digest, size } = step as Extract<Step, { kind: "commit" }>;
    await withProgress(connection, () => writer.commit({ digest, size }));
    await connection.writeLine(DONE);
  },
  async keep(_step, { connection, writer }) {
    await withProgress(connection, () => writer.keep());
    await connection.writeLine(DONE);
  },
};

/** A depot may wait for its own client for as long as it likes. */
async function nextStep(connection: Connection): Promise<Step> {
  const line = await connection.readLine({ idle: true });
  if (line === null) throw new ConnectionLost("The depot left in the middle of an upload");
  const step = decodeStep(line);
  if (step.kind !== "block" || (step.bytes > 0 && step.bytes <= BLOCK_BYTES)) return step;
  throw new BadPeer(`The depot announced a block of ${step.bytes} bytes`);
}

function positionLine({ position }: ShelfWriter): string {
  return encode(HOLDER_REPLIES.position, { position });
}
