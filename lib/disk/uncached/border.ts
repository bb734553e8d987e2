/** What travels between a disk and the worker that writes to it past the system's cache. */
import type { PackedError } from "../../worker/packed_error.ts";

/** A piece is at most so large, and has a slot of the shared memory to itself. Bytes. */
export const SLOT_BYTES: number = 1024 * 1024;

/** Positions and lengths of uncached writes are multiples of it: of what most disks want. Bytes. */
export const PAGE_BYTES: number = 4096;

/** Each has one reply, in the order of the requests. First `share`. `file`: the asker's number for it. */
export type Request =
  | { type: "share"; memory: SharedArrayBuffer }
  | { type: "open"; file: number; path: string }
  | { type: "write"; file: number; slot: number; bytes: number; position: number }
  | { type: "close"; file: number };

/** To `open` the file's inode, to the others nothing. */
export type Reply = { value: number | null } | { error: PackedError };
