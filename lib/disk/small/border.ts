/** What travels between a disk and the worker that writes its small contents. */
import type { PackedError } from "../../worker/packed_error.ts";

/** A content up to this many bytes is small: what is done for it costs more than its bytes. */
export const SMALL_BYTES: number = 128 * 1024;

/** Bytes whose buffer moves with them. */
export type MovedBytes = Uint8Array<ArrayBuffer>;

/** A small content that is to be made durable. */
export interface SmallContent {
  /** The upload's id, under which the part lies until it has its name. */
  id: string;
  digest: string;
  bytes: MovedBytes;
}

/** What became of a content: it is durable (`null`); or a folder is missing, and its bytes are back. */
export type Outcome = { value: MovedBytes | null } | { error: PackedError };

/** One is under way at a time, and each has one reply. First `open`, with what a `Layout` is made of. */
export type Request =
  | { type: "open"; directory: string; depot: string }
  | { type: "commit"; contents: SmallContent[] };

/** To `open`, nothing. */
export type Reply = { outcomes: Outcome[] };
