import { type Clock, SYSTEM_CLOCK } from "../../lib/depot/clock.ts";
import { Locks, Pins } from "../../lib/depot/locks.ts";
import { Rate } from "../../lib/depot/rate.ts";
import { RepairQueue } from "../../lib/depot/repair_queue.ts";
import { Slots } from "../../lib/depot/slots.ts";
import { Wakeup } from "../../lib/depot/wakeup.ts";
import { assert, assertEquals } from "../assert.ts";
import { patience } from "../server/waiting.ts";

/** A clock that jumps ahead by what is slept. */
function jumpingClock(): Clock {
  let now = 0;
  return {
    monotonic: () => now,
    wall: () => now,
    sleep(ms) {
      now += ms;
      return Promise.resolve();
    },
  };
}

Deno.test("the repair queue gives out the content with the fewest copies first, then the oldest", () => {
  const queue = new RepairQueue();
  queue.add("two", 2);
  queue.add("one", 1);
  queue.add("another one", 1);
  queue.add("falling", 2);
  queue.add("falling", 0);
  queue.add("falling", 3);
  assertEquals(queue.size, 4);
  assertEquals([1, 2, 3, 4, 5].map(() => queue.take()), [
    "falling",
    "one",
    "another one",
    "two",
    null,
  ]);
});

Deno.test("a rate lets as many bytes through as it says, after a burst of a second", async () => {
  const clock = jumpingClock();
  const rate = new Rate(1_000, clock);
  const { signal } = new AbortController();
  for (let round = 0; round < 100; round++) await rate.take(100, signal);
  assert(Math.abs(clock.monotonic() - 9_900) <= 1_000, `took ${clock.monotonic()} ms`);
});

Deno.test("a rate that is aborted while waiting throws", async () => {
  const stop = new AbortController();
  const rate = new Rate(1, jumpingClock());
  await rate.take(1, stop.signal);
  stop.abort();
  let thrown = false;
  await rate.take(1, stop.signal).catch(() => thrown = true);
  assert(thrown);
});

Deno.test("a lock lets its takers in one by one, in the order of asking", async () => {
  const locks = new Locks();
  const order: number[] = [];
  let inside = 0;
  await Promise.all([1, 2, 3].map(async (taker) => {
    using _turn = await locks.take("key");
    assertEquals(++inside, 1);
    await Promise.resolve();
    order.push(taker);
    inside--;
  }));
  assertEquals(order, [1, 2, 3]);
});

Deno.test("two takers of the same locks in other orders do not wait for each other for ever", async () => {
  const locks = new Locks();
  for (let round = 0; round < 10; round++) {
    await Promise.all([["a", "b"], ["b", "a"], ["b", "b"]].map(async (keys) => {
      using _turns = await locks.takeAll(keys);
      await Promise.resolve();
    }));
  }
});

Deno.test("a pin holds until the last one is let go", () => {
  const pins = new Pins();
  const first = pins.pin("x");
  const second = pins.pin("x");
  first[Symbol.dispose]();
  assert(pins.has("x"));
  second[Symbol.dispose]();
  assert(!pins.has("x"));
});

Deno.test("a wake-up reaches everyone who waits, and is remembered when nobody does", async () => {
  const clock: Clock = {
    monotonic: () => 0,
    wall: () => 0,
    sleep: (_ms, signal) =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true })),
  };
  const { signal } = new AbortController();
  const wakeup = new Wakeup();
  const waiting = [1, 2].map(() => wakeup.wait(1e9, clock, signal));
  wakeup.call();
  await Promise.all(waiting);
  wakeup.call();
  await wakeup.wait(1e9, clock, signal);
});

Deno.test("a place takes part in two transfers at a time, and the next waits for its turn", async () => {
  const slots = new Slots(SYSTEM_CLOCK);
  const signal = patience();
  const first = slots.tryTake(["a", "b"]);
  using second = slots.tryTake(["a", "c"]);
  assert(first && second);
  assertEquals([slots.isFree("a"), slots.isFree("b")], [false, true]);
  assertEquals(slots.tryTake(["a", "d"]), null);
  using elsewhere = slots.tryTake(["b", "d"]);
  assert(elsewhere);
  const freed = slots.freed(signal);
  first[Symbol.dispose]();
  await freed;
  using third = slots.tryTake(["a", "d"]);
  assert(third);
});

Deno.test("sleeping for months does not end at once", async () => {
  const stop = new AbortController();
  let isOver = false;
  const sleeping = SYSTEM_CLOCK.sleep(90 * 24 * 3_600_000, stop.signal).then(() => isOver = true);
  await new Promise((resolve) => setTimeout(resolve, 10));
  assertEquals(isOver, false);
  stop.abort();
  await sleeping;
});
