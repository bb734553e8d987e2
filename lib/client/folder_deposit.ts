/** A folder that is deposited again costs what changed: the rest is known by its state on disk. */
import { digestOf } from "../content/digest.ts";
import { AHEAD_BYTES } from "../protocol/mod.ts";
import type { AttemptOptions } from "./deposit.ts";
import { FolderMemory, type MemoryOptions } from "./folder_memory.ts";
import type { RequestOptions } from "./options.ts";
import type { Receipt, StoredFile } from "./records.ts";
import type { SendRequest } from "./send.ts";
import type { Peer } from "./sessions.ts";
import type { SmallFiles } from "./small_files.ts";
import { type FileSource, fileSource } from "./source.ts";
import { SourceHash } from "./source_hash.ts";

/** Which files are deposited together. */
export interface FolderOptions extends RequestOptions, Pick<MemoryOptions, "onTrouble"> {
  /** Absolute. */
  folder: string;
  /** Their names begin with it and a `/`; `null`: single files, which nothing is listed for. */
  prefix: string | null;
  /** Where this machine remembers; `null`: nowhere. */
  settings: string | null;
  /** Look at the bytes of each file, whatever is remembered. */
  verify: boolean;
  /** What files of all folders share. */
  small: SmallFiles;
}

type SendFileOptions = Pick<AttemptOptions, "signal" | "onProgress">;

/** One deposit of a folder's files, each by itself. */
export class FolderDeposit {
  #small: SmallFiles;
  #memory: FolderMemory | null;
  /** What the depot had at the start; `null`: not asked. */
  #present: ReadonlyMap<string, StoredFile> | null;
  #verify: boolean;

  private constructor(
    small: SmallFiles,
    parts: Pick<FolderOptions, "verify"> & {
      memory: FolderMemory | null;
      present: ReadonlyMap<string, StoredFile> | null;
    },
  ) {
    this.#small = small;
    this.#memory = parts.memory;
    this.#present = parts.present;
    this.#verify = parts.verify;
  }

  /** Reads what is remembered, and asks the depot what it has of the folder. Throws as a request. */
  static async begin(
    { depot, id: owner }: Peer,
    list: (prefix: string) => AsyncIterable<StoredFile>,
    { folder, prefix, settings, verify, small, onTrouble }: FolderOptions,
  ): Promise<FolderDeposit> {
    const [memory, present] = await Promise.all([
      settings && FolderMemory.load(settings, { depot, owner, folder, prefix }, { onTrouble }),
      prefix === null ? null : byName(list(`${prefix}/`)),
    ]);
    return new FolderDeposit(small, { memory: memory || null, present, verify });
  }

  /**
   * Deposits a file of the folder. Its bytes are not sent when the depot has them under this name,
   * and not read when the file is as it was when that was last so. Throws as a deposit does.
   */
  async file(request: SendRequest, path: string, options: SendFileOptions): Promise<Receipt> {
    const source = fileSource(path);
    const receipt = await this.#deposit(request, source, options);
    this.#memory?.note(request.name, source.state, receipt.digest);
    if (this.#memory?.isDue) await this.#memory.save();
    return receipt;
  }

  /** Remembers what was deposited. `isAll`: everything that there is in the folder. */
  async end({ isAll }: { isAll: boolean }): Promise<void> {
    await this.#memory?.save({ isAll });
  }

  #deposit(
    request: SendRequest,
    source: FileSource,
    options: SendFileOptions,
  ): Receipt | Promise<Receipt> {
    const present = this.#present?.get(request.name);
    const digest = this.#digestOf(request.name, source, present);
    const isThere = digest !== null && digest === present?.digest && present.replicas.live > 0;
    if (isThere && isAsAsked(present, request, source)) return { ...present, unchanged: true };
    // A small file that the depot lacks goes in one round trip, in which a hash saves nothing.
    const saves = isThere || this.#present === null || source.size > AHEAD_BYTES;
    const known = new SourceHash(saves ? digest : null);
    return this.#small.deposit(request, { ...options, source, known });
  }

  /** Of a large file that is not remembered only where sending it asks for it: `null`. */
  #digestOf(
    name: string,
    source: FileSource,
    present: StoredFile | undefined,
  ): string | null {
    const remembered = this.#verify ? null : this.#memory?.recall(name, source.state) ?? null;
    if (remembered !== null || source.size > AHEAD_BYTES) return remembered;
    if (present?.size !== source.size) return null;
    const bytes = new Uint8Array(source.size);
    source.readInto(bytes);
    return digestOf(bytes);
  }
}

async function byName(files: AsyncIterable<StoredFile>): Promise<Map<string, StoredFile>> {
  const named = new Map<string, StoredFile>();
  for await (const file of files) named.set(file.name, file);
  return named;
}

/** Whether nothing is left to be changed of a file whose bytes the depot has. */
function isAsAsked(present: StoredFile, request: SendRequest, source: FileSource): boolean {
  const { live, wanted } = present.replicas;
  return (request.replicas === null || request.replicas === wanted) &&
    live >= Math.min(wanted, request.wait ?? Infinity) &&
    present.modifiedAt === source.modifiedAt && present.executable === source.executable;
}
