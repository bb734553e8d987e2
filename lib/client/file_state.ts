/** What a file system says of a file's bytes without their being read. */

/** Two equal ones of one path stand for the same bytes. Times are milliseconds since 1970. */
export interface FileState {
  size: number;
  modifiedAt: number;
  /** When anything of it changed, its times too; `null`: the system does not say. */
  changedAt: number | null;
  /** Which file it is on its disk; `null`: the system does not say. */
  inode: number | null;
}

/**
 * A file that changed less than this before it was looked at may change again without its times
 * showing it: some file systems count in steps of two seconds. Milliseconds.
 */
export const SETTLED_AFTER_MS = 2_000;

/**
 * The state of a file that was looked at when the wall clock showed `lookedAt`; `null`: it changed
 * too shortly before, or its time is not known, and a later state could look the same.
 */
export function settledState(info: Deno.FileInfo, lookedAt: number): FileState | null {
  if (!info.mtime) return null;
  const modifiedAt = info.mtime.getTime();
  const changedAt = info.ctime?.getTime() ?? null;
  const last = Math.max(modifiedAt, changedAt ?? modifiedAt);
  if (lookedAt - last < SETTLED_AFTER_MS) return null;
  return { size: info.size, modifiedAt, changedAt, inode: info.ino };
}

/** Whether nothing happened to the file in between. */
export function isSameState(a: FileState, b: FileState): boolean {
  return a.size === b.size && a.modifiedAt === b.modifiedAt && a.changedAt === b.changedAt &&
    a.inode === b.inode;
}
