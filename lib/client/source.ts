/** What is deposited: a file, or a stream that can be read once. */
import { isAbsolute } from "node:path";
import { digestOf } from "../content/digest.ts";
import { BLOCK_BYTES } from "../protocol/mod.ts";
import { LocalError } from "./errors.ts";
import { type Pace, REAL_PACE } from "./pace.ts";

/** Something to deposit. */
export interface Source {
  /** Bytes; `null`: known only at the end. */
  readonly size: number | null;
  /** Milliseconds since 1970. */
  readonly modifiedAt: number | null;
  readonly executable: boolean;
  /** Whether it cannot be opened (again), because its bytes have been read. */
  readonly spent: boolean;
  /** Tells this state of it from any other, so that a deposit is resumed; `null`: nothing does. */
  readonly identity: string | null;
  /** Aborting `signal` ends a read that waits for a stream. */
  open(signal?: AbortSignal): Promise<SourceReader>;
}

/** An open source. */
export interface SourceReader extends Disposable {
  /** Reads from there on. */
  seek(position: number): Promise<void>;
  /** Fills `target` as far as it can, and resolves to how many bytes; 0 at the end. */
  read(target: Uint8Array): Promise<number>;
  /** Throws `arquivo_mudou` when the source is not any more what it was when it was opened. */
  check(): Promise<void>;
}

/** A regular file, as it is now. Throws `arquivo_invalido`, or what the system says. */
export async function fileSource(path: string): Promise<Source> {
  if (!isAbsolute(path)) throw new TypeError(`Expected an absolute path: ${path}`);
  const info = await Deno.stat(path);
  if (!info.isFile) {
    throw new LocalError(
      "arquivo_invalido",
      `${path} is neither a file nor a folder: leave it out`,
    );
  }
  return new FileSource(path, info);
}

class FileSource implements Source {
  readonly size: number;
  readonly modifiedAt: number | null;
  readonly executable: boolean;
  readonly spent = false;
  readonly identity: string;
  #path: string;

  constructor(path: string, info: Deno.FileInfo) {
    this.#path = path;
    this.size = info.size;
    this.modifiedAt = info.mtime ? Math.max(0, info.mtime.getTime()) : null;
    this.executable = Deno.build.os !== "windows" && ((info.mode ?? 0) & 0o100) !== 0;
    this.identity = `${path}\0${info.size}\0${info.mtime?.getTime()}`;
  }

  async open(): Promise<SourceReader> {
    const file = await Deno.open(this.#path);
    const reader = new FileReader(file, this.#path, this);
    try {
      await reader.check();
    } catch (error) {
      reader[Symbol.dispose]();
      throw error;
    }
    return reader;
  }
}

class FileReader implements SourceReader {
  #file: Deno.FsFile;
  #path: string;
  #expected: FileSource;

  constructor(file: Deno.FsFile, path: string, expected: FileSource) {
    this.#file = file;
    this.#path = path;
    this.#expected = expected;
  }

  async seek(position: number): Promise<void> {
    await this.#file.seek(position, Deno.SeekMode.Start);
  }

  async read(target: Uint8Array): Promise<number> {
    let filled = 0;
    while (filled < target.length) {
      const count = await this.#file.read(target.subarray(filled));
      if (count === null) break;
      filled += count;
    }
    return filled;
  }

  async check(): Promise<void> {
    const { size, mtime } = await this.#file.stat();
    const modifiedAt = mtime ? Math.max(0, mtime.getTime()) : null;
    if (size === this.#expected.size && modifiedAt === this.#expected.modifiedAt) return;
    throw changed(this.#path);
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** What to throw when a file is not what it was. */
export function changed(path: string): LocalError {
  return new LocalError("arquivo_mudou", `${path} changed while it was read: deposit it again`);
}

/**
 * A slow stream gives away a byte this often, in milliseconds, of those that are held back: a
 * transfer in which nothing moves for 30 seconds is over.
 */
const TRICKLE_MS = 10_000;

const A_DAY_MS = 86_400_000;

/** A stream of unknown length, such as standard input. It can be opened once. */
export function streamSource(
  stream: { read(target: Uint8Array): Promise<number | null> },
  pace: Pace = REAL_PACE,
): Source {
  let spent = false;
  return {
    size: null,
    modifiedAt: null,
    executable: false,
    identity: null,
    get spent() {
      return spent;
    },
    open(signal) {
      if (spent) throw new LocalError("envio_unico", "Standard input can be read only once");
      spent = true;
      return Promise.resolve(new StreamReader(stream, { pace, signal }));
    },
  };
}

class StreamReader implements SourceReader {
  #stream: { read(target: Uint8Array): Promise<number | null> };
  #pace: Pace;
  #signal: AbortSignal | undefined;
  #held = new Uint8Array(BLOCK_BYTES);
  #part = new Uint8Array(64 * 1024);
  #start = 0;
  #end = 0;
  #ended = false;
  #coming: Promise<void> | null = null;

  constructor(
    stream: { read(target: Uint8Array): Promise<number | null> },
    options: { pace: Pace; signal: AbortSignal | undefined },
  ) {
    this.#stream = stream;
    this.#pace = options.pace;
    this.#signal = options.signal;
  }

  seek(position: number): Promise<void> {
    if (position !== 0) throw new TypeError("A stream is read from its start");
    return Promise.resolve();
  }

  async read(target: Uint8Array): Promise<number> {
    const until = this.#pace.now() + TRICKLE_MS;
    while (!this.#ended && this.#end - this.#start < target.length) {
      this.#coming ??= this.#more();
      if (!await this.#arrives(until)) return this.#take(target, 1);
    }
    return this.#take(target, target.length);
  }

  check(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.dispose](): void {
    this.#coming?.catch(() => {});
  }

  /** Whether more came before `until`; for ever when there is nothing to give away meanwhile. */
  async #arrives(until: number): Promise<boolean> {
    const idle = this.#end === this.#start;
    const wait = idle ? A_DAY_MS : Math.max(0, until - this.#pace.now());
    const timer = new AbortController();
    const signal = AbortSignal.any([timer.signal, ...this.#signal ? [this.#signal] : []]);
    const late = this.#pace.sleep(wait, signal).then(() => idle);
    try {
      return await Promise.race([this.#coming!.then(() => true), late]);
    } finally {
      late.catch(() => {});
      timer.abort();
    }
  }

  async #more(): Promise<void> {
    const room = this.#held.length - (this.#end - this.#start);
    const part = this.#part.subarray(0, Math.min(this.#part.length, room));
    const count = await this.#stream.read(part);
    this.#coming = null;
    if (count === null) this.#ended = true;
    else this.#append(part.subarray(0, count));
  }

  #append(part: Uint8Array): void {
    if (this.#start > 0) {
      this.#held.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    this.#held.set(part, this.#end);
    this.#end += part.length;
  }

  #take(target: Uint8Array, most: number): number {
    const count = Math.min(most, target.length, this.#end - this.#start);
    target.set(this.#held.subarray(this.#start, this.#start + count));
    this.#start += count;
    return count;
  }
}

/**
 * The identifier of a deposit that a client which was started again finds as well: a UUID made of
 * SHA-256 over what is deposited, where, by whom and under which name.
 */
export function uploadId(parts: { depot: string; owner: string; name: string; identity: string }) {
  const text = [parts.depot, parts.owner, parts.name, parts.identity].join("\0");
  const hex = digestOf(text);
  const variant = "89ab"[parseInt(hex[16]!, 16) & 3];
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}
