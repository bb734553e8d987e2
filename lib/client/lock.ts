/** Locks that other processes have meanwhile are waited for so that the wait can be ended. */
import { REAL_PACE } from "./pace.ts";

/** A lock that another process has is asked for so often, in milliseconds. */
const ASK_EVERY_MS = 50;

export interface LockOptions {
  signal?: AbortSignal | undefined;
  /** Told once, when somebody else has the lock. */
  onWait?: (() => void) | undefined;
}

/**
 * Locks `file` for this handle alone. `false`: there are no locks where the file is. Rejects with
 * the signal's reason.
 */
export async function lockFile(file: Deno.FsFile, options: LockOptions = {}): Promise<boolean> {
  const { signal, onWait } = options;
  for (let asked = 0;; asked++) {
    signal?.throwIfAborted();
    const isMine = await tryLock(file);
    if (isMine !== "busy") return isMine;
    if (asked === 0) onWait?.();
    await REAL_PACE.sleep(ASK_EVERY_MS, signal);
  }
}

/** `false`: there are no locks where the file is; `busy`: another handle has it. */
export async function tryLock(file: Deno.FsFile): Promise<boolean | "busy"> {
  try {
    // Deno before 2.7, which an executable may have been compiled with, can only wait.
    if (!("tryLock" in file)) return await (file as Deno.FsFile).lock(true).then(() => true);
    return await file.tryLock(true) || "busy";
  } catch {
    return false;
  }
}

/** The same, for whom waiting is no option: whether this handle has the lock now. */
export function lockAtOnce(file: Deno.FsFile): boolean {
  try {
    return "tryLockSync" in file && file.tryLockSync(true);
  } catch {
    return false;
  }
}
