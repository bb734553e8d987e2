const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/**
 * Whether `text` is a UUID version 4, as RFC 9562 writes it. Not taken from a package: who imports
 * the client by its path then needs none.
 */
export function isUuid(text: string): boolean {
  return UUID_V4.test(text);
}
