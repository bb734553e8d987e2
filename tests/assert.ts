/** The assertions that the tests use, with the types that the npm edition of `@std/assert` lacks. */
import * as std from "@std/assert";

type ErrorClass<E extends Error> = new (...args: never[]) => E;

const untyped = std as unknown as Record<string, (...args: unknown[]) => unknown>;

export function assert(condition: unknown, message?: string): asserts condition {
  untyped.assert!(condition, message);
}

export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  untyped.assertEquals!(actual, expected, message);
}

export function assertStringIncludes(actual: string, expected: string, message?: string): void {
  untyped.assertStringIncludes!(actual, expected, message);
}

export function assertMatch(actual: string, expected: RegExp, message?: string): void {
  untyped.assertMatch!(actual, expected, message);
}

export function assertThrows<E extends Error>(
  action: () => unknown,
  errorClass: ErrorClass<E>,
  includes?: string,
): E {
  return untyped.assertThrows!(action, errorClass, includes) as E;
}

export function assertRejects<E extends Error>(
  action: () => Promise<unknown>,
  errorClass: ErrorClass<E>,
  includes?: string,
): Promise<E> {
  return untyped.assertRejects!(action, errorClass, includes) as Promise<E>;
}
