/** Answers of a depot, read as if it were hostile. */
import {
  BadPeer,
  BLOCK_BYTES,
  type BodyLine,
  type Connection,
  decodeAnswer,
  decodeBody,
  type Message,
  orBadPeer,
  readAnswer,
  Refusal,
  REPLIES,
  startsAs,
  type Values,
  type WorkState,
} from "../protocol/mod.ts";

/** How far the depot is with what it was asked. */
export interface WorkProgress {
  /** Bytes that were copied. */
  done: number;
  /** Bytes that are to be copied in all. */
  total: number;
  /** Copies that are durable by now; `null`: it is not about copies. */
  copies: { live: number; wanted: number } | null;
}

/**
 * Reads one answer. Throws the `Refusal` that the depot sent, `BadPeer` for what is no such answer,
 * `ConnectionLost`.
 */
export async function readReply<M extends Message>(
  connection: Connection,
  message: M,
): Promise<Values<M>> {
  return decodeAnswer(message, await readAnswer(connection));
}

/** Like `readReply`, after any number of lines that say how far the depot is. */
export async function readLateReply<M extends Message>(
  connection: Connection,
  message: M,
  onProgress: (progress: WorkProgress) => void,
): Promise<Values<M>> {
  while (true) {
    const line = await readAnswer(connection);
    if (!startsAs(REPLIES.progress, line)) return decodeAnswer(message, line);
    onProgress(workProgress(decodeAnswer(REPLIES.progress, line)));
  }
}

function workProgress({ done, total, replicas, wanted }: WorkState): WorkProgress {
  const copies = replicas === null || wanted === null ? null : { live: replicas, wanted };
  return { done, total, copies };
}

/** The next line of a body: a block of a bearable size, or its end. */
export async function readBodyLine(
  connection: Connection,
): Promise<Exclude<BodyLine, { kind: "stop" }>> {
  const line = await readAnswer(connection);
  if (startsAs(REPLIES.error, line)) decodeAnswer(REPLIES.error, line);
  const body = orBadPeer(() => decodeBody(line));
  if (body.kind === "stop") {
    throw new Refusal("indisponivel", "The depot stopped in the middle of the file");
  }
  if (body.bytes > BLOCK_BYTES) {
    throw new BadPeer(`The depot announced a block of ${body.bytes} bytes`);
  }
  return body;
}
