import { within } from "../../lib/protocol/deadlines.ts";
import { assertEquals, assertRejects } from "../assert.ts";

const never = () => new Promise<never>(() => {});
const late = () => new Error("late");

Deno.test("within() passes on what the work comes to, and leaves no timer behind", async () => {
  assertEquals(await within(Promise.resolve(1), 60_000, late), 1);
  await assertRejects(() => within(Promise.reject(new Error("own")), 60_000, late), Error, "own");
});

Deno.test("within() ends each wait at its own time, in the order of their ends", async () => {
  const ended: string[] = [];
  const wait = (name: string, ms: number) =>
    within(never(), ms, () => new Error(name)).catch((error) => void ended.push(error.message));
  const long = wait("long", 120);
  const first = wait("first", 40);
  await first;
  const second = wait("second", 40);
  await Promise.all([long, second]);
  assertEquals(ended, ["first", "second", "long"]);
});

Deno.test("within() lets a wait that ended in time keep none of the others waiting", async () => {
  const done = Promise.withResolvers<void>();
  const early = within(done.promise, 60, late);
  const stuck = within(never(), 60, late);
  done.resolve();
  await early;
  const after = within(never(), 60, late);
  await assertRejects(() => stuck, Error, "late");
  await assertRejects(() => after, Error, "late");
});

Deno.test("within() calls back only for a wait that ran out", async () => {
  let called = 0;
  const count = () => {
    called++;
    return new Error("late");
  };
  await within(Promise.resolve(), 20, count);
  await within(never(), 20, count).catch(() => {});
  assertEquals(called, 1);
});

Deno.test("within() waits for months without looking at it all the time", async () => {
  const { setTimeout } = globalThis;
  const asked: unknown[] = [];
  const done = Promise.withResolvers<void>();
  let work: Promise<void>;
  try {
    globalThis.setTimeout = ((run: () => void, ms: number) => {
      asked.push(ms);
      return setTimeout(run, ms);
    }) as typeof setTimeout;
    work = within(done.promise, 90 * 24 * 3_600_000, late);
  } finally {
    globalThis.setTimeout = setTimeout;
  }
  done.resolve();
  await work;
  assertEquals(asked, [2 ** 31 - 1]);
});
