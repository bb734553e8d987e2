/** Answers, read as if whoever sent them were hostile. */
import { decodeReply, startsAs } from "./codec.ts";
import { BadLine, type Connection } from "./connection.ts";
import { BadPeer, Refusal, Unanswered } from "./errors.ts";
import { type Message, REPLIES, type Values } from "./messages.ts";

/** Who answers, as a complaint names them. */
export type Answerer = "depot" | "holder";

/** Reads an answer's line, for whom the end of the stream is a broken connection. */
export async function readAnswer(connection: Connection, patienceMs?: number): Promise<string> {
  let line: string | null;
  try {
    line = await connection.readLine(patienceMs === undefined ? {} : { patienceMs });
  } catch (error) {
    if (error instanceof BadLine) throw new BadPeer(error.message, { cause: error });
    throw error;
  }
  if (line === null) throw new Unanswered("The connection ended before the answer");
  return line;
}

/** A line as the answer that it should be. Throws the `Refusal` that was sent, or `BadPeer`. */
export function decodeAnswer<M extends Message>(
  message: M,
  line: string,
  who: Answerer = "depot",
): Values<M> {
  if (startsAs(REPLIES.error, line)) return decodeReply(message, line);
  return orBadPeer(() => decodeReply(message, line), who);
}

/** What `read` refuses on its own account is the sender's fault, not an answer. */
export function orBadPeer<T>(read: () => T, who: Answerer = "depot"): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new BadPeer(`The ${who} sent what is no answer: ${error.message}`, { cause: error });
  }
}
