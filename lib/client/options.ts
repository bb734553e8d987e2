/** What requests of a link can be told. */
import type { DepositProgress } from "./deposit.ts";
import type { WorkProgress } from "./peer.ts";

/** What every request takes. */
export interface RequestOptions {
  /** Aborted: the request ends, and rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** How to deposit. */
export interface DepositOptions extends RequestOptions {
  /**
   * How many copies to keep, on different places. Without a number a known name keeps its own, and
   * a new one gets the depot's default.
   */
  replicas?: number | null | undefined;
  /** Accept as few copies as these when there are not places enough; all of `replicas` without. */
  minimum?: number | null | undefined;
  /** Resolve as soon as so many copies are on disk; the others follow. All of them without. */
  wait?: number | null | undefined;
  /** Told how far it is. */
  onProgress?: ((progress: DepositProgress) => void) | undefined;
}

/** Which files to list. */
export interface ListOptions extends RequestOptions {
  /** Only names that start with this. */
  prefix?: string | undefined;
}

/** How to verify. */
export interface VerifyOptions extends RequestOptions {
  /** Told how many bytes of how many were looked at. */
  onProgress?: ((progress: WorkProgress) => void) | undefined;
}
