/**
 * The store contract: what a plugin provides so that a depot can keep replicas on it.
 *
 * A store provides places; a place keeps at most one replica of a content, whole, under the
 * content's SHA-256 digest (64 lower-case hexadecimal digits). Placement, replication, repair and
 * verification are the depot's and live above this contract, once: a store only keeps, reads,
 * hashes, lists and deletes what it is told to, and says honestly what it has.
 *
 * The suite in `tests/stores/contract.ts` is the contract as something that runs.
 */
import { Full, Unreachable, Unreadable } from "../lib/disk/errors.ts";

// A plugin that cannot import these throws any `Error` with the same `name`.
export { Full, Unreachable, Unreadable };

/** The version of this contract. A plugin exports the number that it was written for as `contract`. */
export const CONTRACT = 1;

/** A source of places, chosen with `--store`. Disposing it ends its work and releases its places. */
export interface Store extends AsyncDisposable {
  /** What the operator typed before the colon, such as `fs`. */
  readonly kind: string;
  /**
   * First a `joined` for each place that is there and then `ready`, from when the depot serves;
   * then changes as they happen, until `signal` aborts (the iteration then ends without an error).
   */
  places(signal: AbortSignal): AsyncIterable<PlaceEvent>;
  /**
   * For stores whose places have fixed addresses: the operator says that the place which was at
   * `address` is gone for good, and that the medium there now is a new one. Makes it a place,
   * which joins soon, and resolves to that one's id. Throws `StoreRefused` and changes nothing when
   * there is no such address here, no medium, or one that has a mark.
   */
  renew?(address: string): Promise<string>;
}

/** What a store tells: a place that came or went. `why` tells a place that said goodbye from one that was lost. */
export type PlaceEvent =
  | { type: "joined"; place: Place }
  | { type: "ready" }
  | { type: "left"; id: string; why: "goodbye" | "lost" };

/** One place: where one replica of a content can be. */
export interface Place {
  /** Survives restarts, and moves of the medium to another path or address. */
  readonly id: string;
  /** For people; need not be unique. */
  readonly name: string;
  /** Where it is now, as its store writes it: the real path of the directory, for `fs`. */
  readonly address: string;
  /** The failure domain: places with the same zone are expected to fail together. */
  readonly zone: string;
  /** The machine that the place is on, when the store knows it. */
  readonly machine?: string;
  /** Whether the depot's own process reads the medium, so that a chunk check is proof enough. */
  readonly trusted: boolean;
  /**
   * A number that grows with each change of what the place has, whoever made it, when the place
   * counts them: what it was when the place joined, and one more for each change since that this
   * side asked for and knows to be done. A place that joins with the number that it left with has
   * what it had.
   */
  readonly changes?: number;
  /**
   * Whether the place is about to go for good: its copies are wanted elsewhere, it is read from
   * meanwhile, and gets no new ones.
   */
  readonly leaving?: boolean;

  /** Bytes in all and bytes free; cheap enough to ask before each deposit. */
  room(): Promise<Room>;

  /**
   * Opens an upload for writing; ids have 1 to 64 letters, digits and hyphens. With `resume`,
   * goes on from what an earlier writer with this id kept, of which `position` and `prefix()`
   * speak; without it, or when nothing was kept, starts at 0 and drops what was there. Throws
   * `Full` when `size` cannot fit, an `Error` while another writer with this id is open.
   */
  begin(
    upload: { id: string; size?: number; resume?: boolean; signal: AbortSignal },
  ): Promise<PlaceWriter>;

  /**
   * Reads `length` bytes from `from` (to the end when not given) of the replica of `digest`, or of
   * its set-aside copy with `aside`. `null` when there is none. A reader that ends early throws;
   * it is never short in silence. `length: 0` only asks whether it is there, and its size.
   */
  get(digest: string, range: ReadRange): Promise<PlaceReader | null>;

  /**
   * SHA-256 (lower-case hexadecimal) over `prefix` followed by the replica's bytes, or `null` when
   * there is no replica. The depot judges the answer, not the place.
   */
  hash(
    digest: string,
    options: { prefix: Uint8Array; signal: AbortSignal },
  ): Promise<string | null>;

  /** Removes the replica. No error when there is none: a repeated delete is a success. */
  delete(digest: string): Promise<void>;

  /**
   * Moves the replica out of the way without losing its bytes, in place of an earlier set-aside
   * copy only after that one was renamed too. No error when there is none.
   */
  setAside(digest: string): Promise<void>;

  /**
   * Contents with set-aside copies, ascending by digest. Of several copies of one content the
   * newest, which is also the one that `get` reads.
   */
  asides(): AsyncIterable<AsideCopy>;

  /** Removes every set-aside copy of `digest`. Idempotent. */
  dropAside(digest: string): Promise<void>;

  /** Replicas ascending by digest, from the first after `after`; never all held in memory. */
  list(
    options: { after?: string; signal: AbortSignal },
  ): AsyncIterable<{ digest: string; size: number }>;

  /** What is kept of uploads that did not commit and that no writer is open for. */
  uploads(): AsyncIterable<{ id: string; bytes: number }>;

  /** Removes what is kept of an upload. Idempotent. */
  discard(uploadId: string): Promise<void>;

  /**
   * The mark last set, or `null` where there is none (an empty or an absent medium). A place that
   * is made with a mark has sequence 0 until one is set.
   */
  mark(): Promise<Mark | null>;

  /** Sets the mark durably. */
  setMark(mark: Mark): Promise<void>;
}

/** Bytes. */
export interface Room {
  capacity: number;
  free: number;
}

/** By what a depot recognises its place, and a place its depot. */
export interface Mark {
  /** The depot's identifier, a UUID. */
  depot: string;
  /** The number of the last catalog transaction that the depot told this place of. */
  sequence: number;
}

/** Which bytes of a replica to read. */
export interface ReadRange {
  from: number;
  length?: number;
  aside?: boolean;
  signal: AbortSignal;
}

/** A copy that was moved out of the way. `since`: milliseconds of the wall clock. */
export interface AsideCopy {
  digest: string;
  size: number;
  since: number;
}

/** An open replica. Disposing it closes it; every reader must be disposed. */
export interface PlaceReader extends AsyncDisposable {
  /** The whole replica's size in bytes, whatever the range. */
  readonly size: number;
  /**
   * Fills `target` from its start with the range's next bytes and resolves to how many: all of
   * `target`, or what is left of the range, 0 at its end. Throws when the replica ends before.
   */
  read(target: Uint8Array): Promise<number>;
}

/** An open upload on one place. Disposed without `commit` or `keep`: its bytes are dropped. */
export interface PlaceWriter extends AsyncDisposable {
  /** How many bytes of the upload the place has. */
  readonly position: number;
  /**
   * Bytes a second at which the place took what it was given lately, when it can tell; what it
   * waited for others is not in it. `position` may move within a `write`.
   */
  readonly speed?: number | undefined;
  /** The bytes before `position`, to be hashed again. Each piece is good until the next is asked for. */
  prefix(): AsyncIterable<Uint8Array>;
  /** Drops what is after `position`, to go on from there. */
  rewind(position: number): Promise<void>;
  /** Appends; the buffer is the caller's again when it resolves. Throws `Full` without room. */
  write(chunk: Uint8Array): Promise<void>;
  /**
   * Makes the bytes the replica of `digest`, durably: after it resolved they are there after a
   * power cut. Replaces a copy that was there. Throws and leaves what was there otherwise.
   */
  commit(content: { digest: string; size: number }): Promise<void>;
  /**
   * Keeps the bytes, so that `begin` with `resume` can go on from them, also after a restart.
   * Works after `signal` aborted, too. Throws after a failed write: nobody knows what is there.
   */
  keep(): Promise<void>;
}

/** Thrown when a store cannot be opened as the operator asked; the message says what to do. */
export class StoreRefused extends Error {
  override readonly name = "StoreRefused";
}

/** What the depot tells a store when it opens it. */
export interface StoreContext {
  /** The depot's identifier. */
  depot: string;
  /**
   * Which place the catalog knows at an address of this kind, so that an empty directory where a
   * place should be is not taken for a new one.
   */
  known(address: string): { id: string; name: string } | undefined;
  /** For what an operator should read. */
  warn(message: string): void;
}
