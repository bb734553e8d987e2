/** A directory as a place: the disk's own methods, each asked through `DiskCalls`. */
import type { Disk, DiskUpload, DiskWriter, FileRange, FileReader } from "../lib/disk/mod.ts";
import type { DiskCalls } from "./fs_calls.ts";
import type { Mark, Place, PlaceReader, PlaceWriter, Room } from "./store.ts";

export interface AboutPlace {
  name: string;
  address: string;
  zone: string;
}

export class FsPlace implements Place {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly zone: string;
  readonly machine?: string;
  readonly trusted = true;
  readonly #disk: Disk;
  readonly #calls: DiskCalls;

  constructor(disk: Disk, calls: DiskCalls, { name, address, zone }: AboutPlace) {
    this.id = disk.id;
    this.name = name;
    this.address = address;
    this.zone = zone;
    const machine = machineName();
    if (machine !== undefined) this.machine = machine;
    this.#disk = disk;
    this.#calls = calls;
  }

  room(): Promise<Room> {
    return this.#calls.ask("ask", () => this.#disk.room());
  }

  async begin(upload: DiskUpload): Promise<PlaceWriter> {
    const writer = this.#disk.beginHeld(upload) ??
      await this.#calls.ask("begin", () => this.#disk.begin(upload));
    return new FsWriter(writer, this.#calls);
  }

  async get(digest: string, range: FileRange & { aside?: boolean }): Promise<PlaceReader | null> {
    const reader = await this.#calls.ask("read", () => this.#disk.get(digest, range));
    return reader && new FsReader(reader, this.#calls);
  }

  hash(
    digest: string,
    options: { prefix: Uint8Array; signal: AbortSignal },
  ): Promise<string | null> {
    const signal = AbortSignal.any([options.signal, this.#calls.left]);
    return this.#calls.ask("hash", () => this.#disk.hash(digest, { ...options, signal }));
  }

  delete(digest: string): Promise<void> {
    return this.#calls.ask("change", () => this.#disk.delete(digest));
  }

  setAside(digest: string): Promise<void> {
    return this.#calls.ask("change", () => this.#disk.setAside(digest));
  }

  asides(): ReturnType<Disk["asides"]> {
    return this.#calls.each(() => this.#disk.asides());
  }

  dropAside(digest: string): Promise<void> {
    return this.#calls.ask("change", () => this.#disk.dropAside(digest));
  }

  list(options: { after?: string; signal: AbortSignal }): ReturnType<Disk["list"]> {
    return this.#calls.each(() => this.#disk.list(options));
  }

  uploads(): ReturnType<Disk["uploads"]> {
    return this.#calls.each(() => this.#disk.uploads());
  }

  discard(uploadId: string): Promise<void> {
    return this.#calls.ask("change", () => this.#disk.discard(uploadId));
  }

  mark(): Promise<Mark | null> {
    return this.#calls.ask("ask", () => this.#disk.mark());
  }

  setMark(mark: Mark): Promise<void> {
    return this.#calls.ask("change", () => this.#disk.setMark(mark));
  }
}

class FsReader implements PlaceReader {
  readonly #reader: FileReader;
  readonly #calls: DiskCalls;

  constructor(reader: FileReader, calls: DiskCalls) {
    this.#reader = reader;
    this.#calls = calls;
  }

  get size(): number {
    return this.#reader.size;
  }

  read(target: Uint8Array): Promise<number> {
    return this.#calls.ask("read", () => this.#reader.read(target));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#calls.close(() => this.#reader[Symbol.asyncDispose](), { inPlace: true });
  }
}

class FsWriter implements PlaceWriter {
  readonly #writer: DiskWriter;
  readonly #calls: DiskCalls;
  #isCommitted = false;

  constructor(writer: DiskWriter, calls: DiskCalls) {
    this.#writer = writer;
    this.#calls = calls;
  }

  get position(): number {
    return this.#writer.position;
  }

  prefix(): AsyncGenerator<Uint8Array> {
    return this.#calls.each(() => this.#writer.prefix());
  }

  rewind(position: number): Promise<void> {
    return this.#write(() => this.#writer.rewind(position));
  }

  write(chunk: Uint8Array): Promise<void> {
    return this.#write(() => this.#writer.write(chunk));
  }

  /** Held ones are written together, the more of them the better, by a worker's own threads. */
  async commit(content: { digest: string; size: number }): Promise<void> {
    const commit = () => this.#writer.commit(content);
    const calls = this.#calls;
    await (this.#writer.isHeld ? calls.askNow("commit", commit) : calls.ask("commit", commit));
    this.#isCommitted = true;
  }

  keep(): Promise<void> {
    return this.#calls.ask("commit", () => this.#writer.keep());
  }

  /** Of what is committed nothing is open, nor anything to be dropped. */
  [Symbol.asyncDispose](): Promise<void> {
    const dispose = async () => await this.#writer[Symbol.asyncDispose]();
    return this.#isCommitted ? dispose() : this.#calls.close(dispose);
  }

  /** What is held in memory needs nothing of the disk. */
  #write(call: () => Promise<void>): Promise<void> {
    return this.#writer.isHeld ? call() : this.#calls.ask("write", call);
  }
}

/** Nothing needs the name, so its permission is not asked for. */
function machineName(): string | undefined {
  try {
    return Deno.hostname();
  } catch {
    return undefined;
  }
}
