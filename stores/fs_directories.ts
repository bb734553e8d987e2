/** The directories that the operator named: where they really are, and whether they go together. */
import { basename, dirname, isAbsolute, join, parse, relative, resolve, sep } from "node:path";
import { soon } from "../lib/worker/soon.ts";
import { StoreRefused } from "./store.ts";

/** A path that is not resolved within this time is on a disk that hangs, and taken as it is. Milliseconds. */
const RESOLVED_MS = 5_000;

/** As many links in a row as the usual kernels follow. */
const LINKS_MAX = 40;

/** A directory as it was `given`, where it really is, and what people call it. */
export interface NamedDirectory {
  given: string;
  /** The real path: no links, absolute. Of a missing directory, what it will be. */
  address: string;
  name: string;
}

/** Resolves all directories. Throws `StoreRefused` when one is named twice or lies in another. */
export async function nameDirectories(given: string[]): Promise<NamedDirectory[]> {
  const addresses = await Promise.all(given.map((directory) => realPath(resolve(directory))));
  const identities = await Promise.all(addresses.map(identity));
  given.forEach((directory, index) => {
    for (let other = 0; other < index; other++) {
      const same = identities[index] !== null && identities[index] === identities[other];
      if (!same && !isNested(addresses[index]!, addresses[other]!)) continue;
      throw new StoreRefused(
        `Could not use ${given[other]} and ${directory} together: they are the same directory, ` +
          "or one lies in the other. Give each place a directory of its own",
      );
    }
  });
  const names = shortNames(addresses);
  return given.map((directory, index) => ({
    given: directory,
    address: addresses[index]!,
    name: names[index]!,
  }));
}

/** Last path components, with as many parents before them as tell them apart. */
export function shortNames(addresses: string[]): string[] {
  return addresses.map((address) => {
    for (let count = 1;; count++) {
      const name = lastParts(address, count);
      const others = addresses.filter((other) => other !== address);
      if (!others.some((other) => lastParts(other, count) === name)) return name;
    }
  });
}

function lastParts(address: string, count: number): string {
  const { root } = parse(address);
  const parts = address.slice(root.length).split(sep).filter((part) => part !== "");
  return count > parts.length || parts.length === 0 ? address : parts.slice(-count).join("/");
}

function isNested(one: string, other: string): boolean {
  return isWithin(relative(one, other)) || isWithin(relative(other, one));
}

function isWithin(path: string): boolean {
  return path !== ".." && !path.startsWith(`..${sep}`) && !isAbsolute(path);
}

/** What tells a directory from any other under whatever path, or `null` where nothing does. */
async function identity(address: string): Promise<string | null> {
  try {
    const info = await soon(Deno.stat(address), RESOLVED_MS);
    return info?.ino ? `${info.dev}:${info.ino}` : null;
  } catch {
    return null;
  }
}

/** The real path; where the end of it is missing, that of the deepest part that is there. */
async function realPath(path: string, links = 0): Promise<string> {
  try {
    return await soon(Deno.realPath(path), RESOLVED_MS) ?? path;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound) || dirname(path) === path) {
      throw refused(path, error);
    }
  }
  // A link to a disk that is not mounted leads to nothing now, and to the same place as before.
  const target = await Deno.readLink(path).catch(() => null);
  if (target === null) return join(await realPath(dirname(path), links), basename(path));
  if (links >= LINKS_MAX) throw new StoreRefused(`Could not use ${path}: too many links`);
  return await realPath(resolve(dirname(path), target), links + 1);
}

function refused(path: string, cause: unknown): StoreRefused {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StoreRefused(`Could not use ${path}: ${reason}`, { cause });
}
