/** A file from a depot to a path: in a part beside it first, checked, then under its name. */
import { basename, isAbsolute } from "node:path";
import { AHEAD_BYTES, Refusal } from "../protocol/mod.ts";
import { LocalError } from "./errors.ts";
import { hashFile } from "./file_hash.ts";
import type { Sessions } from "./sessions.ts";
import {
  isPartName,
  lookAt,
  partPath,
  requireReplaceable,
  somethingElseAt,
} from "./output_path.ts";
import type { DepositedFile, StoredFile } from "./records.ts";
import type { SmallFiles } from "./small_files.ts";
import { Part } from "./part.ts";
import { Retrieval, WrongBytes } from "./retrieve.ts";

/** How to retrieve to a path. */
export interface RetrieveFileOptions {
  /** Replaces a different file at the path. */
  force?: boolean | undefined;
  /**
   * The path's folder was made just now. Nothing is looked for at the path before the bytes come;
   * what is there all the same is found when they are named, and treated as ever.
   */
  inNewFolder?: boolean | undefined;
  /** @internal Other files that are retrieved at the same time, and share what they can. */
  small?: SmallFiles | undefined;
  /** Aborted: ends with the signal's reason, and keeps what came for a later call. */
  signal?: AbortSignal | undefined;
  /** Told why it waits for another process that brings the same file, when it does. */
  onWait?: ((why: string) => void) | undefined;
  /** Told how many bytes of how many are there. */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/** What became of a retrieval to a path. */
export interface Downloaded {
  /** The file. */
  file: DepositedFile;
  /** Where it is now; absolute. */
  path: string;
  /** `same`: an equal file was there already, and was left. */
  outcome: "written" | "same";
}

/** Copies that were wrong are avoided, and others asked for, so often. */
const WRONG_COPIES = 3;

/** A file that changes while it is retrieved is begun again so often. */
const CHANGES = 3;

/**
 * Brings `file` to the absolute `path`, whose folder is there. Goes on from a part that an earlier
 * attempt left. Throws `LocalError` when something else is at the path, and what a request throws.
 */
export async function download(
  sessions: Sessions,
  file: StoredFile,
  options: RetrieveFileOptions & { path: string },
): Promise<Downloaded> {
  if (!isAbsolute(options.path)) throw new TypeError(`Expected an absolute path: ${options.path}`);
  requireNoPart(options.path);
  const { small } = options;
  if (!small || file.size <= AHEAD_BYTES) return await downloadLatest(sessions, file, options);
  // It waits for its turn before anything is opened, read or made for it.
  const alone = { ...options, small: undefined };
  return await small.alone(() => downloadLatest(sessions, file, alone));
}

/** Begins again with the version that there is when the file changes meanwhile. */
async function downloadLatest(
  sessions: Sessions,
  file: StoredFile,
  options: RetrieveFileOptions & { path: string },
): Promise<Downloaded> {
  for (let present = file, changes = 0;;) {
    try {
      return await downloadVersion(sessions, present, options);
    } catch (error) {
      const hasChanged = error instanceof Refusal && error.code === "mudou";
      if (!hasChanged || ++changes > CHANGES) throw error;
      const look = await sessions.run(
        (session) => session.fileStatus(file.name, options.signal),
        options,
      );
      present = look.file;
    }
  }
}

async function downloadVersion(
  sessions: Sessions,
  file: StoredFile,
  options: RetrieveFileOptions & { path: string },
): Promise<Downloaded> {
  const { path, force = false, inNewFolder = false, signal } = options;
  const isThere = async () => {
    const present = lookAt(path);
    if (present && await isEqual(path, present, { file, signal })) return true;
    if (present) requireReplaceable(path, present, force);
    return false;
  };
  const gathering = partPath(path, file.digest);
  if (!inNewFolder && await isThere()) {
    await Part.drop(gathering).catch(() => {});
    return { file, path, outcome: "same" };
  }
  await using part = await Part.open(gathering, options);
  const isBrought = async () => {
    if (!await isThere()) return false;
    await part.discard();
    return true;
  };
  // Who had the part before may have brought the file.
  if (!part.isNew && await isBrought()) return { file, path, outcome: "same" };
  try {
    await bring(sessions, { file, part, options });
  } catch (error) {
    if (error instanceof Refusal && error.code === "mudou") await part.restart();
    throw error;
  }
  if (await part.becomes(path, { file, replace: force })) return { file, path, outcome: "written" };
  if (await isBrought()) return { file, path, outcome: "same" };
  throw somethingElseAt(path);
}

/** Another retrieval would take the file for its own part. */
function requireNoPart(path: string): void {
  if (!isPartName(basename(path))) return;
  throw new LocalError(
    "caminho_recusado",
    `${path} is called as the part of a retrieval: choose another path with --output`,
  );
}

async function isEqual(
  path: string,
  present: Deno.FileInfo,
  { file, signal }: { file: StoredFile; signal: AbortSignal | undefined },
): Promise<boolean> {
  if (!present.isFile || present.size !== file.size) return false;
  using there = await Deno.open(path);
  return (await hashFile(there, file.size, signal)).digest() === file.digest;
}

interface Bringing {
  file: StoredFile;
  part: Part;
  options: RetrieveFileOptions;
}

/** Fills the part with all of the content, whatever breaks meanwhile. */
async function bring(sessions: Sessions, bringing: Bringing): Promise<void> {
  const { file, part, options: { small, onProgress } } = bringing;
  if (!small) return await bringAlone(sessions, bringing);
  const whole = part.isNew ? await small.retrieve(file) : null;
  if (!whole) return await small.alone(() => bringAlone(sessions, bringing));
  await part.write(whole);
  onProgress?.(file.size, file.size);
}

async function bringAlone(sessions: Sessions, { file, part, options }: Bringing): Promise<void> {
  const { signal, onProgress } = options;
  const retrieval = new Retrieval(file.name, part, {
    digest: file.digest,
    size: file.size,
    signal,
    onProgress,
  });
  retrieval.resumeAt(...await part.resume(file.size, signal));
  let resumed = retrieval.position > 0;
  for (let wrong = 0;;) {
    try {
      await sessions.run((session, advanced) => {
        advanced("receiving", retrieval.position);
        return retrieval.receive(session, advanced);
      }, options);
      return;
    } catch (error) {
      if (!(error instanceof WrongBytes)) throw error;
      await part.restart();
      // What was kept from earlier may be what is wrong, and no copy of the depot's.
      if (!resumed && ++wrong === WRONG_COPIES) throw wrongEverywhere(error);
      retrieval.startOver(resumed ? [] : error.places);
      resumed = false;
    }
  }
}

function wrongEverywhere(cause: WrongBytes): LocalError {
  return new LocalError(
    "conteudo_errado",
    `${cause.message}, from every copy tried: see status NAME, and try again later`,
    { cause },
  );
}
