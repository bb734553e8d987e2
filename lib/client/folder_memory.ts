/**
 * What this machine remembers of the files of one folder that a depot has acknowledged, beside its
 * identifiers:
 *
 *     <settings>/deposited/<key>.jsonl   {"version":1,"key":KEY}
 *                                        [name,size,modifiedAt,changedAt,inode,digest]
 *                                        … a line a file, what was learned last at the end
 *
 * It saves looking at bytes and is needed for nothing: what is damaged, foreign or too large is as
 * good as absent. It is replaced as a whole, so that two clients at once leave one's or the other's.
 */
import { join } from "node:path";
import { digestOf } from "../content/digest.ts";
import { messageOf } from "./errors.ts";
import { type FileState, isSameState } from "./file_state.ts";
import { makeRoom } from "./memory_room.ts";

/** Which folder, of whom, where. */
export interface MemoryOf {
  /** The depot's identifier. */
  depot: string;
  /** The client's. */
  owner: string;
  /** Absolute. */
  folder: string;
  /** What its files' names begin with; `null`: single files, each with a name of its own. */
  prefix: string | null;
}

/** A memory is not read or written beyond it. Bytes. */
const MOST_BYTES = 128 * 1024 * 1024;

/** It is written this often while files are deposited, so that a client that is killed leaves it. */
const SAVE_EVERY_MS = 10_000;

/** And so rarely that writing takes less than one part in so many of the time. */
const REST_TIMES = 20;

interface Known {
  state: FileState;
  digest: string;
}

export interface MemoryOptions {
  /** Told why it could not be used or written: nothing is lost but time. */
  onTrouble?: ((words: string) => void) | undefined;
  /** Monotonic milliseconds. */
  now?: (() => number) | undefined;
}

/** The memory of one folder. */
export class FolderMemory {
  #path: string;
  #key: string;
  #files = new Map<string, Known>();
  #seen = new Set<string>();
  #isChanged = false;
  #options: MemoryOptions;
  #now: () => number;
  #saveAfter: number;
  #saving: Promise<void> | null = null;

  private constructor(path: string, key: string, options: MemoryOptions) {
    this.#path = path;
    this.#key = key;
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#saveAfter = this.#now() + SAVE_EVERY_MS;
  }

  /** Reads what is remembered below `settings`; never throws. */
  static async load(
    settings: string,
    of: MemoryOf,
    options: MemoryOptions = {},
  ): Promise<FolderMemory> {
    // The identifier must not be read off a file's name.
    const key = digestOf(JSON.stringify([of.depot, of.owner, of.folder, of.prefix]));
    const path = join(settings, "deposited", `${key.slice(0, 32)}.jsonl`);
    const memory = new FolderMemory(path, key, options);
    try {
      if ((await Deno.stat(path)).size > MOST_BYTES) throw new Error("it is too large");
      memory.#files = parse(await Deno.readTextFile(path), key);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) {
        memory.#tell(`${path} is not used: ${messageOf(error)}; every file is looked at`);
      }
    }
    return memory;
  }

  /** SHA-256 of the file when it was as it is now; `null`: not known. */
  recall(name: string, state: FileState | null): string | null {
    const known = this.#files.get(name);
    return known && state && isSameState(known.state, state) ? known.digest : null;
  }

  /** The depot has these bytes of the file, which was in this state before they were read. */
  note(name: string, state: FileState | null, digest: string): void {
    this.#seen.add(name);
    if (this.recall(name, state) === digest) return;
    this.#isChanged = this.#files.delete(name) || this.#isChanged;
    if (state) {
      this.#isChanged = true;
      this.#files.set(name, { state, digest });
    }
  }

  /** Whether it is time to save what was noted. */
  get isDue(): boolean {
    return this.#now() >= this.#saveAfter;
  }

  /** Writes it when it has changed; never throws. `isAll`: what was not noted is not there any more. */
  async save({ isAll } = { isAll: false }): Promise<void> {
    if (this.#saving) await this.#saving;
    if (isAll) this.#forgetUnseen();
    if (!this.#isChanged) return;
    this.#isChanged = false;
    this.#saving = this.#write();
    await this.#saving;
    this.#saving = null;
  }

  #forgetUnseen(): void {
    for (const name of this.#files.keys()) {
      if (!this.#seen.has(name)) this.#isChanged = this.#files.delete(name);
    }
  }

  async #write(): Promise<void> {
    const began = this.#now();
    this.#saveAfter = Infinity;
    const draft = `${this.#path}.${crypto.randomUUID()}`;
    try {
      const folder = join(this.#path, "..");
      await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
      await Deno.writeTextFile(draft, this.#text(), { createNew: true, mode: 0o600 });
      await Deno.rename(draft, this.#path);
      await makeRoom(folder);
    } catch (error) {
      await Deno.remove(draft).catch(() => {});
      this.#tell(
        `could not write ${this.#path}: ${messageOf(error)}; the next deposit takes longer`,
      );
    }
    const now = this.#now();
    this.#saveAfter = now + Math.max(SAVE_EVERY_MS, REST_TIMES * (now - began));
  }

  #text(): string {
    const lines = this.#files.entries().map(([name, { state, digest }]) =>
      lineOf(name, state, digest)
    )
      .toArray();
    const kept: string[] = [];
    // The oldest are forgotten first. A letter of JSON takes three bytes at most.
    for (let room = MOST_BYTES / 3; lines.length > 0 && room >= lines.at(-1)!.length;) {
      const line = lines.pop()!;
      kept.push(line);
      room -= line.length + 1;
    }
    return [JSON.stringify({ version: 1, key: this.#key }), ...kept.reverse(), ""].join("\n");
  }

  #tell(words: string): void {
    this.#options.onTrouble?.(words);
  }
}

function lineOf(name: string, state: FileState, digest: string): string {
  const { size, modifiedAt, changedAt, inode } = state;
  return JSON.stringify([name, size, modifiedAt, changedAt, inode, digest]);
}

/** Throws when anything of it is not as it is written here. */
function parse(text: string, key: string): Map<string, Known> {
  const [head = "", ...lines] = text.split("\n");
  const { version, key: written } = JSON.parse(head);
  if (version !== 1 || written !== key) throw new Error("it is another program's");
  if (lines.pop() !== "") throw new Error("its end is missing");
  return new Map(lines.map((line) => entryOf(JSON.parse(line))));
}

function entryOf(parts: unknown): [string, Known] {
  if (!Array.isArray(parts) || parts.length !== 6) throw new Error("a line is damaged");
  const [name, size, modifiedAt, changedAt, inode, digest] = parts;
  const isRight = typeof name === "string" && [size, modifiedAt].every(Number.isFinite) &&
    [changedAt, inode].every((value) => value === null || Number.isFinite(value)) &&
    typeof digest === "string" && /^[0-9a-f]{64}$/.test(digest);
  if (!isRight) throw new Error("a line is damaged");
  return [name, { state: { size, modifiedAt, changedAt, inode }, digest }];
}
