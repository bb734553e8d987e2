/**
 * `--store fs:/disk1,/disk2`: directories of this machine, each a place. Give each its own disk.
 *
 * A directory is recognised by the mark in it, wherever it is mounted. Where the catalog knows a
 * place and there is no mark, the place is away (an unmounted disk leaves an empty directory):
 * nothing is made there, and it joins when the mark shows up, or when the operator says that the
 * disk there is a new one.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { nameDirectories } from "./fs_directories.ts";
import { FsDirectory } from "./fs_directory.ts";
import { HANG_LIMITS, type HangLimits } from "./fs_look.ts";
import { type PlaceEvent, type Store, type StoreContext, StoreRefused } from "./store.ts";

/** How often the directories are looked at, for those that went or came back. */
const POLL_MS = 5_000;

export interface FsStoreOptions {
  /** Paths; relative ones are the working directory's. */
  directories: string[];
  context: StoreContext;
  /** Milliseconds between two looks at the directories. */
  pollMs?: number;
  limits?: HangLimits;
}

/**
 * Opens a store over directories; makes those that are missing and that the catalog does not know.
 * Throws `StoreRefused` for directories that lie in one another, belong to another depot, carry the
 * same mark, are used by another process, or cannot be made.
 */
export async function fsStore(options: FsStoreOptions): Promise<Store> {
  const { context, pollMs = POLL_MS, limits = HANG_LIMITS } = options;
  if (options.directories.length === 0) {
    throw new StoreRefused("Could not open fs: no directory was named. Write fs:DIR,DIR");
  }
  const named = await nameDirectories(options.directories);
  const directories = named.map((directory) => new FsDirectory(directory, context, limits));
  // All are looked at before anything is made: what one has decides what another may be.
  for (const directory of directories) await directory.look();
  refuseCopies(directories);
  await using opened = new AsyncDisposableStack();
  for (const directory of directories) {
    opened.use(directory);
    await directory.open(new Set(directories.flatMap(({ marked }) => marked ?? [])));
  }
  return new FsStore(directories, opened.move(), pollMs);
}

class FsStore implements Store {
  readonly kind = "fs";
  readonly #directories: FsDirectory[];
  readonly #opened: AsyncDisposableStack;
  readonly #pollMs: number;
  readonly #closing = new AbortController();
  /** Ends the wait for the next look. */
  #hurry = new AbortController();

  constructor(directories: FsDirectory[], opened: AsyncDisposableStack, pollMs: number) {
    this.#directories = directories;
    this.#opened = opened;
    this.#pollMs = pollMs;
  }

  async *places(signal: AbortSignal): AsyncGenerator<PlaceEvent> {
    const ending = AbortSignal.any([signal, this.#closing.signal]);
    for (const { place } of this.#directories) {
      if (place && !ending.aborted) yield { type: "joined", place };
    }
    if (!ending.aborted) yield { type: "ready" };
    while (true) {
      await passed(this.#pollMs, AbortSignal.any([ending, this.#hurry.signal]));
      if (ending.aborted) return;
      // Side by side: a disk that hangs keeps nobody from the others.
      const changes = this.#directories.map((one) => one.change(() => this.#joined()));
      for (const event of await Promise.all(changes)) {
        if (event && !ending.aborted) yield event;
      }
    }
  }

  async renew(address: string): Promise<string> {
    const directory = this.#directories.find((known) => known.address === address);
    if (!directory) {
      throw new StoreRefused(
        `Could not use ${address}: it is none of the directories that --store names now`,
      );
    }
    const id = await directory.renew();
    this.#hurry.abort();
    this.#hurry = new AbortController();
    return id;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#opened.disposeAsync();
  }

  #joined(): Set<string> {
    return new Set(this.#directories.flatMap(({ place }) => place?.id ?? []));
  }
}

function refuseCopies(directories: FsDirectory[]): void {
  const seen = new Map<string, FsDirectory>();
  for (const directory of directories) {
    if (directory.marked === null) continue;
    const twin = seen.get(directory.marked);
    if (twin) {
      throw new StoreRefused(
        `Could not use ${twin.given} and ${directory.given} together: both are the place ` +
          `${directory.marked}, so one is a copy of the other. Leave one of them out`,
      );
    }
    seen.set(directory.marked, directory);
  }
}

/** Waits, until `signal` aborts at the latest. */
function passed(ms: number, signal: AbortSignal): Promise<void> {
  return sleep(ms, undefined, { signal }).catch(() => {});
}
