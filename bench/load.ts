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

/** A content of `bytes` bytes that no other has, made of one block again and again. */
export interface Load {
  bytes: number;
  block: Uint8Array;
  digest: string;
}

/** Makes a load. */
export function makeLoad(bytes: number): Load {
  const block = randomBytes(BLOCK_BYTES);
  const hash = new Sha256();
  for (let left = bytes; left > 0; left -= block.length) hash.update(block.subarray(0, left));
  return { bytes, block, digest: hash.digest() };
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
  for (let left = load.bytes; left > 0; left -= BLOCK_BYTES) {
    const block = load.block.subarray(0, left);
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
