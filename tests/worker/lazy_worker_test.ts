/** A worker that is started when it is first of use. */
import { LazyWorker } from "../../lib/worker/lazy_worker.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { FakePort } from "./fake_port.ts";

/** Answers what it is asked with the same, but "open" only when the test lets it. */
class EchoPort extends FakePort<string, string> {
  constructor(private readonly answersOpen: boolean) {
    super();
  }

  override postMessage(message: string): void {
    if (message !== "open" || this.answersOpen) queueMicrotask(() => this.reply(message));
  }
}

function lazily({ answersOpen = true } = {}) {
  const ports: EchoPort[] = [];
  const worker = new LazyWorker<string, string>({
    start() {
      const port = new EchoPort(answersOpen);
      ports.push(port);
      return port;
    },
    died: (why) => new Error(`died: ${why}`),
    open: (asked) => asked.ask("open"),
  });
  return { ports, worker };
}

Deno.test("a lazy worker is started once, by the first of those who want it at once", async () => {
  const { ports, worker } = lazily();
  assertEquals(ports.length, 0);
  const [one, other] = await Promise.all([worker.get(), worker.get()]);
  assert(one !== null && one === other);
  assertEquals(await one.ask("hello"), "hello");
  assertEquals(ports.length, 1);
});

Deno.test("a lazy worker that died or was sent to rest is started again, one that was ended is not", async () => {
  const { ports, worker } = lazily();
  const first = await worker.get();
  ports[0]!.die("of age");
  await assertRejects(() => first!.ask("hello"), Error, "died: of age");
  assertEquals(await (await worker.get())!.ask("hello"), "hello");
  worker.rest();
  assertEquals(await (await worker.get())!.ask("hello"), "hello");
  assertEquals(ports.map(({ ended }) => ended), [true, true, false]);
  worker.end();
  assertEquals(await worker.get(), null);
  assertEquals(ports.map(({ ended }) => ended), [true, true, true]);
});

Deno.test("a lazy worker that cannot be opened is not tried again, also after a rest", async () => {
  const { ports, worker } = lazily({ answersOpen: false });
  const waiting = worker.get();
  ports[0]!.die("no such module");
  assertEquals(await waiting, null);
  worker.rest();
  assertEquals(await worker.get(), null);
  assertEquals(ports.map(({ ended }) => ended), [true]);
});

Deno.test("a lazy worker that is ended while it is opened is none", async () => {
  const { ports, worker } = lazily({ answersOpen: false });
  const waiting = worker.get();
  worker.end();
  assertEquals(await waiting, null);
  assertEquals(ports.map(({ ended }) => ended), [true]);
});
