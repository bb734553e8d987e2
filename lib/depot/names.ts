/** What an owner does to names: renames, removes for a while or for good, restores. */
import type { FileRecord, Keeping, RemovedRecord } from "./catalog/catalog.ts";
import { absent, type Copies, copiesOf, type Core, Refused } from "./core.ts";
import type { Keeper } from "./keeper.ts";
import { keepingOf } from "./keeping.ts";

/** Another name for a file, or with `/` at the end of both for a folder. */
export interface RenameRequest {
  owner: string;
  from: string;
  to: string;
  /** Files that have such a name are replaced. */
  replace: boolean;
  /** Bytes of a name, at most. */
  longest: number;
}

export interface RestoreRequest {
  owner: string;
  name: string;
  /** `null`: the last one. */
  version: number | null;
  /** A file of that name is replaced. */
  replace: boolean;
}

/** A part of a listing of removed files. */
export interface RemovedQuery {
  owner: string;
  prefix: string;
  after: string;
  afterVersion: number;
  limit: number;
}

/** A folder with more files is renamed in parts: this many take the catalog a second or two. */
const RENAMED_AT_ONCE = 100_000;

export class Names {
  constructor(private readonly core: Core, private readonly keeper: Keeper) {}

  /** All files or none; resolves to how many, and how many were replaced. Throws `Refused`. */
  async rename(request: RenameRequest): Promise<{ files: number; replaced: number }> {
    requireRenamable(request);
    const renaming = { ...request, most: RENAMED_AT_ONCE, ...this.#keeping() };
    const answer = await this.core.catalog.renameFiles(renaming);
    if (!("refused" in answer)) {
      for (const digest of answer.replaced) this.keeper.attend(digest);
      return { files: answer.files, replaced: answer.replaced.length };
    }
    if (answer.refused === "absent") throw absent();
    if (answer.refused === "taken") throw taken(answer.name);
    if (answer.refused === "many") {
      const most = RENAMED_AT_ONCE.toLocaleString("en");
      throw new Refused(
        "limit",
        `Refused to rename more than ${most} files at once: do it in parts`,
      );
    }
    throw new Refused(
      "bad value",
      `Refused to rename: a name would have more than ${request.longest} bytes: ${answer.name}`,
    );
  }

  /** It can be restored as long as the operator keeps removed files. Throws `Refused`. */
  async remove(
    owner: string,
    name: string,
  ): Promise<{ file: FileRecord; keptUntil: number | null }> {
    const { keeping } = this.#keeping();
    const file = await this.core.catalog.removeFile(owner, name, keeping);
    if (!file) throw absent();
    // Nothing is lost by waiting: what has few copies goes first.
    this.keeper.attend(file.digest, file.places.length);
    return { file, keptUntil: keeping?.until ?? null };
  }

  /** The file and what was removed under its name: none of it can be restored. Throws `Refused`. */
  async forget(owner: string, name: string): Promise<void> {
    const digests = await this.core.catalog.forgetFile(owner, name);
    if (!digests) throw absent();
    for (const digest of digests) this.keeper.attend(digest);
  }

  /** Throws `Refused`. */
  async restore(request: RestoreRequest): Promise<{ file: FileRecord; copies: Copies }> {
    const answer = await this.core.catalog.restoreFile({ ...request, ...this.#keeping() });
    if (answer === "absent") {
      throw new Refused("absent", "There is no such removed file, or it is not kept any more");
    }
    if (answer === "taken") throw taken(request.name);
    this.keeper.attend(answer.digest);
    return { file: answer, copies: copiesOf(answer, this.core.places) };
  }

  async removed(
    query: RemovedQuery,
  ): Promise<{ files: { file: RemovedRecord; copies: Copies }[]; more: boolean }> {
    const { files, more } = await this.core.catalog.removedFiles(query);
    return {
      files: files.map((file) => ({ file, copies: copiesOf(file, this.core.places) })),
      more,
    };
  }

  #keeping(): { keeping?: Keeping } {
    const keeping = keepingOf(this.core);
    return keeping ? { keeping } : {};
  }
}

function requireRenamable({ from, to }: RenameRequest): void {
  const isFolder = from.endsWith("/");
  const refuse = (why: string) => {
    throw new Refused("bad value", `Refused to rename: ${why}`);
  };
  if (isFolder !== to.endsWith("/")) {
    refuse("one is a file's name and the other a folder's, which ends in /");
  }
  if (from === to) refuse("both names are the same");
  if (isFolder && to.startsWith(from)) refuse("a folder cannot move into itself");
}

function taken(name: string): Refused {
  return new Refused("taken", `Refused: there is a file ${name} already`);
}
