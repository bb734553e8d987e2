/** What a depot tells a client, checked and in this program's words. */
import { BadPeer, type REPLIES, requireName, type Values } from "../protocol/mod.ts";

/** A place as an answer names it. */
export interface PlaceName {
  id: string;
  name: string;
}

/** One file of this owner. Sizes in bytes, times in milliseconds since 1970. */
export interface DepositedFile {
  name: string;
  size: number;
  /** SHA-256, lower-case hexadecimal. */
  digest: string;
  version: number;
  depositedAt: number;
  /** `live`: durable copies now. */
  replicas: { wanted: number; live: number };
  places: PlaceName[];
}

/** A file as a listing or a retrieval tells of it. */
export interface StoredFile extends DepositedFile {
  modifiedAt: number | null;
  executable: boolean;
}

export interface PlaceStatus extends PlaceName {
  kind: string;
  zone: string;
  /** `online`, `goodbye`, `lost` or `gone`. */
  state: string;
  /** Bytes. */
  free: number;
  capacity: number;
  /** Of this owner's contents. */
  replicas: number;
}

export interface DepotStatus {
  files: number;
  bytes: number;
  places: PlaceStatus[];
  repair: { queued: number; running: number; deficit: number; damaged: number; aside: number };
}

export interface ReplicaStatus {
  /** The place's id. */
  place: string;
  name: string;
  zone: string;
  /** Of the replica, such as `good`. */
  state: string;
  placeState: string;
  verifiedAt: number | null;
}

export interface FileStatus {
  file: StoredFile;
  copies: ReplicaStatus[];
}

type Receipt = Values<typeof REPLIES.receipt>;
type Content = Values<typeof REPLIES.content>;

/** Ids and labels as pairs; a place without a label is called by its id. */
export function placeNames(ids: string[], labels: string[]): PlaceName[] {
  return ids.map((id, index) => ({ id, name: labels[index] || id }));
}

export function fileOfReceipt(name: string, receipt: Receipt): DepositedFile {
  return {
    name,
    size: receipt.size,
    digest: receipt.digest,
    version: receipt.version,
    depositedAt: requireTime(receipt.depositedAt),
    replicas: { wanted: receipt.wanted, live: receipt.replicas },
    places: placeNames(receipt.places, receipt.labels),
  };
}

/** Of a `content` or a `file` line. */
export function fileOfContent(name: string, content: Content): StoredFile {
  return {
    name: requireName(name),
    size: content.size,
    digest: content.digest,
    version: content.version,
    depositedAt: requireTime(content.depositedAt),
    replicas: { wanted: content.wanted, live: content.live },
    places: placeNames(content.places, content.labels),
    modifiedAt: content.modifiedAt === null ? null : requireTime(content.modifiedAt),
    executable: content.executable,
  };
}

/** The last millisecond that a `Date` can hold. */
const LAST_TIME_MS = 8_640_000_000_000_000;

export function requireTime(milliseconds: number): number {
  if (milliseconds <= LAST_TIME_MS) return milliseconds;
  throw new BadPeer("The depot sent a time that no clock shows");
}
