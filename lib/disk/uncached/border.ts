/** What travels between a disk and the worker that writes to it past the system's cache. */
import type { PackedError } from "../../worker/packed_error.ts";

/** A piece is at most so large, and has a slot of the shared memory to itself. Bytes. */
export const SLOT_BYTES: number = 1024 * 1024;

/** By which the system tells files apart, as in `Deno.FileInfo`. */
export interface FileIdentity {
  dev: number;
  ino: number | null;
}

/** Each has one reply, in the order of the requests. First `share`. `file`: the asker's number for it. */
export type Request =
  | { type: "share"; memory: SharedArrayBuffer }
  | { type: "open"; file: number; path: string; identity: FileIdentity }
  | { type: "write"; file: number; slot: number; bytes: number; position: number }
  | { type: "close"; file: number };

/** `null`: it is done. */
export type Reply = { error: PackedError } | null;
