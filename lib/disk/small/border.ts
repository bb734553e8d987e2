/** What travels between a disk and the worker that writes its small contents. */
import type { PackedError } from "../../worker/packed_error.ts";

/** A content up to this many bytes is small: what is done for it costs more than its bytes. */
export const SMALL_BYTES: number = 128 * 1024;

/** A small content that is to be made durable. */
export interface SmallContent {
  /** The upload's id, under which the part lies until it has its name. */
  id: string;
  digest: string;
  bytes: Uint8Array;
}

/** The same without its bytes. */
interface PackedContent {
  id: string;
  digest: string;
  size: number;
}

/** A content is durable; or it is left to do alone, because a folder is missing. */
export type Fate = "durable" | "left";

/** What became of a content. */
export type Outcome = { value: Fate } | { error: PackedError };

/** One is under way at a time, and each has one reply. First `open`, with what a `Layout` is made of. */
export type Request = { type: "open"; directory: string; depot: string } | CommitRequest;

/** The bytes are one content's after the other's: each buffer that moves costs more than a copy. */
export interface CommitRequest {
  type: "commit";
  contents: PackedContent[];
  bytes: Uint8Array<ArrayBuffer>;
}

/** To `open`, nothing. */
export type Reply = { outcomes: Outcome[] };

/** The request to make contents durable. */
export function packContents(contents: SmallContent[]): CommitRequest {
  const all = new Uint8Array(contents.reduce((sum, { bytes }) => sum + bytes.length, 0));
  let at = 0;
  const packed = contents.map(({ id, digest, bytes }) => {
    all.set(bytes, at);
    at += bytes.length;
    return { id, digest, size: bytes.length };
  });
  return { type: "commit", contents: packed, bytes: all };
}

/** The contents of a request. */
export function unpackContents({ contents, bytes }: CommitRequest): SmallContent[] {
  let at = 0;
  return contents.map(({ id, digest, size }) => ({
    id,
    digest,
    bytes: bytes.subarray(at, at += size),
  }));
}
