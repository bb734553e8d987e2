/** Sends a deposit's bytes while the next ones are read, and stops when the depot says so. */
import type { Sha256 } from "../content/digest.ts";
import {
  BadPeer,
  BLOCK_BYTES,
  BODY,
  type Connection,
  ConnectionLost,
  decodeAnswer,
  encode,
  readAnswer,
  Refusal,
  REPLIES,
  startsAs,
} from "../protocol/mod.ts";
import type { Block, Blocks } from "./blocks.ts";
import { readLateReply } from "./peer.ts";
import type { SourceReader } from "./source.ts";
import { LocalError } from "./errors.ts";

export interface Body {
  reader: SourceReader;
  blocks: Blocks;
  /** Where the reader stands. */
  from: number;
  /** Bytes of the whole source; `null`: all that come. */
  size: number | null;
  /** Has seen what is before `from`. */
  hash: Sha256;
  /** A block that was filled already. */
  first?: Filled | undefined;
  onProgress?: ((sent: number) => void) | undefined;
}

/** A block and how many bytes of it count; none at the end. */
export interface Filled {
  block: Block;
  bytes: number;
}

/** Reads the next block. */
export async function fill(reader: SourceReader, block: Block, most: number): Promise<Filled> {
  const bytes = await reader.read(block.data.subarray(0, Math.min(most, BLOCK_BYTES)));
  return { block, bytes };
}

/**
 * Sends all blocks and the end. Throws the depot's `Refusal` when it refuses meanwhile; when the
 * source fails, tells the depot that nothing more comes, and throws what the source threw.
 */
export async function sendBody(
  connection: Connection,
  body: Body,
): Promise<{ digest: string; size: number }> {
  const watched = new Watched(connection);
  try {
    const size = await sendBlocks(watched, body);
    const digest = body.hash.digest();
    await watched.write(() => connection.writeLine(encode(BODY.end, END(digest))));
    return { digest, size };
  } catch (error) {
    if (isOfTheWire(error)) throw error;
    await giveUp(connection);
    throw error;
  }
}

/** The values of a body's last line. */
export const END = (digest: string) => ({ bytes: 0, digest, places: null });

async function sendBlocks(watched: Watched, body: Body): Promise<number> {
  let position = body.from;
  const next = (from: number) =>
    fill(body.reader, body.blocks.next(), body.size === null ? BLOCK_BYTES : body.size - from);
  let coming = body.first ? Promise.resolve(body.first) : next(position);
  try {
    while (true) {
      const { block, bytes } = await coming;
      if (bytes === 0) break;
      coming = next(position + bytes);
      // When sending fails first, nobody waits for this one.
      coming.catch(() => {});
      body.hash.update(block.data.subarray(0, bytes));
      await watched.write((connection) => block.send(connection, bytes));
      position += bytes;
      body.onProgress?.(position);
    }
  } finally {
    // The reader is closed after this, and must not be read meanwhile. A stream may never answer.
    if (body.size !== null) await coming.catch(() => {});
  }
  if (body.size !== null && position !== body.size) {
    throw new LocalError("arquivo_mudou", "The file became shorter while it was read");
  }
  body.reader.check();
  return position;
}

/** A connection on which the depot may say something while this side writes. */
class Watched {
  #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async write(write: (connection: Connection) => Promise<void>): Promise<void> {
    await this.#obey();
    try {
      await write(this.#connection);
    } catch (error) {
      // The reason may have come before the connection broke.
      if (error instanceof ConnectionLost) await this.#obey();
      throw error;
    }
  }

  async #obey(): Promise<void> {
    while (this.#connection.lineArrived()) {
      const line = await readAnswer(this.#connection);
      if (startsAs(REPLIES.progress, line)) continue;
      await this.#connection.writeLine(encode(BODY.stop, { stop: true })).catch(() => {});
      decodeAnswer(REPLIES.receipt, line);
      throw new BadPeer("The depot sent a receipt before the end of the file");
    }
  }
}

async function giveUp(connection: Connection): Promise<void> {
  await connection.writeLine(encode(BODY.stop, { stop: true }));
  try {
    await readLateReply(connection, REPLIES.receipt, () => {});
  } catch (error) {
    if (error instanceof Refusal) return;
    throw error;
  }
  throw new BadPeer("The depot sent a receipt for a file that was not sent");
}

function isOfTheWire(error: unknown): boolean {
  return error instanceof Refusal || error instanceof ConnectionLost || error instanceof BadPeer;
}
