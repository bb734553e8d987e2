/** Small files on their way: the length of a list, the list as JSON, and the bytes of all. */
import { inOnePiece } from "../../lib/protocol/pieces.ts";
import { fill } from "./streams.ts";

/** A file's name and bytes. */
export interface SmallFile {
  name: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** What a server reads of a batch. */
export interface Batch {
  files: { name: string; size: number }[];
  /** Of all of them, in one buffer. */
  bytes: Uint8Array<ArrayBuffer>;
}

const LENGTH_BYTES = 4;

/** As one buffer. */
export function packBatch(files: SmallFile[]): Uint8Array {
  const list = files.map(({ name, bytes }) => ({ name, size: bytes.length }));
  const head = new TextEncoder().encode(JSON.stringify(list));
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setUint32(0, head.length);
  return inOnePiece([length, head, ...files.map(({ bytes }) => bytes)]);
}

/** `null`: there is none any more. */
export async function readBatch(conn: Deno.Conn): Promise<Batch | null> {
  const length = new Uint8Array(LENGTH_BYTES);
  if (await fill(conn, length) === 0) return null;
  const head = new Uint8Array(new DataView(length.buffer).getUint32(0));
  await fill(conn, head);
  const files: Batch["files"] = JSON.parse(new TextDecoder().decode(head));
  const bytes = new Uint8Array(files.reduce((sum, { size }) => sum + size, 0));
  if (await fill(conn, bytes) < bytes.length) throw new Error("The sender is gone");
  return { files, bytes };
}
