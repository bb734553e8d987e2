/** What a depot tells a client, checked and in this program's words. */
import { BadPeer, type REPLIES, requireName, type Values } from "../protocol/mod.ts";

/** A place as an answer names it. */
export interface PlaceName {
  /** Known by it, whatever it is called. */
  id: string;
  /** For people; not unique. */
  name: string;
}

/** One file of this client. */
export interface DepositedFile {
  /** Its name at the depot. */
  name: string;
  /** Bytes. */
  size: number;
  /** SHA-256, lower-case hexadecimal. */
  digest: string;
  /** Grows with each deposit under this name. */
  version: number;
  /** Milliseconds since 1970. */
  depositedAt: number;
  /** How many copies are kept when all is well, and how many are on disk and in reach now. */
  replicas: { wanted: number; live: number };
  /** Where those are. */
  places: PlaceName[];
}

/** What a deposit ended with. */
export interface Receipt extends DepositedFile {
  /** The depot had these bytes under this name already, and none were sent. */
  unchanged: boolean;
}

/** A file as a listing or a retrieval tells of it. */
export interface StoredFile extends DepositedFile {
  /** When it was changed before it was deposited. Milliseconds since 1970; `null`: not known. */
  modifiedAt: number | null;
  /** Whether it may be run as a program. */
  executable: boolean;
}

/** A file that was removed or replaced; `version` is what it had then. */
export interface RemovedFile extends StoredFile {
  /** In milliseconds since 1970. */
  removedAt: number;
  /** It can be restored until then, in milliseconds since 1970. */
  keptUntil: number;
}

/** A place where the depot keeps copies. */
export interface PlaceStatus extends PlaceName {
  /** What keeps it, such as `fs` or `clients`. */
  kind: string;
  /** Places with the same zone are expected to fail together. */
  zone: string;
  /** `online`, `goodbye`, `lost` or `gone`. */
  state: string;
  /** It is emptied: its copies are made elsewhere, and it gets no new ones. */
  draining: boolean;
  /** While it is away: milliseconds until its copies are made anew; `null` also: not said. */
  missedInMs: number | null;
  /** Bytes. */
  free: number;
  /** Bytes. */
  capacity: number;
  /** Copies of this client's files. */
  replicas: number;
}

/** How a depot is, as one client sees it. */
export interface DepotStatus {
  /** The client's files. */
  files: number;
  /** Their bytes, each file counted once. */
  bytes: number;
  /** Every place of the depot. */
  places: PlaceStatus[];
  /** What this client's files lack. */
  repair: OwnerRepair;
  /** How far the checks of their copies are; `null`: the depot does not say. */
  scrub: ScrubStatus | null;
}

/** What the files of one client lack, and what is done about it. */
export interface OwnerRepair {
  /** Contents that wait for care. */
  queued: number;
  /** Contents that are being cared for. */
  running: number;
  /** Copies that are missing, or cannot be reached now. */
  deficit: number;
  /** Files of which no good copy is known. */
  damaged: number;
  /** Files with a damaged copy that was set aside. */
  aside: number;
  /** Files that lack copies; `null`: the depot does not say. */
  short: number | null;
  /** Of the copies that are missing those on places that are away and waited for; or `null`. */
  waiting: number | null;
}

/** How far the checks of all copies are. */
export interface ScrubStatus {
  /** Files whose copies were all looked at in the last `periodMs`. */
  checked: number;
  /** In this time, in milliseconds, every copy is looked at once. */
  periodMs: number;
  /** When the copy was looked at that was not for longest. Milliseconds since 1970; or `null`. */
  oldest: number | null;
  /** The place where the depot is looking now; `null`: nowhere. */
  place: string | null;
  /** How much of that place it is through. */
  percent: number | null;
}

/** One copy of a file. */
export interface ReplicaStatus {
  /** The place's id. */
  place: string;
  /** What the place is called. */
  name: string;
  /** The place's zone. */
  zone: string;
  /** Of the copy, such as `good`. */
  state: string;
  /** Of the place: `online`, `goodbye`, `lost` or `gone`. */
  placeState: string;
  /** The place is emptied, and its copies are made elsewhere. */
  draining: boolean;
  /** When the copy was last read and found right. Milliseconds since 1970; `null`: never. */
  verifiedAt: number | null;
}

/** Why a file lacks copies, and when that changes. */
export interface RepairStatus {
  /** `complete`, `away`, `queued`, `running`, `no_place` or `no_source`: see the protocol page. */
  state: string;
  /** Milliseconds until that changes by itself; `null`: nobody knows. */
  inMs: number | null;
}

/** A file with its copies. */
export interface FileStatus {
  /** The file. */
  file: StoredFile;
  /** Each copy, also those that cannot be reached now. */
  copies: ReplicaStatus[];
  /** Why copies are missing; `null`: the depot does not say. */
  repair: RepairStatus | null;
}

/** A copy that was looked at. */
export interface CopyCheck {
  /** The place's id. */
  place: string;
  /** The place's name. */
  name: string;
  /** The place's zone. */
  zone: string;
  /**
   * `good`; `damaged` or `absent`: it was bad, and another is made; `away`: its place cannot be
   * asked; `unsure`: its place did not manage to say.
   */
  state: string;
  /** How long it took, in milliseconds. */
  tookMs: number;
}

/** A file whose copies were looked at. */
export interface FileCheck {
  /** The file, as it is known after that. */
  file: StoredFile;
  /** Each copy that the client is told of. */
  copies: CopyCheck[];
}

type ReceiptLine = Values<typeof REPLIES.receipt>;
type Content = Values<typeof REPLIES.content>;

/** Ids and labels as pairs; a place without a label is called by its id. */
export function placeNames(ids: string[], labels: string[]): PlaceName[] {
  return ids.map((id, index) => ({ id, name: labels[index] || id }));
}

export function fileOfReceipt(name: string, receipt: ReceiptLine): DepositedFile {
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

export function depotStatus(
  line: Values<typeof REPLIES.status>,
  places: PlaceStatus[],
): DepotStatus {
  const { files, bytes, queued, running, deficit, damaged, aside, short, waiting } = line;
  const { checked, scrubMs: periodMs, oldestCheck: oldest, scrubPlace: place } = line;
  const repair = { queued, running, deficit, damaged, aside, short, waiting };
  if (oldest !== null) requireTime(oldest);
  const scrub = checked === null || periodMs === null
    ? null
    : { checked, periodMs, oldest, place, percent: line.scrubPercent };
  return { files, bytes, places, repair, scrub };
}

/** The last millisecond that a `Date` can hold. */
const LAST_TIME_MS = 8_640_000_000_000_000;

export function requireTime(milliseconds: number): number {
  if (milliseconds <= LAST_TIME_MS) return milliseconds;
  throw new BadPeer("The depot sent a time that no clock shows");
}
