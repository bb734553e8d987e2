/** What travels between the depot and a worker that hashes. */
import type { Sum } from "../../content/content_sum.ts";

/** A piece is at most so large, and has a slot of the shared memory to itself. Bytes. */
export const SLOT_BYTES: number = 1024 * 1024;

/** Each has one reply, in the order of the requests. First `share`. `content`: the asker's number for it. */
export type Request =
  | { type: "share"; memory: SharedArrayBuffer }
  | { type: "update"; content: number; slot: number; bytes: number }
  /** The last of a content; it is forgotten then. */
  | { type: "end"; content: number };

/** Only `end` has a sum. */
export type Reply = Sum | null;
