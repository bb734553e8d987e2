/** The files below a folder, always in the same order. */
import { basename, join, resolve, sep } from "node:path";
import { LocalError } from "./errors.ts";
import { isPartName } from "./output_path.ts";

/** A file to deposit, or something that is not kept, and why. */
export type Found =
  | { kind: "file"; path: string; name: string }
  | { kind: "left"; path: string; name: string; why: string }
  | { kind: "failed"; path: string; name: string; error: unknown };

/** A file's name that the system could not say in Unicode. */
const REPLACEMENT = "\uFFFD";

/**
 * Every file below `folder`, named `prefix/…` with `/` on every system, in the order of their
 * names. Links are not followed; what cannot be kept is told of in its place.
 */
export function* walk(folder: string, prefix: string): Generator<Found> {
  const entries = entriesOf(folder);
  if (!Array.isArray(entries)) {
    yield { kind: "failed", path: folder, name: prefix, error: entries.error };
    return;
  }
  if (entries.length === 0) {
    yield { kind: "left", path: folder, name: prefix, why: "an empty folder" };
  }
  const below = join(folder, sep);
  for (const entry of entries) {
    const path = below + entry.name;
    const name = `${prefix}/${entry.name}`;
    const why = reasonToLeave(entry);
    if (why !== null) yield { kind: "left", path, name, why };
    else if (isUnsayable(path, entry.name)) {
      yield { kind: "failed", path, name, error: notUtf8(path) };
    } else if (entry.isDirectory) yield* walk(path, name);
    else yield { kind: "file", path, name };
  }
}

/** What a path is called by itself: its last part, of the real folder for `.` and `..`. */
export function ownName(path: string): string {
  return basename(resolve(path));
}

function entriesOf(folder: string): Deno.DirEntry[] | { error: unknown } {
  try {
    const entries = [...Deno.readDirSync(folder)];
    return entries.sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  } catch (error) {
    return { error };
  }
}

/** A name that is not UTF-8 comes as one under which nothing is found. */
function isUnsayable(path: string, name: string): boolean {
  return name.includes(REPLACEMENT) && !exists(path);
}

function notUtf8(path: string): LocalError {
  return new LocalError("arquivo_invalido", `${path}: the name is not UTF-8: rename it`);
}

function reasonToLeave(entry: Deno.DirEntry): string | null {
  if (entry.isSymlink) return "a link";
  if (entry.isFile && isPartName(entry.name)) return "a part of a retrieval";
  if (entry.isDirectory || entry.isFile) return null;
  return "neither a file nor a folder";
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
