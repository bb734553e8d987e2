/** What is deposited, and a file as that. */
import { isAbsolute } from "node:path";
import { digestOf } from "../content/digest.ts";
import { AHEAD_BYTES } from "../protocol/mod.ts";
import { LocalError } from "./errors.ts";
import { type FileState, settledState } from "./file_state.ts";

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

/** A source that is small, and there. */
export interface SmallSource extends Source {
  readonly size: number;
  /**
   * Reads all its bytes, in place, into `target`, which has room for just them. Throws
   * `arquivo_mudou`, and what reading throws.
   */
  readInto(target: Uint8Array): void;
}

/** An open source. */
export interface SourceReader extends Disposable {
  /** Reads from there on. */
  seek(position: number): Promise<void>;
  /** Fills `target` as far as it can, and resolves to how many bytes; 0 at the end. */
  read(target: Uint8Array): Promise<number>;
  /** Throws `arquivo_mudou` when the source is not any more what it was when it was opened. */
  check(): void;
}

/** A regular file, as it is now. Throws `arquivo_invalido`, or what the system says. */
export function fileSource(path: string): FileSource {
  if (!isAbsolute(path)) throw new TypeError(`Expected an absolute path: ${path}`);
  const lookedAt = Date.now();
  const info = Deno.statSync(path);
  if (!info.isFile) {
    throw new LocalError(
      "arquivo_invalido",
      `${path} is neither a file nor a folder: leave it out`,
    );
  }
  return new FileSource(path, info, lookedAt);
}

/** A file of this machine. */
export class FileSource implements SmallSource {
  readonly size: number;
  readonly modifiedAt: number | null;
  readonly executable: boolean;
  readonly spent = false;
  readonly identity: string;
  /** What its bytes can be known by later; `null`: by nothing, they are too new. */
  readonly state: FileState | null;
  #path: string;

  /** `info`: what the system said of it when the wall clock showed `lookedAt`. */
  constructor(path: string, info: Deno.FileInfo, lookedAt: number) {
    this.#path = path;
    this.state = settledState(info, lookedAt);
    this.size = info.size;
    this.modifiedAt = info.mtime ? Math.max(0, info.mtime.getTime()) : null;
    this.executable = Deno.build.os !== "windows" && ((info.mode ?? 0) & 0o100) !== 0;
    this.identity = `${path}\0${info.size}\0${info.mtime?.getTime()}`;
  }

  async open(): Promise<SourceReader> {
    const file = isSmall(this) ? Deno.openSync(this.#path) : await Deno.open(this.#path);
    const reader = new FileReader(file, this);
    try {
      reader.check();
    } catch (error) {
      reader[Symbol.dispose]();
      throw error;
    }
    return reader;
  }

  readInto(target: Uint8Array): void {
    using file = Deno.openSync(this.#path);
    for (let at = 0; at < target.length;) {
      const count = file.readSync(at === 0 ? target : target.subarray(at));
      if (count === null) throw changed(this.#path);
      at += count;
    }
    this.check(file);
  }

  /** Throws `arquivo_mudou` when an open file is not what this says. */
  check(file: Deno.FsFile): void {
    const { size, mtime } = file.statSync();
    const modifiedAt = mtime ? Math.max(0, mtime.getTime()) : null;
    if (size !== this.size || modifiedAt !== this.modifiedAt) throw changed(this.#path);
  }
}

/** Handing so little to a thread, and waiting for it, takes longer than reading it. */
function isSmall({ size }: FileSource): boolean {
  return size <= AHEAD_BYTES;
}

class FileReader implements SourceReader {
  #file: Deno.FsFile;
  #expected: FileSource;

  constructor(file: Deno.FsFile, expected: FileSource) {
    this.#file = file;
    this.#expected = expected;
  }

  async seek(position: number): Promise<void> {
    await this.#file.seek(position, Deno.SeekMode.Start);
  }

  async read(target: Uint8Array): Promise<number> {
    let filled = 0;
    while (filled < target.length) {
      const rest = target.subarray(filled);
      const count = isSmall(this.#expected)
        ? this.#file.readSync(rest)
        : await this.#file.read(rest);
      if (count === null) break;
      filled += count;
    }
    return filled;
  }

  check(): void {
    this.#expected.check(this.#file);
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
