/** One data connection of a holder, on which the depot asks. What comes back is read as if hostile. */
import { Full, Unreachable, Unreadable } from "../../stores/store.ts";
import {
  BadPeer,
  BLOCK_BYTES,
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
} from "../protocol/mod.ts";

/** A holder that says that it works is believed for so long. Milliseconds. */
export const LONGEST_WORK_MS: number = 30 * 60_000;

export class HolderLine {
  /** `patienceMs`: nothing comes or goes for so long while something should, and it is lost. */
  constructor(readonly connection: Connection, readonly patienceMs: number) {
    connection.setPatience(patienceMs);
  }

  /** Sends a request and reads its answer. Throws the holder's `Refusal`, `BadPeer`, `ConnectionLost`. */
  async ask<M extends Message>(request: string, reply: M): Promise<Values<M>> {
    await this.connection.writeLine(request);
    return await this.answer(reply);
  }

  /** As `ask`, of what takes long: the holder says meanwhile that it works. */
  async askPatiently<M extends Message>(request: string, reply: M): Promise<Values<M>> {
    await this.connection.writeLine(request);
    const until = performance.now() + LONGEST_WORK_MS;
    while (performance.now() < until) {
      const line = await readAnswer(this.connection);
      if (!startsAs(REPLIES.progress, line)) return decodeAnswer(reply, line, "holder");
    }
    throw new BadPeer("The holder worked for too long");
  }

  async answer<M extends Message>(reply: M): Promise<Values<M>> {
    return decodeAnswer(reply, await readAnswer(this.connection), "holder");
  }

  /** The size of the next block, which is at most `most`. */
  async block(most: number): Promise<number> {
    return blockSize(await readAnswer(this.connection), most);
  }
}

/** The size that a line announces of a block of at most `most` bytes. */
export function blockSize(line: string, most: number): number {
  if (startsAs(REPLIES.error, line)) decodeAnswer(REPLIES.error, line);
  const part = orBadPeer(() => decodeBody(line), "holder");
  if (part.kind === "block" && part.bytes <= Math.min(most, BLOCK_BYTES)) return part.bytes;
  throw new BadPeer("The holder sent a block that was not asked for");
}

/** What the depot makes of a failure on a line. */
export function placeError(error: unknown, place: string): unknown {
  if (error instanceof Refusal) {
    const message = `${place}: ${error.message}`;
    if (error.code === "sem_espaco") return new Full(message, { cause: error });
    return new Unreadable(message, { cause: error });
  }
  if (!(error instanceof Error) || error.name === "AbortError") return error;
  return new Unreachable(`Could not reach ${place}: ${error.message}`, { cause: error });
}

/** `null` where the holder said that it has no such thing. */
export async function absentAsNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    const { cause } = error as Error;
    if (cause instanceof Refusal && cause.code === "nao_encontrado") return null;
    throw error;
  }
}
