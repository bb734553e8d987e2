/** One place of the store in memory, with its faults. */
import { createHash } from "node:crypto";
import {
  type AsideCopy,
  Full,
  type Mark,
  type Place,
  type ReadRange,
  type Room,
  Unreachable,
} from "../../stores/store.ts";
import { isDigest } from "../../lib/content/digest.ts";
import { MemoryReader, MemoryWriter } from "./memory_streams.ts";

export interface MemoryPlaceOptions {
  id?: string;
  name?: string;
  zone?: string;
  address?: string;
  trusted?: boolean;
  /** Bytes. */
  capacity?: number;
  /** Milliseconds of the wall clock. */
  now?: () => number;
}

/** Switches for what goes wrong at a place. All off at first, and to be changed at any time. */
export interface MemoryFaults {
  /** No byte more. */
  full?: boolean;
  /** Writes fail that would give an upload more bytes than this. */
  failWritesAfter?: number;
  /** Commits fail before anything is there. */
  failCommits?: boolean;
  /** Reads fail that would take more bytes than this from one reader. */
  failReadsAfter?: number;
  /** Deletes and moves aside fail. */
  failChanges?: boolean;
  /** The list of replicas fails at its first. */
  failLists?: boolean;
}

const CAPACITY_BYTES = 1024 ** 4;

export class MemoryPlace implements Place {
  readonly id: string;
  readonly name: string;
  readonly zone: string;
  readonly address: string;
  readonly trusted: boolean;
  readonly faults: MemoryFaults = {};
  /** Bytes; to be changed at any time. */
  capacity: number;
  /** How often it went; what was opened before it went the last time is dead. */
  generation = 0;
  /** How often a replica was opened to be read, if only in part. */
  reads = 0;
  readonly #now: () => number;
  readonly #contents = new Map<string, Uint8Array>();
  readonly #parts = new Map<string, Uint8Array>();
  readonly #writers = new Map<string, MemoryWriter>();
  /** Oldest copy first. */
  readonly #asides = new Map<string, { bytes: Uint8Array; since: number }[]>();
  #used = 0;
  #sorted: string[] | null = null;
  #mark: Mark | null = null;
  #away = false;

  constructor(options: MemoryPlaceOptions & { id: string; name: string }) {
    this.id = options.id;
    this.name = options.name;
    this.zone = options.zone ?? options.id;
    this.address = options.address ?? `memory:${options.id}`;
    this.trusted = options.trusted ?? true;
    this.capacity = options.capacity ?? CAPACITY_BYTES;
    this.#now = options.now ?? Date.now;
  }

  /** Not there: whatever is asked of it is `Unreachable`. */
  get away(): boolean {
    return this.#away;
  }

  /** The place goes. What was being written stays behind as parts, as on a disk. The store calls it. */
  leave(): void {
    this.#away = true;
    this.generation++;
    for (const [id, writer] of this.#writers) this.#parts.set(id, writer.written());
    this.#writers.clear();
  }

  /** The place is there again. The store calls it. */
  comeBack(): void {
    this.#away = false;
  }

  /** The digests of all replicas, ascending. */
  get digests(): string[] {
    return [...this.#order()];
  }

  /** The bytes of a replica as they are now. */
  bytes(digest: string): Uint8Array | undefined {
    return this.#contents.get(digest);
  }

  /** Turns over the bits of one byte of a replica; of an empty one, adds a byte. */
  corrupt(digest: string, at = 0): void {
    const old = this.#contents.get(digest);
    if (!old) throw new Error(`Could not corrupt ${digest}: it is not there`);
    const bytes = old.length > 0 ? old.slice() : new Uint8Array(1);
    bytes[at]! ^= 0xff;
    this.#put(digest, bytes);
  }

  /** Cuts a replica to its first `size` bytes. */
  truncate(digest: string, size: number): void {
    this.#put(digest, this.#contents.get(digest)!.slice(0, size));
  }

  /** Puts a replica there as if a commit had. */
  plant(digest: string, bytes: Uint8Array): void {
    this.#put(digest, bytes);
  }

  /** Takes a replica away as if it had rotted to nothing. */
  erase(digest: string): void {
    this.#take(digest);
  }

  // deno-lint-ignore require-await
  async room(): Promise<Room> {
    this.reach();
    const free = this.faults.full ? 0 : Math.max(0, this.capacity - this.#used);
    return { capacity: this.capacity, free };
  }

  async begin(
    upload: { id: string; size?: number; resume?: boolean; signal: AbortSignal },
  ): Promise<MemoryWriter> {
    upload.signal.throwIfAborted();
    this.reach();
    if (this.#writers.has(upload.id)) throw new Error(`Could not begin ${upload.id}: it is open`);
    if (!upload.resume) await this.discard(upload.id);
    const kept = this.#parts.get(upload.id) ?? new Uint8Array(0);
    const { free } = await this.room();
    if ((upload.size ?? 0) - kept.length > free) throw new Full("Could not begin: no room");
    this.#parts.delete(upload.id);
    const writer = new MemoryWriter(this, { ...upload, kept });
    this.#writers.set(upload.id, writer);
    return writer;
  }

  // deno-lint-ignore require-await
  async get(digest: string, range: ReadRange): Promise<MemoryReader | null> {
    range.signal.throwIfAborted();
    this.reach();
    checkDigest(digest);
    if (range.length !== 0) this.reads++;
    const bytes = range.aside
      ? this.#asides.get(digest)?.at(-1)?.bytes
      : this.#contents.get(digest);
    return bytes ? new MemoryReader(this, bytes, range) : null;
  }

  async hash(
    digest: string,
    { prefix, signal }: { prefix: Uint8Array; signal: AbortSignal },
  ): Promise<string | null> {
    const { reads } = this;
    await using reader = await this.get(digest, { from: 0, signal });
    this.reads = reads;
    if (!reader) return null;
    const bytes = new Uint8Array(reader.size);
    await reader.read(bytes);
    return createHash("sha256").update(prefix).update(bytes).digest("hex");
  }

  // deno-lint-ignore require-await
  async delete(digest: string): Promise<void> {
    this.#reachToChange(digest);
    this.#take(digest);
  }

  // deno-lint-ignore require-await
  async setAside(digest: string): Promise<void> {
    this.#reachToChange(digest);
    const bytes = this.#contents.get(digest);
    if (!bytes) return;
    const copies = this.#asides.get(digest) ?? [];
    this.#asides.set(digest, [...copies, { bytes, since: this.#now() }]);
    this.#take(digest);
    this.#used += bytes.length;
  }

  async *asides(): AsyncGenerator<AsideCopy> {
    this.reach();
    for (const digest of [...this.#asides.keys()].sort()) {
      const { bytes, since } = this.#asides.get(digest)!.at(-1)!;
      yield { digest, size: bytes.length, since };
    }
  }

  // deno-lint-ignore require-await
  async dropAside(digest: string): Promise<void> {
    this.#reachToChange(digest);
    for (const { bytes } of this.#asides.get(digest) ?? []) this.#used -= bytes.length;
    this.#asides.delete(digest);
  }

  async *list(
    { after = "", signal }: { after?: string; signal: AbortSignal },
  ): AsyncGenerator<{ digest: string; size: number }> {
    if (this.faults.failLists) throw new Error(`Could not list ${this.name}`);
    for (const digest of this.#order()) {
      signal.throwIfAborted();
      this.reach();
      const bytes = this.#contents.get(digest);
      if (bytes && digest > after) yield { digest, size: bytes.length };
    }
    signal.throwIfAborted();
    this.reach();
  }

  async *uploads(): AsyncGenerator<{ id: string; bytes: number }> {
    this.reach();
    for (const [id, bytes] of this.#parts) yield { id, bytes: bytes.length };
  }

  // deno-lint-ignore require-await
  async discard(uploadId: string): Promise<void> {
    this.reach();
    if (this.#writers.has(uploadId)) throw new Error(`Could not discard ${uploadId}: it is open`);
    this.#used -= this.#parts.get(uploadId)?.length ?? 0;
    this.#parts.delete(uploadId);
  }

  // deno-lint-ignore require-await
  async mark(): Promise<Mark | null> {
    this.reach();
    return this.#mark && { ...this.#mark };
  }

  // deno-lint-ignore require-await
  async setMark(mark: Mark): Promise<void> {
    this.reach();
    this.#mark = { ...mark };
  }

  /** Throws unless the place is there, and was since `generation`. */
  reach(generation = this.generation): void {
    if (this.#away || generation !== this.generation) {
      throw new Unreachable(`Could not use ${this.name}: it is away`);
    }
  }

  /** Takes room for a writer; throws `Full` without it. */
  take(bytes: number): void {
    if (this.faults.full || this.#used + bytes > this.capacity) {
      throw new Full(`Could not write to ${this.name}: no room`);
    }
    this.#used += bytes;
  }

  /** Gives a writer's room back. */
  give(bytes: number): void {
    this.#used -= bytes;
  }

  /** A writer's bytes become a replica; their room is counted already. */
  committed(digest: string, bytes: Uint8Array): void {
    checkDigest(digest);
    this.#used -= bytes.length;
    this.#put(digest, bytes);
  }

  /** A writer's bytes are kept. */
  kept(uploadId: string, bytes: Uint8Array): void {
    this.#parts.set(uploadId, bytes);
  }

  released(uploadId: string): void {
    this.#writers.delete(uploadId);
  }

  #put(digest: string, bytes: Uint8Array): void {
    this.#take(digest);
    this.#contents.set(digest, bytes);
    this.#used += bytes.length;
    this.#sorted = null;
  }

  #take(digest: string): void {
    const bytes = this.#contents.get(digest);
    if (!bytes) return;
    this.#used -= bytes.length;
    this.#contents.delete(digest);
    this.#sorted = null;
  }

  #order(): string[] {
    return this.#sorted ??= [...this.#contents.keys()].sort();
  }

  #reachToChange(digest: string): void {
    this.reach();
    checkDigest(digest);
    if (this.faults.failChanges) throw new Error(`Could not change ${digest} at ${this.name}`);
  }
}

function checkDigest(digest: string): void {
  if (!isDigest(digest)) throw new TypeError(`Could not use ${digest} as a digest`);
}
