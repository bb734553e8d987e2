/** Bodies of deposits: blocks on their way in, and what is left of a body that was refused. */
import type { Incoming } from "../depot/incoming.ts";
import {
  BadPeer,
  BLOCK_BYTES,
  type BodyLine,
  type Connection,
  ConnectionLost,
  decodeBody,
  readAnswer,
  Refusal,
} from "../protocol/mod.ts";
import type { BodyMemory } from "./body_memory.ts";

/** After a refusal so many bytes are read and forgotten before the connection is closed. */
export const DISCARD_BYTES: number = 1024 * 1024 * 1024;

/** The sender said `desistir:1`. */
export class GaveUp extends Error {
  override readonly name = "GaveUp";
}

/** How far a body was read, for whoever must read the rest away. */
export interface BodyRead {
  /** Its last line came. */
  ended: boolean;
  /** Bytes that were announced and are not read. */
  unread: number;
}

/** Where a body's bytes come from, go to, and are held meanwhile. */
export interface Inflow {
  connection: Connection;
  incoming: Incoming;
  memory: BodyMemory;
  read: BodyRead;
}

/** The line of a body's next part; a line that belongs to no body is refused. */
async function nextPart(connection: Connection, read: BodyRead): Promise<BodyLine> {
  const part = decodeBody(await readAnswer(connection));
  read.ended = part.kind !== "block";
  if (part.kind === "block" && part.bytes > BLOCK_BYTES) {
    read.unread = part.bytes;
    throw new Refusal("valor_invalido", `Refused a block of ${part.bytes}: at most ${BLOCK_BYTES}`);
  }
  return part;
}

/**
 * Reads blocks into `incoming`, the next bytes while the last are written, and resolves to the
 * digest that the sender declared at the end. Throws `GaveUp`, and what `incoming.write` throws.
 */
export async function receiveBlocks(inflow: Inflow): Promise<string> {
  await using pump = new Pump(inflow);
  while (true) {
    const part = await nextPart(inflow.connection, inflow.read);
    if (part.kind === "stop") throw new GaveUp("The sender gave up");
    if (part.kind === "end") {
      await pump.settled();
      return part.digest;
    }
    await pump.take(part.bytes);
  }
}

/** Reads exactly `size` raw bytes into `incoming`. Throws what `incoming.write` throws. */
export async function receiveRaw(inflow: Inflow, size: number): Promise<void> {
  await using pump = new Pump(inflow);
  await pump.take(size);
  await pump.settled();
}

/** Buffers that take turns: where there are two, one is filled while the other is written. */
class Pump implements AsyncDisposable {
  #buffers: (Uint8Array | undefined)[] = [];
  #turn = 0;
  #writing: Promise<void> = Promise.resolve();
  #place: Disposable;

  constructor(private readonly inflow: Inflow) {
    this.#place = inflow.memory.enter();
  }

  async take(bytes: number): Promise<void> {
    const { connection, incoming, read } = this.inflow;
    read.unread = bytes;
    while (read.unread > 0) {
      const piece = await this.#piece(read.unread);
      await connection.readFull(piece);
      read.unread -= piece.length;
      await this.#writing;
      this.#writing = incoming.write(piece);
      // Met at the next turn; until then it must not be an unhandled rejection.
      this.#writing.catch(() => {});
    }
  }

  settled(): Promise<void> {
    return this.#writing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing.catch(() => {});
    this.#place[Symbol.dispose]();
  }

  /** Buffers are as large as what comes, and fewer and smaller when more bodies share the memory. */
  async #piece(left: number): Promise<Uint8Array> {
    const { buffers, bytes: most } = this.inflow.memory.share;
    if (buffers === 1) await this.#writing;
    this.#buffers.length = buffers;
    this.#turn = (this.#turn + 1) % buffers;
    const bytes = Math.min(left, most);
    const present = this.#buffers[this.#turn];
    const fits = present && present.length >= bytes && present.length <= most;
    const buffer = fits ? present : new Uint8Array(bytes);
    this.#buffers[this.#turn] = buffer;
    return buffer.subarray(0, bytes);
  }
}

/** Reads what a sender that was refused has under way, to the body's end, within `DISCARD_BYTES`. */
export async function drainBlocks(connection: Connection, unread = 0): Promise<void> {
  for (let left = DISCARD_BYTES - unread, bytes = unread; left > 0; left -= bytes) {
    await connection.discard(bytes);
    const part = await drainedPart(connection);
    if (part.kind !== "block") return;
    bytes = part.bytes;
  }
  throw new ConnectionLost("The sender did not stop after a refusal");
}

/** Where the blocks have lost their frame, nobody knows where the next request begins. */
async function drainedPart(connection: Connection): Promise<BodyLine> {
  try {
    return decodeBody(await readAnswer(connection));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new BadPeer("Refused a line in the middle of a body", { cause: error });
  }
}

/** Reads raw bytes that nobody wants; more than `DISCARD_BYTES` end the connection. */
export async function drainRaw(connection: Connection, bytes: number): Promise<void> {
  await connection.discard(Math.min(bytes, DISCARD_BYTES));
  if (bytes > DISCARD_BYTES) throw new ConnectionLost("The refused bytes were too many to read");
}
