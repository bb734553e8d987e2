import { Budget } from "../../lib/depot/budget.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";

Deno.test("a budget lets in as many as it has bytes for, then the others in the order of coming", async () => {
  const budget = new Budget(10);
  const { signal } = new AbortController();
  const first = await budget.take(8, signal);
  const order: string[] = [];
  const large = budget.take(9, signal).then((held) => (order.push("large"), held));
  const small = budget.take(1, signal).then((held) => (order.push("small"), held));
  assertEquals(budget.tryTake(1), null);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  (await large)[Symbol.dispose]();
  (await small)[Symbol.dispose]();
  assertEquals(order, ["large", "small"]);
  using all = budget.tryTake(10);
  assert(all);
});

Deno.test("who is aborted while waiting for a budget does not hold up those behind", async () => {
  const budget = new Budget(10);
  const stop = new AbortController();
  const first = await budget.take(5, stop.signal);
  const waiting = budget.take(10, stop.signal);
  const behind = budget.take(5, new AbortController().signal);
  stop.abort(new Error("left"));
  await assertRejects(() => waiting, Error, "left");
  using _held = await behind;
  first[Symbol.dispose]();
});
