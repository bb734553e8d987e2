/**
 * Writes that go from the program's memory to the disk and not through the system's (`O_DIRECT`):
 * nothing has to be found, filled and written out again there, which can be most of what a write
 * costs, and a large file that nobody reads soon does not take the place of what is read. What was
 * written so is durable with the file's sync, as ever.
 */
import { constants } from "node:fs";
import { statfs } from "node:fs/promises";
import { Budget } from "../../content/budget.ts";
import { AskedWorker, beforeLeaving, type WorkerPort } from "../../worker/asked_worker.ts";
import { restoreError } from "../../worker/packed_error.ts";
import { PAGE_BYTES, type Reply, type Request, SLOT_BYTES } from "./border.ts";

/** So many pieces of a disk's files are written, or wait for it, at once. */
const SLOTS = 8;
const WASM_PAGE_BYTES = 64 * 1024;
/** What Linux calls file systems of which there is nothing but the cache: tmpfs and ramfs. */
const IN_MEMORY: readonly number[] = [0x01021994, 0x858458f6];

type Asked = AskedWorker<Request, Reply>;

/** Bytes that the worker can read, until it is disposed. */
type Piece = Disposable & { slot: number; bytes: number };

/** The uncached writes of one disk. The worker is started for the first file, and after it died. */
export class UncachedWrites implements AsyncDisposable {
  readonly #start: () => WorkerPort<Request, Reply>;
  readonly #slots = new Budget(SLOTS);
  readonly #free = Array.from({ length: SLOTS }, (_, slot) => slot);
  #memory: SharedArrayBuffer | undefined;
  #worker: Asked | null = null;
  #files = 0;
  #isOver = false;

  constructor(start: () => WorkerPort<Request, Reply> = startWorker) {
    this.#start = start;
  }

  /**
   * The file of `inode` at `path`; `null` where it cannot be written so: the system or the file
   * system has no such writes, the worker cannot be had, or another file is there.
   */
  async open(path: string, inode: number | null): Promise<UncachedFile | null> {
    try {
      if (this.#isOver || !await isPossible(path)) return null;
      const worker = await this.#running();
      const file = this.#files++;
      const found = await ask(worker, { type: "open", file, path });
      const opened = new UncachedFile(this, worker, file);
      if (found === inode) return opened;
      await opened.close();
      return null;
    } catch {
      return null;
    }
  }

  /** @internal Resolves when the worker has room for a piece. */
  room(): Disposable | Promise<Disposable> {
    return this.#slots.tryTake(1) ?? this.#slots.take(1);
  }

  /** @internal Copies `bytes` to where the worker can read them, in the `room` that there is. */
  fill(bytes: Uint8Array, room: Disposable): Piece {
    const slot = this.#free.pop()!;
    new Uint8Array(this.#shared(), slot * SLOT_BYTES, bytes.length).set(bytes);
    return {
      slot,
      bytes: bytes.length,
      [Symbol.dispose]: () => {
        this.#free.push(slot);
        room[Symbol.dispose]();
      },
    };
  }

  /** Waits for what the worker is doing, but not for ever: its disk may hang. Then ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    if (!this.#worker) return;
    await beforeLeaving(this.#slots.take(SLOTS));
    this.#worker.end();
  }

  async #running(): Promise<Asked> {
    if (this.#worker && !this.#worker.death) return this.#worker;
    const worker = this.#worker = new AskedWorker<Request, Reply>(this.#start(), diedOf);
    await ask(worker, { type: "share", memory: this.#shared() });
    return worker;
  }

  /** A disk takes bytes only from whole pages of memory, and a WebAssembly memory consists of pages. */
  #shared(): SharedArrayBuffer {
    const pages = SLOTS * SLOT_BYTES / WASM_PAGE_BYTES;
    return this.#memory ??= new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
      .buffer as unknown as SharedArrayBuffer;
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
    const most = Math.min(bytes.length, SLOT_BYTES);
    const whole = most - most % PAGE_BYTES;
    if (whole === 0 || position % PAGE_BYTES !== 0) return null;
    const room = this.#writes.room();
    // Where there is some, the write is begun before this returns.
    const piece = this.#writes.fill(
      bytes.subarray(0, whole),
      room instanceof Promise ? await room : room,
    );
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
    await ask(this.#worker, { type: "close", file: this.#file });
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

/** As far as it can be told before the file is opened. */
async function isPossible(path: string): Promise<boolean> {
  if ((constants as { O_DIRECT?: number }).O_DIRECT === undefined) return false;
  return !IN_MEMORY.includes((await statfs(path)).type);
}

async function ask(worker: Asked, request: Request): Promise<number | null> {
  const reply = await worker.ask(request);
  if ("error" in reply) throw restoreError(reply.error);
  return reply.value;
}

function startWorker(): WorkerPort<Request, Reply> {
  return new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "uncached" });
}

function diedOf(why: string): Error {
  return new Error(`Could not write: the worker that does it died (${why})`);
}
