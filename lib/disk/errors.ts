/**
 * What can be wrong with a disk, or with any place, in the terms that a caller acts on.
 *
 * `Full`, `Unreachable` and `Unreadable` are known by their `name`, so that `instanceof` also holds for an error
 * that a store plugin made without importing this file.
 */

/** Thrown when a place has no room for what it was asked to keep. */
export class Full extends Error {
  override readonly name = "Full";
  static override [Symbol.hasInstance](value: unknown): value is Full {
    return isNamed(value, "Full");
  }
}

/** Thrown when a place cannot be reached or used at all, whatever is asked of it. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
  static override [Symbol.hasInstance](value: unknown): value is Unreachable {
    return isNamed(value, "Unreachable");
  }
}

/** Thrown when a place is there, and has what was asked for, but cannot give it whole. */
export class Unreadable extends Error {
  override readonly name = "Unreadable";
  static override [Symbol.hasInstance](value: unknown): value is Unreadable {
    return isNamed(value, "Unreadable");
  }
}

/** Thrown when a directory must not be used as it is; the message says what to do. */
export class DiskRefused extends Error {
  override readonly name: string = "DiskRefused";
}

/** Thrown when another process uses the directory. */
export class DiskInUse extends DiskRefused {
  override readonly name = "DiskInUse";
}

/** Windows' numbers for a full disk, a full handle and a spent quota. Elsewhere `code` has a name. */
const WINDOWS_FULL = /\(os error (39|112|1295)\)/;

/**
 * The error of a failed `action`, with its `cause`: `Full` when room was the cause, `Unreachable` when
 * this machine could not even look, which says nothing of the file; else an `Error`.
 */
export function diskError(action: string, cause: unknown): Error {
  if (cause instanceof Unreachable) return cause;
  const message = `Could not ${action}: ${cause instanceof Error ? cause.message : String(cause)}`;
  if (isOutOfHandles(cause)) return new Unreachable(message, { cause });
  return isOutOfRoom(cause) ? new Full(message, { cause }) : new Error(message, { cause });
}

/** Whether `error` says that something is not there. */
export function isAbsence(error: unknown): boolean {
  // What comes from a Node module has the code, not the class.
  const code = errorCode(error);
  return code === "ENOENT" || code === "ENOTDIR" || error instanceof Deno.errors.NotFound;
}

/** Whether `error` says that too many files are open, here or on the machine, or memory is short. */
export function isOutOfHandles(error: unknown): boolean {
  const code = errorCode(error);
  return code === "EMFILE" || code === "ENFILE" || code === "ENOMEM";
}

/** Whether `error` says that the disk, or this user's part of it, is full. */
export function isOutOfRoom(error: unknown): boolean {
  const code = errorCode(error);
  if (code === "ENOSPC" || code === "EDQUOT") return true;
  return Deno.build.os === "windows" && error instanceof Error && WINDOWS_FULL.test(error.message);
}

function errorCode(error: unknown): unknown {
  return error instanceof Error ? (error as { code?: unknown }).code : undefined;
}

function isNamed(value: unknown, name: string): boolean {
  return value instanceof Error && value.name === name;
}
