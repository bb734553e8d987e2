/** Other names for files, and what was removed brought back. */
import {
  BadPeer,
  encode,
  PAGE_ITEMS,
  Refusal,
  REPLIES,
  REQUESTS,
  requireName,
} from "../protocol/mod.ts";
import type { ListOptions, RequestOptions } from "./options.ts";
import { readReply } from "./peer.ts";
import { fileOfContent, type RemovedFile, requireTime, type StoredFile } from "./records.ts";
import { comesAfter, type Session } from "./session.ts";
import type { Sessions } from "./sessions.ts";

/** How to rename. */
export interface RenameOptions extends RequestOptions {
  /** Files that have such a name are replaced, as if they had been removed. */
  force?: boolean;
}

/**
 * How a rename went. `null`: the answer was lost, and then nothing had the old name any more and
 * something the new one.
 */
export interface Renamed {
  /** Files that have another name now. */
  files: number | null;
  /** Files that were replaced, and can be restored. */
  replaced: number | null;
}

/** How to restore. */
export interface RestoreOptions extends RequestOptions {
  /** Of the removed versions of the name; the last one when not given. */
  version?: number | undefined;
  /** A file of that name is replaced, as if it had been removed. */
  force?: boolean;
}

/**
 * Gives a file another name, or every file of a folder when both names end in `/`: all of them, or
 * none when it throws. Throws `nao_encontrado`, and `nome_em_uso` when a file has such a name.
 */
export function rename(
  sessions: Sessions,
  from: string,
  to: string,
  { force = false, signal }: RenameOptions = {},
): Promise<Renamed> {
  let attempts = 0;
  return sessions.run(async (session) => {
    attempts++;
    try {
      return await session.run(signal, () => askRename(session, { from, to, replace: force }));
    } catch (error) {
      const gone = error instanceof Refusal && error.code === "nao_encontrado";
      // The answer to an earlier attempt may have been lost.
      if (!gone || attempts === 1 || !await isThere(session, to, signal)) throw error;
      return { files: null, replaced: null };
    }
  }, { signal });
}

/** Whether there is a file of that name, or in that folder. */
async function isThere(session: Session, name: string, signal?: AbortSignal): Promise<boolean> {
  if (name.endsWith("/")) return (await session.page({ prefix: name, signal })).files.length > 0;
  try {
    await session.fileStatus(name, signal);
    return true;
  } catch (error) {
    if (error instanceof Refusal && error.code === "nao_encontrado") return false;
    throw error;
  }
}

/** What can be restored, ascending by name and then by version. */
export async function* listRemoved(
  sessions: Sessions,
  { prefix = "", signal }: ListOptions = {},
): AsyncGenerator<RemovedFile> {
  let last: RemovedFile | null = null;
  for (let more = true; more;) {
    const query: RemovedPageQuery = { prefix, last };
    const page: RemovedPage = await sessions.run(
      (session) => session.run(signal, () => askRemoved(session, query)),
      { signal },
    );
    yield* page.files;
    last = page.files.at(-1) ?? last;
    more = page.more;
  }
}

/**
 * Makes a removed file the file of its name again. Throws `nao_encontrado` when there is none, and
 * `nome_em_uso` when a file has the name.
 */
export async function restore(
  sessions: Sessions,
  name: string,
  { version, force = false, signal }: RestoreOptions = {},
): Promise<StoredFile> {
  requireName(name);
  const wanted = await findRemoved(sessions, name, { version, signal });
  let attempts = 0;
  return await sessions.run(async (session) => {
    attempts++;
    try {
      const request = { version: wanted.version, replace: force, name };
      return await session.run(signal, () => askRestore(session, request));
    } catch (error) {
      if (!(error instanceof Refusal) || attempts === 1) throw error;
      // The answer to an earlier attempt may have been lost.
      const { file } = await session.fileStatus(name, signal).catch(() => ({ file: null }));
      if (file?.digest !== wanted.digest) throw error;
      return file;
    }
  }, { signal });
}

/** The removed version that is meant. */
async function findRemoved(
  sessions: Sessions,
  name: string,
  { version, signal }: Pick<RestoreOptions, "version" | "signal">,
): Promise<RemovedFile> {
  let found: RemovedFile | null = null;
  for await (const file of listRemoved(sessions, { prefix: name, signal })) {
    if (file.name !== name) break;
    if (version === undefined || file.version === version) found = file;
  }
  if (found) return found;
  const which = version === undefined ? "no removed file" : `no removed version ${version}`;
  throw new Refusal("nao_encontrado", `There is ${which} of that name, or it is not kept any more`);
}

async function askRename(
  { connection }: Session,
  request: { from: string; to: string; replace: boolean },
): Promise<Renamed> {
  for (const name of [request.from, request.to]) requireName(name.replace(/(?<!^)\/$/, ""));
  await connection.writeLine(encode(REQUESTS.rename, request));
  return await readReply(connection, REPLIES.renamed);
}

async function askRestore(
  { connection }: Session,
  request: { version: number; replace: boolean; name: string },
): Promise<StoredFile> {
  await connection.writeLine(encode(REQUESTS.restore, request));
  const line = await readReply(connection, REPLIES.file);
  if (line.name !== request.name) throw new BadPeer("The depot restored another file");
  return fileOfContent(line.name, line);
}

interface RemovedPageQuery {
  prefix: string;
  /** The page begins after this one. */
  last: RemovedFile | null;
}

interface RemovedPage {
  files: RemovedFile[];
  more: boolean;
}

async function askRemoved(
  { connection }: Session,
  { prefix, last }: RemovedPageQuery,
): Promise<RemovedPage> {
  await connection.writeLine(encode(REQUESTS.listRemoved, {
    after: last?.name ?? null,
    afterVersion: last?.version ?? null,
    limit: PAGE_ITEMS,
    prefix: prefix || null,
  }));
  const { count, more } = await readReply(connection, REPLIES.items);
  if (count > PAGE_ITEMS) throw new BadPeer(`The depot announced ${count} files in a page`);
  if (more && count === 0) throw new BadPeer("The depot sent an empty page");
  const files: RemovedFile[] = [];
  while (files.length < count) {
    const line = await readReply(connection, REPLIES.removedFile);
    const file = {
      ...fileOfContent(line.name, line),
      removedAt: requireTime(line.removedAt),
      keptUntil: requireTime(line.keptUntil),
    };
    if (!file.name.startsWith(prefix) || !isAfter(file, files.at(-1) ?? last)) {
      throw new BadPeer("The depot listed a removed file that does not belong there");
    }
    files.push(file);
  }
  return { files, more };
}

function isAfter(file: RemovedFile, last: RemovedFile | null): boolean {
  if (!last) return true;
  if (file.name === last.name) return file.version > last.version;
  return comesAfter(file.name, last.name);
}
