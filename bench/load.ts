/** Clients that only move bytes: their contents are hashed before, so that the server is measured. */
import { randomBytes } from "node:crypto";
import { Sha256 } from "../lib/content/digest.ts";
import { deposit, type DepositRequest } from "../lib/client/deposit.ts";
import { Session } from "../lib/client/session.ts";
import {
  ACTIONS,
  BLOCK_BYTES,
  BODY,
  decodeAnswer,
  encode,
  readAnswer,
  REPLIES,
  REQUESTS,
} from "../lib/protocol/mod.ts";

/**
 * Blocks that loads are made of. So many, for one load as for all of many: a single block sent again
 * and again would come out of the processor's cache.
 */
const POOL_BLOCKS = 64;

/** A content of `bytes` bytes that no other has. */
export interface Load {
  bytes: number;
  digest: string;
  /** In order, as often as it takes. */
  blocks: readonly Uint8Array[];
}

/** Makes `count` loads, at most as many as the pool has blocks, that have `bytes` bytes each. */
export function makeLoads(count: number, bytes: number): Load[] {
  const pool = Array.from({ length: POOL_BLOCKS }, () => randomBytes(BLOCK_BYTES));
  return Array.from({ length: count }, (_, index) => {
    // Each begins with another block.
    const blocks = [...pool.slice(index % POOL_BLOCKS), ...pool.slice(0, index % POOL_BLOCKS)];
    const hash = new Sha256();
    for (const block of pieces({ bytes, blocks })) hash.update(block);
    return { bytes, blocks, digest: hash.digest() };
  });
}

function* pieces({ bytes, blocks }: Omit<Load, "digest">): Generator<Uint8Array> {
  for (let index = 0, left = bytes; left > 0; index++, left -= BLOCK_BYTES) {
    yield blocks[index % blocks.length]!.subarray(0, left);
  }
}

/** A client of the depot at `port`; one without `id` is a new one. */
export function client(port: number, id: string | null = null): Promise<Session> {
  return Session.open({ hostname: "127.0.0.1", port }, { id });
}

/** Deposits a load; resolves when its receipt is there. */
export async function depositLoad({ connection }: Session, name: string, load: Load) {
  await connection.writeLine(encode(REQUESTS.deposit, {
    ...requestOf(name),
    size: load.bytes,
    digest: null,
    modifiedAt: null,
    executable: false,
  }));
  decodeAnswer(REPLIES.offer, await readAnswer(connection));
  await connection.writeLine(encode(ACTIONS.send, { from: 0 }));
  for (const block of pieces(load)) {
    await connection.writeLine(encode(BODY.block, { bytes: block.length }));
    await connection.write(block);
  }
  await connection.writeLine(
    encode(BODY.end, { bytes: 0, digest: load.digest, places: null }),
  );
  let line = await readAnswer(connection);
  while (line.startsWith("andamento:")) line = await readAnswer(connection);
  const receipt = decodeAnswer(REPLIES.receipt, line);
  if (receipt.digest !== load.digest) throw new Error("The receipt is for other bytes");
}

/** Deposits a few bytes that no other file has. */
export async function depositFew(session: Session, name: string, size: number): Promise<void> {
  const bytes = randomBytes(size);
  let at = 0;
  await deposit(session, requestOf(name), {
    source: {
      size,
      modifiedAt: null,
      executable: false,
      spent: false,
      identity: null,
      open: () =>
        Promise.resolve({
          seek: () => Promise.resolve(),
          read(target: Uint8Array) {
            target.set(bytes.subarray(at, at + target.length));
            const count = Math.min(target.length, size - at);
            at += count;
            return Promise.resolve(count);
          },
          check: () => Promise.resolve(),
          [Symbol.dispose]: () => {},
        }),
    },
  });
}

function requestOf(name: string): DepositRequest {
  return { name, replicas: 1, minimum: null, wait: null, upload: crypto.randomUUID() };
}
