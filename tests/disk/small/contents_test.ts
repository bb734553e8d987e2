import { digestOf } from "../../../lib/content/digest.ts";
import { Layout } from "../../../lib/disk/layout.ts";
import type { Reply, Request, SmallContent } from "../../../lib/disk/small/border.ts";
import { SmallContents } from "../../../lib/disk/small/contents.ts";
import { assert, assertEquals, assertRejects } from "../../assert.ts";
import { FakePort } from "../../worker/fake_port.ts";
import { DEPOT } from "../bench.ts";

const LAYOUT = new Layout("/nowhere", DEPOT);

function contentOf(text: string): SmallContent {
  const bytes = new TextEncoder().encode(text);
  return { id: crypto.randomUUID(), digest: digestOf(bytes), bytes };
}

/** A worker that says what it was asked, and in whose place the test answers. */
class FakeWorker extends FakePort<Request, Reply> {
  #asked: Request[] = [];
  #wake = Promise.withResolvers<void>();

  postMessage(message: Request): void {
    this.#asked.push(message);
    this.#wake.resolve();
  }

  /** The next that it is asked. */
  async next(): Promise<Request> {
    while (this.#asked.length === 0) {
      this.#wake = Promise.withResolvers();
      await this.#wake.promise;
    }
    return this.#asked.shift()!;
  }

  /** Answers `open`. */
  async open(): Promise<void> {
    assertEquals(await this.next(), { type: "open", directory: "/nowhere", depot: DEPOT });
    this.answer([]);
  }

  /** How many contents it is asked to commit. */
  async commits(): Promise<number> {
    const request = await this.next();
    return request.type === "commit" ? request.contents.length : 0;
  }

  answer(outcomes: Reply["outcomes"]): void {
    this.reply({ outcomes });
  }
}

/** Small contents, the worker that is started first being the first of `workers`, and so on. */
class Bench {
  started = 0;
  /** Texts that were not the worker's. */
  readonly alone: string[] = [];
  readonly small: SmallContents;
  readonly #done = Promise.withResolvers<void>();
  readonly #busy: Promise<void>;

  constructor(workers: FakeWorker[]) {
    this.small = new SmallContents(LAYOUT, () => workers[this.started++]!);
    // As long as this one is under way, the others are not alone.
    this.#busy = this.small.commit(contentOf("busy"), () => this.#done.promise);
  }

  commit(text: string): Promise<void> {
    return this.small.commit(contentOf(text), () => {
      this.alone.push(text);
      return Promise.resolve();
    });
  }

  /** Nothing else is under way any more. */
  async calm(): Promise<void> {
    this.#done.resolve();
    await this.#busy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.calm();
    await this.small[Symbol.asyncDispose]();
  }
}

Deno.test("a content that comes alone is done without a worker", async () => {
  await using bench = new Bench([]);
  await bench.calm();
  await bench.commit("one");
  await bench.commit("another");
  assertEquals(bench.alone, ["one", "another"]);
  assertEquals(bench.started, 0);
});

Deno.test("what comes while a group is under way is the next group", async () => {
  const worker = new FakeWorker();
  {
    await using bench = new Bench([worker]);
    const first = bench.commit("first");
    await worker.open();
    assertEquals(await worker.commits(), 1);
    const others = ["full", "done", "homeless"].map((text) => bench.commit(text));
    worker.answer([{ value: "durable" }]);
    await first;
    assertEquals(await worker.commits(), 3);
    const full = { name: "Full", message: "Could not commit: no space" };
    worker.answer([{ error: full }, { value: "durable" }, { value: "left" }]);
    const reasons = (await Promise.allSettled(others)).map((one) =>
      one.status === "rejected" ? one.reason.name : "done"
    );
    assertEquals(reasons, ["Full", "done", "done"]);
    assertEquals(bench.alone, ["homeless"]);
    assertEquals(bench.started, 1);
  }
  assert(worker.ended);
});

Deno.test("a worker that dies takes its group with it, and the next group has a new one", async () => {
  const workers = [new FakeWorker(), new FakeWorker()] as const;
  await using bench = new Bench([...workers]);
  const lost = bench.commit("lost");
  await workers[0].open();
  await workers[0].commits();
  const next = bench.commit("next");
  workers[0].die("out of memory");
  await assertRejects(() => lost, Error, "died (out of memory)");
  assert(workers[0].ended);
  await workers[1].open();
  await workers[1].commits();
  workers[1].answer([{ value: "durable" }]);
  await next;
  assertEquals(bench.alone, []);
});

Deno.test("where no worker can be started every content is done alone, and none is tried again", async () => {
  const worker = new FakeWorker();
  await using bench = new Bench([worker]);
  const first = bench.commit("first");
  await worker.next();
  worker.die("Requires read access");
  await first;
  await bench.commit("second");
  assertEquals(bench.alone, ["first", "second"]);
  assertEquals(bench.started, 1);
});

Deno.test("a worker that died between two groups takes none with it", async () => {
  const workers = [new FakeWorker(), new FakeWorker()] as const;
  await using bench = new Bench([...workers]);
  const first = bench.commit("first");
  await workers[0].open();
  await workers[0].commits();
  workers[0].answer([{ value: "durable" }]);
  await first;
  workers[0].die("out of memory");
  const next = bench.commit("next");
  await workers[1].open();
  await workers[1].commits();
  workers[1].answer([{ value: "durable" }]);
  await next;
  assertEquals(bench.started, 2);
});

Deno.test("who lets go of a disk that hangs does not wait for it for ever", async () => {
  const worker = new FakeWorker();
  const bench = new Bench([worker]);
  const hung = assertRejects(() => bench.commit("hung"), Error, "died (it was ended)");
  await worker.open();
  await worker.commits();
  await bench[Symbol.asyncDispose]();
  assert(worker.ended);
  await hung;
});

Deno.test("a worker whose start throws is none that can be had", async () => {
  await using bench = new Bench([]);
  await bench.commit("first");
  await bench.commit("second");
  assertEquals(bench.alone, ["first", "second"]);
});
