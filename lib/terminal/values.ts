/** What people type as sizes, durations, numbers and addresses, read strictly. */
import { isUuid } from "../protocol/mod.ts";
import type { Address } from "../client/session.ts";

/** The words on the command line were wrong: exit status 2, and the message says what is right. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Where a depot listens when nobody says otherwise. */
export const DEFAULT_PORT = 7420;

const BYTES: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  kb: 1000,
  mb: 1000 ** 2,
  gb: 1000 ** 3,
  tb: 1000 ** 4,
  pb: 1000 ** 5,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
  pib: 1024 ** 5,
};

const MILLISECONDS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `512`, `50GB` (decimal), `512KiB` (binary), `1.5GiB`: bytes. Throws `UsageError`. */
export function parseSize(text: string): number {
  const [, digits, unit] = /^([0-9]{1,16}(?:\.[0-9]{1,9})?) ?([A-Za-z]{0,3})$/.exec(text) ?? [];
  const factor = BYTES[unit?.toLowerCase() ?? "?"];
  const bytes = Math.floor(Number(digits) * (factor ?? NaN));
  if (Number.isSafeInteger(bytes)) return bytes;
  throw new UsageError(`${show(text)} is no size: write it like 500MB, 50GB or 512KiB`);
}

/** `60s`, `10m`, `1h30m`, `7d`, `500ms` or `0`: milliseconds. Throws `UsageError`. */
export function parseDuration(text: string): number {
  if (text === "0") return 0;
  const isDuration = /^(?:[0-9]{1,9}(?:\.[0-9]{1,3})?(?:ms|s|m|h|d))+$/.test(text);
  let total = 0;
  for (const [, digits, unit] of text.matchAll(/([0-9.]+)(ms|[smhd])/g)) {
    total += Number(digits) * MILLISECONDS[unit!]!;
  }
  if (isDuration && Number.isSafeInteger(Math.round(total))) return Math.round(total);
  throw new UsageError(`${show(text)} is no duration: write it like 30s, 10m, 1h or 7d`);
}

/** A whole number within bounds; `what` names it in the complaint. Throws `UsageError`. */
export function parseCount(text: string, what: string, bounds = { from: 0, to: 10_000 }): number {
  const value = /^[0-9]{1,16}$/.test(text) ? Number(text) : NaN;
  if (value >= bounds.from && value <= bounds.to) return value;
  throw new UsageError(
    `${show(text)} is no ${what}: write a whole number from ${bounds.from} to ${bounds.to}`,
  );
}

/** A TCP port; 0 (any free one) only where `from` is 0. Throws `UsageError`. */
export function parsePort(text: string, from: 0 | 1 = 1): number {
  return parseCount(text, "port", { from, to: 65_535 });
}

/** `host`, `host:port`, `[::1]`, `[::1]:port` or a bare IPv6 address. Throws `UsageError`. */
export function parseAddress(text: string): Address {
  const bracketed = /^\[([0-9A-Fa-f:.]+(?:%[^\]]+)?)\](?::(.*))?$/.exec(text);
  if (bracketed) return address(bracketed[1]!, bracketed[2]);
  if (/^[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$/.test(text)) return address(text, undefined);
  const named = /^([A-Za-z0-9._-]+)(?::([^/]*))?$/.exec(text);
  if (named) return address(named[1]!, named[2]);
  throw new UsageError(`${show(text)} is no address: write host, host:port or [IPv6]:port`);
}

/** A UUID version 4, lower case. Throws `UsageError`. */
export function parseIdentifier(text: string): string {
  if (isUuid(text)) return text.toLowerCase();
  throw new UsageError(
    `${show(text)} is no identifier: it looks like 6b6c1f0e-3b5f-4c9e-8a51-0d6a4f1c2b3e; ` +
      "see yours with `deposito client id` where you deposited",
  );
}

/** An address as `parseAddress` reads it. */
export function formatAddress({ hostname, port }: Address): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

/** Whether only this machine is meant. A name that begins like such an address may be any machine. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.[0-9]{1,3}){1,3}$/.test(host);
}

function address(hostname: string, port: string | undefined): Address {
  return { hostname, port: port === undefined ? DEFAULT_PORT : parsePort(port) };
}

/** A typed word in a complaint: quoted, short, with nothing that moves the cursor. */
function show(text: string): string {
  return JSON.stringify(text.length > 60 ? text.slice(0, 60) + "…" : text);
}
