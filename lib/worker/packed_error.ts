/** Errors that cross the border of a worker. */

/** The parts of an error that survive the way. */
export interface PackedError {
  name: string;
  message: string;
  code?: string;
}

/** Classes by the names of their errors. */
export type ErrorClasses = Readonly<Record<string, new (message: string) => Error>>;

/** What can be sent of `error`. */
export function packError(error: unknown): PackedError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const { name, message, code } = error as Error & { code?: unknown };
  return code === undefined ? { name, message } : { name, message, code: String(code) };
}

/** The error again, of its own class where `classes` has it. */
export function restoreError(packed: PackedError, classes: ErrorClasses = {}): Error {
  const { name, message, code } = packed;
  const known = Object.hasOwn(classes, name) ? classes[name] : undefined;
  const error = known ? new known(message) : Object.assign(new Error(message), { name });
  return code === undefined ? error : Object.assign(error, { code });
}
