import { join } from "node:path";
import { Budget } from "../../lib/content/budget.ts";
import { digestOf, Sha256 } from "../../lib/content/digest.ts";
import { GrowingFile } from "../../lib/disk/growing_file.ts";
import type { Reply, Request } from "../../lib/disk/uncached/border.ts";
import { type UncachedOptions, UncachedWrites } from "../../lib/disk/uncached/writes.ts";
import type { WorkerPort } from "../../lib/worker/asked_worker.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { Unreachable } from "../../lib/disk/mod.ts";
import { FakePort } from "../worker/fake_port.ts";
import { temporaryFolder } from "./bench.ts";

const MIB = 1024 * 1024;
/** What is written through the cache before anything is written past it. */
const CACHED = 32 * MIB;
const WORKER = new URL("../../lib/disk/uncached/worker.ts", import.meta.url);

type Port = WorkerPort<Request, Reply>;

const isPossible = () => Promise.resolve(true);
/** What would be a file's identity. */
const SOME = { dev: 1, ino: 1 };

/** The real worker, and what it was asked. */
class Asked {
  readonly requests: Request[] = [];
  readonly start = (): Port => {
    const worker = new Worker(WORKER, { type: "module" });
    const post = worker.postMessage.bind(worker);
    worker.postMessage = (request: Request) => {
      this.requests.push(request);
      post(request);
    };
    return worker;
  };

  get writes(): number {
    return this.requests.filter(({ type }) => type === "write").length;
  }
}

/** A worker that replies as it is told, at once or later. */
class FakeWorker extends FakePort<Request, Reply> {
  readonly waiting: Request[] = [];
  readonly asked: string[] = [];
  #answered = 0;

  constructor(private readonly replyTo: (request: Request) => Reply | "later" = () => null) {
    super();
  }

  postMessage(request: Request): void {
    this.asked.push(request.type);
    const reply = this.replyTo(request);
    if (reply === "later") this.waiting.push(request);
    else queueMicrotask(() => this.reply(reply));
  }

  /** Answers what waits. */
  go(): void {
    while (this.#answered < this.waiting.length) this.answerNext(null);
  }

  answerNext(data: Reply): void {
    this.#answered++;
    this.reply(data);
  }
}

/** Whether files here can be written past the cache. */
async function isPossibleHere(): Promise<boolean> {
  await using folder = await temporaryFolder();
  await using uncached = new UncachedWrites();
  const path = join(folder.path, "probe");
  await Deno.writeTextFile(path, "");
  const file = await uncached.open(path, await Deno.stat(path));
  await file?.close();
  return file !== null;
}

/** A file of its own that grows, and what it should be. */
class Growing implements AsyncDisposable {
  readonly bytes = new Sha256();
  #turn = 0;

  private constructor(
    readonly path: string,
    readonly file: GrowingFile,
    readonly uncached: UncachedWrites,
    private readonly stack: AsyncDisposableStack,
  ) {}

  static async make(options: UncachedOptions): Promise<Growing> {
    const stack = new AsyncDisposableStack();
    const folder = stack.use(await temporaryFolder());
    const path = join(folder.path, "part");
    const handle = await Deno.open(path, { read: true, write: true, createNew: true });
    const uncached = stack.use(new UncachedWrites(options));
    const file = new GrowingFile(path, handle, 0, { earlySyncs: new Budget(1), uncached });
    stack.defer(() => file.close());
    return new Growing(path, file, uncached, stack);
  }

  /** Writes so many bytes, no two pieces alike. */
  async grow(bytes: number, piece = MIB): Promise<void> {
    const buffer = new Uint8Array(piece);
    for (let left = bytes; left > 0; left -= piece) {
      const part = buffer.subarray(0, Math.min(left, piece)).fill(++this.#turn % 251);
      this.bytes.update(part);
      await this.file.write(part);
      // The buffer is the caller's again.
      part.fill(255);
    }
  }

  /** Grows until bytes are written past the cache. */
  async growPastCache(asked: Asked): Promise<void> {
    await this.grow(CACHED);
    await this.growUntil(() => asked.writes > 0);
  }

  async growUntil(isSo: () => boolean): Promise<void> {
    for (let left = 200; !isSo(); left--) {
      assert(left > 0, "nothing is written past the cache");
      await this.grow(MIB);
    }
  }

  async digest(): Promise<string> {
    await this.file.sync();
    return digestOf(await Deno.readFile(this.path));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stack[Symbol.asyncDispose]();
  }
}

const ignore = !await isPossibleHere();

Deno.test({
  name: "a large file that is written past the cache has every byte, in whatever pieces they come",
  ignore,
  async fn() {
    const asked = new Asked();
    await using growing = await Growing.make(asked);
    await growing.growPastCache(asked);
    const before = asked.writes;
    await growing.grow(5 * MIB);
    assertEquals(asked.writes, before + 5, "each piece is written by the worker");
    // What does not begin or end with a page leaves the rest to the worker all the same.
    for (const bytes of [8192, 4097, 4095, 300_000, 1, MIB - 1, 3 * MIB + 7]) {
      await growing.grow(bytes, bytes);
    }
    const [odd, there] = [asked.writes, growing.file.position % 4096];
    await growing.grow(3 * MIB);
    assert(there !== 0 && asked.writes === odd + 3);
    assertEquals(await growing.digest(), growing.bytes.digest());
  },
});

Deno.test({
  name: "a large file that is rewound goes on from there",
  ignore,
  async fn() {
    const asked = new Asked();
    await using growing = await Growing.make(asked);
    await growing.growPastCache(asked);
    const { position } = growing.file;
    for (const back of [MIB, 4096 + 5]) {
      const [to, lost] = [growing.file.position, new Uint8Array(back).fill(99)];
      await growing.file.write(lost);
      await growing.file.rewind(to);
      await growing.grow(2 * MIB);
    }
    assertEquals(growing.file.position, position + 4 * MIB);
    assertEquals(await growing.file.size(), growing.file.position);
    assertEquals(await growing.digest(), growing.bytes.digest());
  },
});

Deno.test({
  name: "a disk that refuses a piece gets it through the cache",
  ignore,
  async fn() {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "part");
    await Deno.writeTextFile(path, "");
    const worker = new Worker(WORKER, { type: "module" });
    const ask = (request: Request): Promise<Reply> =>
      new Promise((resolve) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.postMessage(request);
      });
    const memory = new SharedArrayBuffer(MIB);
    new Uint8Array(memory).fill(7);
    await ask({ type: "share", memory });
    const identity = await Deno.stat(path);
    assertEquals(await ask({ type: "open", file: 0, path, identity: idOf(identity) }), null);
    // Neither the length nor where it lies in memory is what a disk wants.
    const piece = { type: "write", file: 0, slot: 0, bytes: 1000, position: 3 } as const;
    assertEquals(await ask(piece), null);
    assertEquals(await ask({ type: "close", file: 0 }), null);
    const other = join(folder.path, "other");
    await Deno.writeTextFile(other, "");
    const refused = await ask({ type: "open", file: 1, path: other, identity: idOf(identity) });
    assert(refused?.error.message.includes("another file is there"));
    worker.terminate();
    const written = await Deno.readFile(path);
    assertEquals(written.length, 1003);
    assert(written.subarray(3).every((byte) => byte === 7));
  },
});

/** What of a file's state tells it apart. */
function idOf({ dev, ino }: Deno.FileInfo): { dev: number; ino: number | null } {
  return { dev, ino };
}

const NONE = { error: { name: "Error", message: "invalid argument", code: "EINVAL" } };

Deno.test("where files cannot be written past the cache they are written through it", async () => {
  const cases: [string, UncachedOptions, string[]][] = [
    ["not on this file system", { isPossible: () => Promise.resolve(false) }, []],
    ["it cannot be told", { isPossible: () => Promise.reject(new Error("no permission")) }, []],
    ["not this file", {}, ["share", "open"]],
    ["no worker", {
      start: () => {
        throw new Error("no thread");
      },
    }, []],
  ];
  for (const [why, options, asked] of cases) {
    const worker = new FakeWorker(({ type }) => type === "open" ? NONE : null);
    await using growing = await Growing.make({ isPossible, start: () => worker, ...options });
    await growing.grow(CACHED + 3 * MIB);
    assertEquals(await growing.digest(), growing.bytes.digest(), why);
    assertEquals(worker.asked, asked, why);
  }
});

/** A file whose worker answers all but writes. */
async function withSlowWrites(
  work: (growing: Growing, worker: FakeWorker) => Promise<void>,
): Promise<void> {
  const worker = new FakeWorker(({ type }) => type === "write" ? "later" : null);
  await using growing = await Growing.make({ isPossible, start: () => worker });
  await growing.grow(CACHED);
  await growing.growUntil(() => worker.waiting.length > 0);
  try {
    await work(growing, worker);
  } finally {
    worker.go();
  }
}

Deno.test("a write that fails fails the next one, and the sync, with its code", () =>
  withSlowWrites(async (growing, worker) => {
    await growing.grow(MIB);
    worker.answerNext({ error: { name: "Error", message: "no space left", code: "ENOSPC" } });
    worker.answerNext(null);
    await assertRejects(() => growing.file.sync(), Error, "no space left");
    const error = await assertRejects(() => growing.grow(MIB), Error, "no space left");
    assertEquals((error as Error & { code: string }).code, "ENOSPC");
    await assertRejects(() => growing.file.write(new Uint8Array(5), { inPlace: true }), Error);
  }));

Deno.test("what does not end with a page is not written before what comes before it", () =>
  withSlowWrites(async (growing, worker) => {
    const { size } = await Deno.stat(growing.path);
    const written = growing.grow(5, 5);
    await Deno.stat(growing.path);
    assertEquals((await Deno.stat(growing.path)).size, size);
    worker.answerNext(null);
    await written;
    assertEquals((await Deno.stat(growing.path)).size, growing.file.position);
  }));

Deno.test("what is past the cache and a tail behind it are synced once, at the end", () =>
  withSlowWrites(async (growing, worker) => {
    const real = Deno.FsFile.prototype.syncData;
    let syncs = 0;
    Deno.FsFile.prototype.syncData = function () {
      syncs++;
      return real.call(this);
    };
    try {
      await growing.growUntil(() => worker.waiting.length === 8);
      // Where it took long until that, what went to the cache meanwhile was synced early.
      syncs = 0;
      worker.go();
      while (growing.file.position < 2 * CACHED) {
        await growing.grow(MIB);
        worker.go();
      }
      await growing.grow(5, 5);
      await growing.file.sync();
    } finally {
      Deno.FsFile.prototype.syncData = real;
    }
    assertEquals(syncs, 1);
  }));

Deno.test("a worker that dies fails what it had, and the next file gets another", async () => {
  const workers: FakeWorker[] = [];
  const start = () =>
    workers[workers.push(new FakeWorker(({ type }) => type === "write" ? "later" : null)) - 1]!;
  await using uncached = new UncachedWrites({ isPossible, start });
  const [one, other] = [await uncached.open("one", SOME), await uncached.open("other", SOME)];
  assertEquals([workers.length, await one!.take(new Uint8Array(MIB), 0)], [1, MIB]);
  workers[0]!.die("out of memory");
  await assertRejects(() => one!.settled(), Error, "died (out of memory)");
  await other!.take(new Uint8Array(MIB), 0);
  await assertRejects(() => other!.settled(), Error, "died (out of memory)");
  assert(await uncached.open("one more", SOME));
  assertEquals([workers.length, workers[0]!.ended], [2, true]);
});

Deno.test("the worker is ended with the last file, or with the disk where it stays ready", async () => {
  for (const staysReady of [false, true]) {
    const workers: FakeWorker[] = [];
    const start = () => workers[workers.push(new FakeWorker()) - 1]!;
    const uncached = new UncachedWrites({ staysReady, isPossible, start });
    const [one, other] = [await uncached.open("one", SOME), await uncached.open("other", SOME)];
    await one!.close();
    assert(!workers[0]!.ended);
    await other!.close();
    assertEquals(workers[0]!.ended, !staysReady);
    const more = await uncached.open("one more", SOME);
    assertEquals(workers.length, staysReady ? 1 : 2);
    await more!.close();
    await uncached[Symbol.asyncDispose]();
    assert(workers.every(({ ended }) => ended));
  }
});

Deno.test("who writes to a disk that was let go of is told, also when waiting for room", () =>
  withSlowWrites(async (growing, worker) => {
    await growing.growUntil(() => worker.waiting.length === 8);
    const waiting = assertRejects(() => growing.grow(MIB), Unreachable, "let go of");
    await growing.uncached[Symbol.asyncDispose]();
    await waiting;
    assert(worker.ended);
    await assertRejects(() => growing.grow(MIB), Error);
    assertEquals(await growing.uncached.open(growing.path, SOME), null);
  }));

Deno.test("a write past the cache is begun at once, so that its bytes can be hashed meanwhile", () =>
  withSlowWrites(async (growing, worker) => {
    const before = worker.waiting.length;
    const written = growing.file.write(new Uint8Array(MIB));
    assertEquals(worker.waiting.length, before + 1);
    await written;
  }));

Deno.test("no more than 8 MiB wait for a disk at a time", () =>
  withSlowWrites(async (growing, worker) => {
    await growing.growUntil(() => worker.waiting.length === 8);
    const growingOn = growing.grow(MIB);
    await Deno.stat(growing.path);
    assertEquals(worker.waiting.length, 8);
    worker.answerNext(null);
    await growingOn;
    assertEquals(worker.waiting.length, 9);
  }));
