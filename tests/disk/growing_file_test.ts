import { join } from "node:path";
import { Budget } from "../../lib/content/budget.ts";
import { digestOf, Sha256 } from "../../lib/content/digest.ts";
import { GrowingFile } from "../../lib/disk/growing_file.ts";
import type { Reply, Request } from "../../lib/disk/uncached/border.ts";
import { UncachedWrites } from "../../lib/disk/uncached/writes.ts";
import type { WorkerPort } from "../../lib/worker/asked_worker.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { temporaryFolder } from "./bench.ts";

const MIB = 1024 * 1024;
/** What is written through the cache before anything is written past it. */
const CACHED = 32 * MIB;
const WORKER = new URL("../../lib/disk/uncached/worker.ts", import.meta.url);

type Port = WorkerPort<Request, Reply>;

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

/** A worker whose replies are the test's. */
class FakeWorker implements Port {
  onmessage: Port["onmessage"] = null;
  onmessageerror: Port["onmessageerror"] = null;
  onerror: Port["onerror"] = null;
  readonly waiting: Request[] = [];

  constructor(private readonly replyTo: (request: Request) => Reply | null) {}

  postMessage(request: Request): void {
    const reply = this.replyTo(request);
    if (reply) queueMicrotask(() => this.answer(reply));
    else this.waiting.push(request);
  }

  answer(data: Reply): void {
    this.onmessage?.(new MessageEvent("message", { data }));
  }

  die(): void {
    this.onerror?.(new ErrorEvent("error", { message: "out of memory", cancelable: true }));
  }

  terminate(): void {}
}

/** Whether files here can be written past the cache. */
async function isPossible(): Promise<boolean> {
  await using folder = await temporaryFolder();
  await using uncached = new UncachedWrites();
  const path = join(folder.path, "probe");
  await Deno.writeTextFile(path, "");
  const file = await uncached.open(path, (await Deno.stat(path)).ino);
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
    private readonly stack: AsyncDisposableStack,
  ) {}

  static async make(start: () => Port): Promise<Growing> {
    const stack = new AsyncDisposableStack();
    const folder = stack.use(await temporaryFolder());
    const path = join(folder.path, "part");
    const handle = await Deno.open(path, { read: true, write: true, createNew: true });
    const uncached = stack.use(new UncachedWrites(start));
    const file = new GrowingFile(path, handle, 0, { earlySyncs: new Budget(1), uncached });
    stack.defer(() => file.close());
    return new Growing(path, file, stack);
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
    while (asked.writes === 0) await this.grow(MIB);
  }

  async digest(): Promise<string> {
    await this.file.sync();
    return digestOf(await Deno.readFile(this.path));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stack[Symbol.asyncDispose]();
  }
}

const ignore = !await isPossible();

Deno.test({
  name: "a large file that is written past the cache has every byte, in whatever pieces they come",
  ignore,
  async fn() {
    const asked = new Asked();
    await using growing = await Growing.make(asked.start);
    await growing.growPastCache(asked);
    const before = asked.writes;
    await growing.grow(5 * MIB);
    assertEquals(asked.writes, before + 5, "each piece is written by the worker");
    // Now and then a piece does not end with a page: what follows is not at one, until it is again.
    for (const bytes of [8192, 4097, 4095, 300_000, 1, MIB - 1, 3 * MIB + 7]) {
      await growing.grow(bytes, bytes);
    }
    assertEquals(await growing.digest(), growing.bytes.digest());
  },
});

Deno.test({
  name: "a large file that is rewound goes on from there",
  ignore,
  async fn() {
    const asked = new Asked();
    await using growing = await Growing.make(asked.start);
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
    const { ino } = await Deno.stat(path);
    assertEquals(await ask({ type: "open", file: 0, path }), { value: ino! });
    // Neither the length nor where it lies in memory is what a disk wants.
    const piece = { type: "write", file: 0, slot: 0, bytes: 1000, position: 3 } as const;
    assertEquals(await ask(piece), { value: null });
    assertEquals(await ask({ type: "close", file: 0 }), { value: null });
    worker.terminate();
    const written = await Deno.readFile(path);
    assertEquals(written.length, 1003);
    assert(written.subarray(3).every((byte) => byte === 7));
  },
});

Deno.test("where files cannot be written past the cache they are written through it", async () => {
  const asked: string[] = [];
  const worker = new FakeWorker(({ type }) => {
    asked.push(type);
    return type === "open"
      ? { error: { name: "Error", message: "invalid argument", code: "EINVAL" } }
      : { value: null };
  });
  await using growing = await Growing.make(() => worker);
  await growing.grow(CACHED + 3 * MIB);
  assertEquals(await growing.digest(), growing.bytes.digest());
  assertEquals(asked, ["share", "open"]);
});

Deno.test("what another process put at the path is not written to", async () => {
  const opened: string[] = [];
  const worker = new FakeWorker(({ type }) => {
    opened.push(type);
    return { value: type === "open" ? 1 : null };
  });
  await using growing = await Growing.make(() => worker);
  await growing.grow(CACHED + 3 * MIB);
  assertEquals(await growing.digest(), growing.bytes.digest());
  assertEquals(opened, ["share", "open", "close"]);
});

/** A file whose worker answers all but writes. */
async function withSlowWrites(
  work: (growing: Growing, worker: FakeWorker) => Promise<void>,
): Promise<void> {
  let inode: number | null = null;
  const worker = new FakeWorker(({ type }) =>
    type === "write" ? null : { value: type === "open" ? inode : null }
  );
  await using growing = await Growing.make(() => worker);
  inode = (await Deno.stat(growing.path)).ino;
  await growing.grow(CACHED);
  while (worker.waiting.length === 0) await growing.grow(MIB);
  await work(growing, worker);
}

Deno.test("a write that fails fails the next one, and the sync, with its code", () =>
  withSlowWrites(async (growing, worker) => {
    await growing.grow(MIB);
    const full = { name: "Error", message: "no space left on device", code: "ENOSPC" };
    worker.answer({ error: full });
    worker.answer({ value: null });
    await assertRejects(() => growing.file.sync(), Error, "no space left");
    const error = await assertRejects(() => growing.grow(MIB), Error, "no space left");
    assertEquals((error as Error & { code: string }).code, "ENOSPC");
  }));

Deno.test("a worker that dies fails what it had", () =>
  withSlowWrites(async (growing, worker) => {
    worker.die();
    await assertRejects(() => growing.file.sync(), Error, "died (out of memory)");
    await assertRejects(() => growing.grow(MIB), Error, "died (out of memory)");
  }));

Deno.test("after a worker that died, the next file gets another", async () => {
  const workers: FakeWorker[] = [];
  await using folder = await temporaryFolder();
  const { ino } = await Deno.stat(folder.path);
  await using uncached = new UncachedWrites(() => {
    const worker = new FakeWorker(({ type }) => ({ value: type === "open" ? ino : null }));
    return workers[workers.push(worker) - 1]!;
  });
  const opened = () => uncached.open(folder.path, ino);
  assert(await opened() && await opened());
  assertEquals(workers.length, 1);
  workers[0]!.die();
  assert(await opened());
  assertEquals(workers.length, 2);
});

Deno.test("a write past the cache is begun at once, so that its bytes can be hashed meanwhile", () =>
  withSlowWrites(async (growing, worker) => {
    const before = worker.waiting.length;
    const written = growing.file.write(new Uint8Array(MIB));
    assertEquals(worker.waiting.length, before + 1);
    await written;
    for (let left = before + 1; left > 0; left--) worker.answer({ value: null });
    await growing.file.sync();
  }));

Deno.test("no more than 8 MiB wait for a disk at a time", () =>
  withSlowWrites(async (growing, worker) => {
    while (worker.waiting.length < 8) await growing.grow(MIB);
    let grown = false;
    const growingOn = growing.grow(MIB).then(() => grown = true);
    await Deno.stat(growing.path);
    assert(!grown && worker.waiting.length === 8);
    worker.answer({ value: null });
    await growingOn;
    assertEquals(worker.waiting.length, 9);
    for (let left = 8; left > 0; left--) worker.answer({ value: null });
    await growing.file.sync();
  }));
