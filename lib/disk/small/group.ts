/**
 * A group of small contents, made durable together. For each the order is that of every content
 * (../part_writer.ts); what the disk can do for several at once is done at once: their syncs side by
 * side, and one sync for a folder that several got their names in. Everything else is called in
 * place, because it costs less than to wake a thread for it, and nothing of it between two syncs:
 * those that begin together wake fewer threads.
 */
import { packError } from "../../worker/packed_error.ts";
import { createAnewSync } from "../durable.ts";
import { diskError, isAbsence } from "../errors.ts";
import type { Layout } from "../layout.ts";
import type { Outcome, SmallContent } from "./border.ts";
import type { KeptFolders } from "./kept_folders.ts";

/** What a group needs of its disk. */
export interface GroupDisk {
  layout: Layout;
  folders: KeptFolders;
}

/** The syncs of the folders that the group's names are in. */
type Shards = Map<string, () => Promise<void>>;

/** Resolves to what became of each; one that fails fails alone. */
export async function commitGroup(disk: GroupDisk, contents: SmallContent[]): Promise<Outcome[]> {
  const steps = contents.map((content) => new Steps(disk, content));
  const shards: Shards = new Map();
  for (const one of steps) await one.take(() => one.write());
  await Promise.all(steps.map((one) => one.take(() => one.sync())));
  for (const one of steps) await one.take(() => one.rename());
  for (const one of steps) await one.take(() => one.openShard(shards));
  await Promise.all(steps.map((one) => one.take(() => one.syncShard(shards))));
  return steps.map((one) => one.outcome());
}

/** The steps of one content, none after one that failed. */
class Steps {
  readonly #shard: string;
  readonly #part: string;
  readonly #target: string;
  readonly #folders: KeptFolders;
  #file: Deno.FsFile | null = null;
  #failure: { cause: unknown } | null = null;

  constructor({ layout, folders }: GroupDisk, private readonly content: SmallContent) {
    this.#shard = layout.shard(content.digest);
    this.#part = layout.part(content.id);
    this.#target = layout.content(content.digest);
    this.#folders = folders;
  }

  /** Takes the next step, unless one has failed. */
  async take(step: () => void | Promise<void>): Promise<void> {
    if (this.#failure) return;
    try {
      await step();
    } catch (cause) {
      this.#failure = { cause };
      this.#close();
    }
  }

  write(): void {
    this.#file = createAnewSync(this.#part);
    const { bytes } = this.content;
    for (let done = 0; done < bytes.length;) done += this.#file.writeSync(bytes.subarray(done));
  }

  async sync(): Promise<void> {
    await this.#file!.syncData();
    this.#close();
  }

  rename(): void {
    Deno.renameSync(this.#part, this.#target);
  }

  /** After the last rename of the group, so that the folder is the one that has the names. */
  openShard(shards: Shards): void {
    if (!shards.has(this.#shard)) shards.set(this.#shard, this.#folders.open(this.#shard));
  }

  async syncShard(shards: Shards): Promise<void> {
    await shards.get(this.#shard)!();
  }

  outcome(): Outcome {
    if (!this.#failure) return { value: "durable" };
    const { cause } = this.#failure;
    if (isAbsence(cause)) return { value: "left" };
    return { error: packError(diskError(`commit ${this.#part}`, cause)) };
  }

  #close(): void {
    this.#file?.close();
    this.#file = null;
  }
}
