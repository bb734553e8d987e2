/** Bodies of deposits: blocks on their way in, and what is left of a body that was refused. */
import type { Incoming } from "../depot/incoming.ts";
import {
  BLOCK_BYTES,
  type BodyLine,
  type Connection,
  ConnectionLost,
  decodeBody,
  readAnswer,
  Refusal,
} from "../protocol/mod.ts";

/** After a refusal so many bytes are read and forgotten before the connection is closed. */
export const DISCARD_BYTES: number = 1024 * 1024 * 1024;

/** The sender said `desistir:1`. */
export class GaveUp extends Error {
  override readonly name = "GaveUp";
}

/** The line of a body's next part; a line that belongs to no body is refused. */
async function nextPart(connection: Connection): Promise<BodyLine> {
  const part = decodeBody(await readAnswer(connection));
  if (part.kind === "block" && part.bytes > BLOCK_BYTES) {
    throw new Refusal("valor_invalido", `Refused a block of ${part.bytes}: at most ${BLOCK_BYTES}`);
  }
  return part;
}

/**
 * Reads blocks into `incoming`, the next one while the last is written, and resolves to the digest
 * that the sender declared at the end. Throws `GaveUp`, and what `incoming.write` throws.
 */
export async function receiveBlocks(connection: Connection, incoming: Incoming): Promise<string> {
  const buffers: Uint8Array[] = [];
  let writing: Promise<void> = Promise.resolve();
  try {
    for (let turn = 0;; turn = 1 - turn) {
      const part = await nextPart(connection);
      if (part.kind === "stop") throw new GaveUp("The sender gave up");
      if (part.kind === "end") {
        await writing;
        return part.digest;
      }
      const buffer = buffers[turn] = grown(buffers[turn], part.bytes);
      const block = buffer.subarray(0, part.bytes);
      await connection.readFull(block);
      await writing;
      writing = incoming.write(block);
      // Met at the next turn; until then it must not be an unhandled rejection.
      writing.catch(() => {});
    }
  } finally {
    await writing.catch(() => {});
  }
}

/** Reads exactly `size` raw bytes into `incoming`; `came` counts those taken off the connection. */
export async function receiveRaw(
  connection: Connection,
  incoming: Incoming,
  { size, came }: { size: number; came: { bytes: number } },
): Promise<void> {
  const buffers = [0, 1].map(() => new Uint8Array(Math.min(size, BLOCK_BYTES)));
  let writing: Promise<void> = Promise.resolve();
  try {
    for (let left = size, turn = 0; left > 0; turn = 1 - turn) {
      const block = buffers[turn]!.subarray(0, Math.min(left, BLOCK_BYTES));
      await connection.readFull(block);
      left -= block.length;
      came.bytes += block.length;
      await writing;
      writing = incoming.write(block);
      writing.catch(() => {});
    }
    await writing;
  } finally {
    await writing.catch(() => {});
  }
}

/** Reads what a sender that was refused has under way, to the body's end, within `DISCARD_BYTES`. */
export async function drainBlocks(connection: Connection): Promise<void> {
  for (let left = DISCARD_BYTES; left > 0;) {
    const part = await nextPart(connection);
    if (part.kind !== "block") return;
    await connection.discard(part.bytes);
    left -= part.bytes;
  }
  throw new ConnectionLost("The sender did not stop after a refusal");
}

/** Reads raw bytes that nobody wants; more than `DISCARD_BYTES` end the connection. */
export async function drainRaw(connection: Connection, bytes: number): Promise<void> {
  await connection.discard(Math.min(bytes, DISCARD_BYTES));
  if (bytes > DISCARD_BYTES) throw new ConnectionLost("The refused bytes were too many to read");
}

/** Buffers begin as large as the first block: a small deposit costs little memory. */
function grown(buffer: Uint8Array | undefined, bytes: number): Uint8Array {
  return buffer && buffer.length >= bytes ? buffer : new Uint8Array(bytes);
}
