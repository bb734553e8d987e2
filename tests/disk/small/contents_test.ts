import { digestOf } from "../../../lib/content/digest.ts";
import { Layout } from "../../../lib/disk/layout.ts";
import { Unreachable } from "../../../lib/disk/mod.ts";
import type { Reply, Request, SmallContent } from "../../../lib/disk/small/border.ts";
import { SmallContents, type SmallPort } from "../../../lib/disk/small/contents.ts";
import { assert, assertEquals, assertRejects } from "../../assert.ts";
import { DEPOT } from "../bench.ts";

const LAYOUT = new Layout("/nowhere", DEPOT);

function contentOf(text: string): SmallContent {
  const bytes = new TextEncoder().encode(text);
  return { id: crypto.randomUUID(), digest: digestOf(bytes), bytes };
}

/** A worker that says what it was asked, and in whose place the test answers. */
class FakeWorker implements SmallPort {
  onmessage: SmallPort["onmessage"] = null;
  onmessageerror: SmallPort["onmessageerror"] = null;
  onerror: SmallPort["onerror"] = null;
  ended = false;
  #asked: Request[] = [];
  #wake = Promise.withResolvers<void>();

  postMessage(message: Request): void {
    this.#asked.push(message);
    this.#wake.resolve();
  }

  terminate(): void {
    this.ended = true;
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
    this.onmessage?.(new MessageEvent("message", { data: { outcomes } }));
  }

  die(message: string): void {
    this.onerror?.(new ErrorEvent("error", { message, cancelable: true }));
  }
}

/** Contents for which each start of a worker is the next of `workers`. */
function contentsOf(workers: FakeWorker[]): { small: SmallContents; started: () => number } {
  let started = 0;
  return { small: new SmallContents(LAYOUT, () => workers[started++]!), started: () => started };
}

Deno.test("what comes while a group is under way is the next group", async () => {
  const worker = new FakeWorker();
  const { small, started } = contentsOf([worker]);
  assertEquals(started(), 0, "nothing is started before the first content");
  const first = small.commit(contentOf("first"));
  await worker.open();
  assertEquals(await worker.commits(), 1);
  const others = ["second", "third"].map((text) => small.commit(contentOf(text)));
  worker.answer([{ value: null }]);
  assertEquals(await first, null);
  assertEquals(await worker.commits(), 2);
  const full = { name: "Full", message: "Could not commit: no space" };
  worker.answer([{ error: full }, { value: null }]);
  const reasons = (await Promise.allSettled(others)).map((one) =>
    one.status === "rejected" ? one.reason.name : one.value
  );
  assertEquals(reasons, ["Full", null]);
  await small[Symbol.asyncDispose]();
  assert(worker.ended);
  assertEquals(started(), 1);
});

Deno.test("a worker that dies takes its group with it, and the next group has a new one", async () => {
  const workers = [new FakeWorker(), new FakeWorker()];
  const { small } = contentsOf(workers);
  const lost = small.commit(contentOf("lost"));
  await workers[0]!.open();
  await workers[0]!.commits();
  const next = small.commit(contentOf("next"));
  workers[0]!.die("out of memory");
  await assertRejects(() => lost, Unreachable, "died (out of memory)");
  assert(workers[0]!.ended);
  await workers[1]!.open();
  await workers[1]!.commits();
  workers[1]!.answer([{ value: null }]);
  assertEquals(await next, null);
  await small[Symbol.asyncDispose]();
});

Deno.test("where no worker can be started contents come back as they were, and none is tried again", async () => {
  const worker = new FakeWorker();
  const { small, started } = contentsOf([worker]);
  const content = contentOf("text");
  const committing = small.commit(content);
  await worker.next();
  worker.die("Requires read access");
  assertEquals(await committing, content.bytes);
  assertEquals(await small.commit(content), content.bytes);
  assertEquals(started(), 1);
  await small[Symbol.asyncDispose]();
});
