/**
 * A group of small contents, made durable together. For each the order is that of every content
 * (../part_writer.ts); what the disk can do for several at once is done at once: their syncs side by
 * side, and one sync for a folder that several got their names in. Everything else is called in
 * place, because it costs less than to wake a thread for it.
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

/** Resolves to what became of each; one that fails fails alone. */
export async function commitGroup(disk: GroupDisk, contents: SmallContent[]): Promise<Outcome[]> {
  const steps = contents.map((content) => new Steps(disk, content));
  const shards = new Map<string, Promise<void>>();
  for (const one of steps) await one.take(() => one.write());
  await Promise.all(steps.map((one) => one.take(() => one.sync())));
  for (const one of steps) await one.take(() => one.rename());
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

  /** `shards`: the syncs of folders that the group has begun, after its last rename. */
  async syncShard(shards: Map<string, Promise<void>>): Promise<void> {
    const shared = shards.get(this.#shard) ?? this.#folders.sync(this.#shard);
    shards.set(this.#shard, shared);
    await shared;
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
