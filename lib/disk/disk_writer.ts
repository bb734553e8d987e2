/** How a disk is given an upload. */

/** Which upload to write, as in the store contract. */
export interface DiskUpload {
  id: string;
  /** Bytes that it will have, where that is known. */
  size?: number;
  /** Go on from what an earlier writer kept. */
  resume?: boolean;
  signal: AbortSignal;
}

/**
 * An open upload, as in the store contract. Disposed without `commit` or `keep`: its bytes are
 * dropped. A small one may be in memory until then: `commit` throws what `write` would have thrown.
 */
export interface DiskWriter extends AsyncDisposable {
  /** How many bytes of the upload the disk has. */
  readonly position: number;
  /** Its bytes are in memory: the disk has no part of it. */
  readonly isHeld: boolean;
  /** The bytes before `position`. Each piece is good until the next is asked for. */
  prefix(): AsyncGenerator<Uint8Array>;
  /** Drops what is after `position`. */
  rewind(position: number): Promise<void>;
  /** Appends; the buffer is the caller's again when it resolves. Throws `Full` without room. */
  write(chunk: Uint8Array): Promise<void>;
  /** Makes the bytes the disk's copy of `digest`, durably, in place of one that was there. */
  commit(content: { digest: string; size: number }): Promise<void>;
  /** Keeps the bytes for a later writer, also after a restart. Works after the signal, too. */
  keep(): Promise<void>;
}
