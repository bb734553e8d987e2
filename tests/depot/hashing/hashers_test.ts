/** Where the bytes of uploads are hashed, and what becomes of it when a worker fails. */
import { ContentSum } from "../../../lib/content/content_sum.ts";
import type { Reply, Request } from "../../../lib/depot/hashing/border.ts";
import { Hashers, type Summing } from "../../../lib/depot/hashing/hashers.ts";
import { assert, assertEquals, assertRejects } from "../../assert.ts";
import { FakePort } from "../../worker/fake_port.ts";
import { someBytes } from "../test_depot.ts";

const MIB = 1024 * 1024;

/** A worker that takes everything and answers what the test says. */
class SilentPort extends FakePort<Request, Reply> {
  requests: Request[] = [];

  override postMessage(message: Request): void {
    this.requests.push(message);
    if (message.type !== "end") queueMicrotask(() => this.reply(null));
  }
}

function silentPorts(): { ports: SilentPort[]; start: () => SilentPort } {
  const ports: SilentPort[] = [];
  const start = () => {
    const port = new SilentPort();
    ports.push(port);
    return port;
  };
  return { ports, start };
}

async function sumOf(summing: Summing, bytes: Uint8Array, step: number) {
  for (let at = 0; at < bytes.length; at += step) {
    const piece = bytes.slice(at, at + step);
    await summing.update(piece);
    // It is the caller's again.
    piece.fill(0);
  }
  return await summing.sum();
}

Deno.test("uploads at once have the sums of their own bytes, in place and in workers, however cut", async () => {
  using hashers = new Hashers(3);
  const steps = [MIB, 300_000, 3 * MIB, MIB - 1, 4096];
  const contents = steps.map((_, seed) => someBytes(5 * MIB + seed * 1000, seed + 1));
  const sums = await Promise.all(contents.map(async (bytes, index) => {
    using summing = hashers.begin(bytes.length);
    return await sumOf(summing, bytes, steps[index]!);
  }));
  assertEquals(sums, contents.map((bytes) => new ContentSum().update(bytes).sum()));
});

Deno.test("a large upload is hashed in place when it comes alone, and a small one always", async () => {
  const { ports, start } = silentPorts();
  using hashers = new Hashers(2, start);
  const bytes = someBytes(MIB);
  for (let round = 0; round < 2; round++) {
    using alone = hashers.begin(bytes.length);
    using small = hashers.begin(MIB - 1);
    assertEquals(await sumOf(alone, bytes, MIB), new ContentSum().update(bytes).sum());
    await sumOf(small, bytes.subarray(1), MIB);
  }
  assertEquals(ports.length, 0);
  using _alone = hashers.begin(null);
  using second = hashers.begin(null);
  await second.update(bytes);
  assertEquals(ports[0]!.requests.map(({ type }) => type), ["share", "update"]);
});

Deno.test("on a machine with one core everything is hashed in place", async () => {
  const { ports, start } = silentPorts();
  using hashers = new Hashers(1, start);
  const bytes = someBytes(MIB);
  using _first = hashers.begin(null);
  using second = hashers.begin(null);
  assertEquals(await sumOf(second, bytes, MIB), new ContentSum().update(bytes).sum());
  assertEquals(ports.length, 0);
});

Deno.test("where no worker can be had an upload is hashed in place", async () => {
  let starts = 0;
  using hashers = new Hashers(2, () => {
    starts++;
    throw new Error("no threads left");
  });
  const bytes = someBytes(2 * MIB);
  using _first = hashers.begin(null);
  for (let round = 0; round < 2; round++) {
    using second = hashers.begin(null);
    assertEquals(await sumOf(second, bytes, MIB), new ContentSum().update(bytes).sum());
  }
  assertEquals(starts, 1);
});

Deno.test("an upload whose worker died has no sum, and the next one has another worker", async () => {
  const { ports, start } = silentPorts();
  using hashers = new Hashers(2, start);
  using _first = hashers.begin(null);
  using second = hashers.begin(null);
  await second.update(someBytes(MIB));
  ports[0]!.die("out of memory");
  await second.update(someBytes(MIB));
  await assertRejects(async () => await second.sum(), Error, "died (out of memory)");
  using third = hashers.begin(null);
  await third.update(someBytes(MIB));
  assertEquals(ports.length, 2);
});

Deno.test("uploads go to the worker that has the fewest, which forgets one that was given up", async () => {
  const { ports, start } = silentPorts();
  using hashers = new Hashers(3, start);
  using _first = hashers.begin(null);
  const begin = async () => {
    const summing = hashers.begin(null);
    await summing.update(someBytes(10));
    return summing;
  };
  const [second, _third] = [await begin(), await begin()];
  const contents = () =>
    ports.map(({ requests }) => requests.filter(({ type }) => type !== "share").length);
  assertEquals(contents(), [1, 1]);
  second[Symbol.dispose]();
  second[Symbol.dispose]();
  await begin();
  assertEquals(contents(), [3, 1]);
  assertEquals(ports[0]!.requests.map(({ type }) => type), ["share", "update", "end", "update"]);
});

Deno.test("a worker that is behind has only as many pieces as there is memory for", async () => {
  const { ports, start } = silentPorts();
  using hashers = new Hashers(2, start);
  using _first = hashers.begin(null);
  using second = hashers.begin(null);
  await second.update(someBytes(1));
  ports[0]!.postMessage = (message) => void ports[0]!.requests.push(message);
  const waiting = second.update(new Uint8Array(9 * MIB)) as Promise<void>;
  let isTaken = false;
  waiting.then(() => isTaken = true);
  await new Promise((resolve) => setTimeout(resolve));
  assert(!isTaken);
  assertEquals(ports[0]!.requests.length, 2 + 8);
  ports[0]!.reply(null);
  await waiting;
});
