/** Names from a depot as paths below a folder, and never outside it. */
import { basename, dirname, join } from "node:path";
import { requireName } from "../protocol/mod.ts";
import { digestOf } from "../content/digest.ts";
import { LocalError } from "./errors.ts";

type System = typeof Deno.build.os;

/** Devices that Windows sees in every folder, with any extension. */
const WINDOWS_DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(\.|$)/i;

// deno-lint-ignore no-control-regex
const WINDOWS_FORBIDDEN = /[\x00-\x1f<>:"\\|?*]|[ .]$/;

/**
 * The path of `name` below `folder`. Throws `caminho_recusado` when this system would take a part
 * of the name for something else than a file's or folder's name, `nome_invalido` for no name.
 */
export function pathBelow(folder: string, name: string, system: System = Deno.build.os): string {
  const parts = requireName(name).split("/");
  if (system === "windows") parts.forEach((part) => requireWindowsPart(name, part));
  return join(folder, ...parts);
}

/**
 * Two names with the same key cannot both be files of one folder on this system: where upper and
 * lower case, or the ways to compose a letter, make no difference.
 */
export function collisionKey(name: string, system: System = Deno.build.os): string {
  const folds = system === "windows" || system === "darwin";
  return folds ? name.normalize("NFC").toLowerCase() : name;
}

/**
 * Makes the folders between `folder` and `path`. `folder` itself may be or pass through a link;
 * what is below it may not: a link there could lead anywhere. Resolves to whether the one that
 * `path` is in was not there before. Throws `caminho_recusado`.
 */
export async function makeFoldersBelow(folder: string, path: string): Promise<boolean> {
  let isNew = await makeOutputFolder(folder);
  for (const step of stepsBetween(folder, dirname(path))) {
    isNew = await makeFolder(step);
  }
  return isNew;
}

async function makeOutputFolder(folder: string): Promise<boolean> {
  if (isFolder(folder)) return false;
  try {
    await Deno.mkdir(folder, { recursive: true });
    return true;
  } catch (cause) {
    if (!(cause instanceof Deno.errors.AlreadyExists)) throw cause;
    const advice = "several files need a folder: choose another --output";
    throw new LocalError("ja_existe", `${folder} is no folder; ${advice}`, { cause });
  }
}

/**
 * What is at `path`, not following a link. `null`: nothing. Synchronous, because the system answers
 * from memory: handing such a question to a thread takes several times as long as the answer.
 */
export function lookAt(path: string): Deno.FileInfo | null {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Throws `ja_existe` unless what is at `path` may be replaced, with `force` or at all. */
export function requireReplaceable(path: string, present: Deno.FileInfo, force: boolean): void {
  if (present.isDirectory) {
    throw new LocalError("ja_existe", `${path} is a folder: choose another path with --output`);
  }
  if (!present.isFile && !present.isSymlink) {
    const what = "neither a file nor a folder, and is not replaced";
    throw new LocalError("ja_existe", `${path} is ${what}: choose another path with --output`);
  }
  if (!force) throw somethingElseAt(path);
}

/** What to throw when a path is taken. */
export function somethingElseAt(path: string): LocalError {
  return new LocalError(
    "ja_existe",
    `${path} exists and is different: replace it with --force, or choose --output`,
  );
}

/** A file name's bytes, at most, on the systems of today. */
const FILE_NAME_BYTES = 255;

/**
 * Where the bytes of a content are kept until all are there: beside its target, and the same for
 * the same content, so that a later attempt finds it.
 */
export function partPath(target: string, digest: string): string {
  const end = `.${digest.slice(0, 16)}.deposito-part`;
  const name = basename(target);
  const fits = new TextEncoder().encode("." + name + end).length <= FILE_NAME_BYTES;
  return join(dirname(target), `.${fits ? name : digestOf(name).slice(0, 32)}${end}`);
}

/** Whether a file's own name is one that `partPath` gives. */
export function isPartName(name: string): boolean {
  return name.startsWith(".") && /^\..+\.[0-9a-f]{16}\.deposito-part$/is.test(name);
}

function requireWindowsPart(name: string, part: string): void {
  if (!WINDOWS_DEVICE.test(part) && !WINDOWS_FORBIDDEN.test(part)) return;
  throw new LocalError(
    "caminho_recusado",
    `${name} cannot be a path on Windows: retrieve it alone with --output PATH`,
  );
}

function stepsBetween(folder: string, inner: string): string[] {
  const steps: string[] = [];
  for (let at = inner; at.length > folder.length && at !== dirname(at); at = dirname(at)) {
    steps.unshift(at);
  }
  return steps;
}

/** Whether there is a folder; `path` may be, or pass through, a link. */
export function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

async function makeFolder(path: string): Promise<boolean> {
  const there = lookAt(path);
  if (there?.isDirectory) return false;
  if (there) {
    const what = there.isSymlink ? "a link" : "no folder";
    throw new LocalError("caminho_recusado", `${path} is ${what}: move it away, or use --output`);
  }
  try {
    await Deno.mkdir(path);
    return true;
  } catch (error) {
    // Somebody else made it meanwhile; what it is must be looked at again.
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    return await makeFolder(path);
  }
}
