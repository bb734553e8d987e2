/**
 * Writes that go from the program's memory to the disk and not through the system's (`O_DIRECT`):
 * nothing has to be found, filled and written out again there, which can be most of what a write
 * costs, and a large file that nobody reads soon does not take the place of what is read. What was
 * written so is durable with the file's sync, as ever.
 */
import { PAGE_BYTES, wholePages } from "../../content/page.ts";
import { type AskedWorker, beforeLeaving, type WorkerPort } from "../../worker/asked_worker.ts";
import { LazyWorker } from "../../worker/lazy_worker.ts";
import { restoreError } from "../../worker/packed_error.ts";
import { type Piece, Slots } from "../../worker/slots.ts";
import { Unreachable } from "../errors.ts";
import { type FileIdentity, type Reply, type Request, SLOT_BYTES } from "./border.ts";

/** So many pieces of a disk's files are written, or wait for it, at once. */
const SLOTS = 8;

/** What Linux calls file systems of which there is nothing but the cache: tmpfs and ramfs. */
const IN_MEMORY: readonly number[] = [0x01021994, 0x858458f6];

const WORKER = new URL("./worker.ts", import.meta.url);

type Asked = AskedWorker<Request, Reply>;

/** How files are written past the cache; the functions stand between this module and the system. */
export interface UncachedOptions {
  /** The worker stays for the next file, until all is disposed of. */
  staysReady?: boolean;
  /** Whether files at the path can be written so, as far as it can be told before one is opened. */
  isPossible?: (path: string) => Promise<boolean>;
  start?: () => WorkerPort<Request, Reply>;
}

/**
 * The uncached writes of one disk. There is a worker once a file is open; it has at most 8 MiB of
 * bytes that it has not written.
 */
export class UncachedWrites implements AsyncDisposable {
  readonly #staysReady: boolean;
  readonly #isPossible: (path: string) => Promise<boolean>;
  readonly #slots = new Slots(SLOTS, SLOT_BYTES);
  readonly #worker: LazyWorker<Request, Reply>;
  readonly #leaving = new AbortController();
  /** The next file's number. */
  #next = 0;
  /** Files that are open, or about to be. */
  #open = 0;

  constructor(
    { staysReady = false, isPossible = isPossibleAt, start = startWorker }: UncachedOptions = {},
  ) {
    this.#staysReady = staysReady;
    this.#isPossible = isPossible;
    this.#worker = new LazyWorker({
      start,
      died: diedOf,
      open: (worker) => ask(worker, { type: "share", memory: this.#slots.memory }),
    });
  }

  /**
   * The file at `path`, if it is that of `identity`; `null` where it cannot be written so: the system
   * or the file system has no such writes, or the worker cannot be had.
   */
  async open(path: string, identity: FileIdentity): Promise<UncachedFile | null> {
    this.#open++;
    try {
      const worker = await this.#isPossible(path) ? await this.#worker.get() : null;
      if (worker) {
        const file = this.#next++;
        await ask(worker, { type: "open", file, path, identity });
        return new UncachedFile(this, worker, file);
      }
    } catch {
      // As where there is no such thing.
    }
    this.closed();
    return null;
  }

  /** @internal A file is not open any more. */
  closed(): void {
    if (--this.#open > 0 || this.#staysReady) return;
    this.#worker.rest();
  }

  /** @internal Copies `bytes` to where the worker can read them, once there is room. */
  put(bytes: Uint8Array): Piece | Promise<Piece> {
    return this.#slots.put(bytes, this.#leaving.signal);
  }

  /** Waits for what the worker is doing, but not for ever: its disk may hang. Then ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#leaving.signal.aborted) return;
    this.#leaving.abort(new Unreachable("Could not write: the disk was let go of"));
    // A thread that hangs still reads its memory.
    await beforeLeaving(this.#slots.close());
    this.#worker.end();
  }
}

/** A file that is written so. Another handle of it is needed for its sync. */
export class UncachedFile {
  readonly #writes: UncachedWrites;
  readonly #worker: Asked;
  readonly #file: number;
  #last: Promise<void> = Promise.resolve();
  #failure: { cause: unknown } | null = null;

  /** `file`: the number that `worker` knows it by. */
  constructor(writes: UncachedWrites, worker: Asked, file: number) {
    this.#writes = writes;
    this.#worker = worker;
    this.#file = file;
  }

  /**
   * Takes as many of `bytes` as make whole pages, to be written at `position`, and resolves to how
   * many; the buffer is the caller's again then. `null`: these cannot be written so, and none was
   * taken. Throws what an earlier write threw: what the file has nobody knows then.
   */
  async take(bytes: Uint8Array, position: number): Promise<number | null> {
    if (this.#failure) throw this.#failure.cause;
    const whole = wholePages(Math.min(bytes.length, SLOT_BYTES));
    if (whole === 0 || position % PAGE_BYTES !== 0) return null;
    const put = this.#writes.put(bytes.subarray(0, whole));
    // Where there is room, the write is begun before this returns.
    const piece = put instanceof Promise ? await put : put;
    this.#last = this.#write(piece, position);
    return whole;
  }

  /** Resolves when what was taken is written. Throws as `take`. */
  async settled(): Promise<void> {
    await this.#last;
    if (this.#failure) throw this.#failure.cause;
  }

  /** After what was taken is written. */
  async close(): Promise<void> {
    await ask(this.#worker, { type: "close", file: this.#file }).catch(() => {});
    this.#writes.closed();
  }

  /** One that fails is told of later. */
  async #write(piece: Piece, position: number): Promise<void> {
    using held = piece;
    const { slot, bytes } = held;
    try {
      await ask(this.#worker, { type: "write", file: this.#file, slot, bytes, position });
    } catch (cause) {
      this.#failure ??= { cause };
    }
  }
}

/** Nobody is asked for a permission, and nothing is said, only to write faster. */
async function isPossibleAt(path: string): Promise<boolean> {
  // Loaded when a large file comes: it would be a tenth of a client's start.
  const { constants, statfs } = await import("node:fs/promises");
  if ((constants as { O_DIRECT?: number }).O_DIRECT === undefined) return false;
  if (!isGranted({ name: "sys", kind: "statfs" })) return false;
  if (WORKER.protocol !== "file:" || !isGranted({ name: "read", path: WORKER })) return false;
  return !IN_MEMORY.includes((await statfs(path)).type);
}

function isGranted(permission: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(permission).state === "granted";
}

async function ask(worker: Asked, request: Request): Promise<void> {
  const reply = await worker.ask(request);
  if (reply) throw restoreError(reply.error);
}

function startWorker(): WorkerPort<Request, Reply> {
  return new Worker(WORKER, { type: "module", name: "uncached" });
}

function diedOf(why: string): Error {
  return new Error(`Could not write: the worker that does it died (${why})`);
}
