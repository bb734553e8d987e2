import { Queue } from "../../lib/client/queue.ts";
import { assertEquals } from "../assert.ts";

async function* numbers(to: number, failure?: Error) {
  for (let number = 0; number < to; number++) yield await Promise.resolve(number);
  if (failure) throw failure;
}

/** What is told of items that are known of. */
class Told {
  items: number[] = [];
  ended = false;
  onItem = (item: number) => void this.items.push(item);
  onEnd = () => void (this.ended = true);
}

const nextTurn = () => new Promise((resolve) => setTimeout(resolve));

for (const kind of ["asynchronous", "synchronous"] as const) {
  const items = () =>
    kind === "asynchronous" ? numbers(1_000) : Array.from({ length: 1_000 }).keys();

  Deno.test(`${kind} items are known of before their turn, and keep their order`, async () => {
    const told = new Told();
    using queue = new Queue(items(), told);
    assertEquals(await queue.next(), { index: 0, item: 0 });
    while (!told.ended) await nextTurn();
    assertEquals(told.items.length, 1_000);
    const rest = await queue.rest();
    assertEquals([rest.length, rest[0], rest.at(-1)], [999, 1, 999]);
    assertEquals(await queue.next(), null);
  });

  Deno.test(`${kind} items that nobody is told of are read one by one`, async () => {
    const read: number[] = [];
    const watched = async function* () {
      for await (const item of items()) {
        read.push(item);
        yield item;
      }
    };
    using queue = new Queue(watched());
    const both = await Promise.all([queue.next(), queue.next()]);
    assertEquals(both.map((next) => next?.item), [0, 1]);
    await nextTurn();
    assertEquals(read, [0, 1]);
  });
}

Deno.test("items that come without waiting leave others their turn", async () => {
  const told = new Told();
  using queue = new Queue(Array.from({ length: 1_000 }).keys(), told);
  await queue.next();
  assertEquals(told.items.length < 1_000, true);
  while (!told.ended) await nextTurn();
});

Deno.test("nothing is read any more when the queue is done with", async () => {
  const told = new Told();
  {
    using queue = new Queue(Array.from({ length: 1_000 }).keys(), told);
    await queue.next();
  }
  for (let turn = 0; turn < 3; turn++) await nextTurn();
  assertEquals([told.items.length < 1_000, told.ended], [true, false]);
});

Deno.test("what the items throw comes after the items before it", async () => {
  const told = new Told();
  using queue = new Queue(numbers(3, new Error("broken")), told);
  const waiting = [queue.next(), queue.next(), queue.next(), queue.next()];
  assertEquals((await Promise.all(waiting)).map((next) => next?.item), [0, 1, 2, undefined]);
  assertEquals([String(queue.broken?.reason), told.ended], ["Error: broken", false]);
});
