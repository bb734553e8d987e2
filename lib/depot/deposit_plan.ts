import type { Place } from "../../stores/store.ts";
import type { FileAttributes, FileRecord } from "./catalog/catalog.ts";
import type { Copies } from "./core.ts";
import type { Reservation } from "./rooms.ts";

/** A deposit up to this size is held in memory until it is whole: one intent less to sync. Bytes. */
export const BUFFERED_BYTES: number = 1024 * 1024;

/** Room is held in steps of this many bytes for a deposit that does not say its size. */
export const ROOM_STEP_BYTES: number = 64 * 1024 * 1024;

/** What a client wants to deposit. `null`: not said. */
export interface DepositRequest {
  /** The hash of the owner's identifier. */
  owner: string;
  name: string;
  /** `null`: the file's present number, or the default. */
  replicas: number | null;
  /** As few are accepted; `null`: no fewer than wanted. */
  minimum: number | null;
  /** Answer when so many are durable; `null`: all. */
  wait: number | null;
  size: number | null;
  /** SHA-256 of the bytes, when it is known before they come. */
  digest: string | null;
  /** The client's own identifier of the upload, the same when it tries again; `null`: it will not. */
  upload: string | null;
  attributes: FileAttributes;
  /** The machine that the bytes come from, when the client said so. */
  machine?: string | undefined;
}

/** What was decided before the first byte. */
export interface Plan {
  /** Under which the places keep the upload's parts. */
  key: string;
  wanted: number;
  request: DepositRequest;
  /** Its bytes are held in memory until they are whole. */
  buffered: boolean;
  /** The file of that name as it was then. */
  present: FileRecord | null;
  /** Empty when an earlier attempt goes on: its places have what there is. */
  places: { place: Place; room: Reservation }[];
  signal: AbortSignal;
}

/** What a deposit came to. */
export interface Receipt {
  file: FileRecord;
  copies: Copies;
}

/** Whether a deposit is small enough to be held in memory until it is whole. */
export function isSmall({ size }: DepositRequest): boolean {
  return size !== null && size <= BUFFERED_BYTES;
}

/** Whether a client that comes back can go on with it: otherwise its parts are of no use to anyone. */
export function isResumable(request: DepositRequest): boolean {
  return request.upload !== null && request.size !== null && !isSmall(request);
}
