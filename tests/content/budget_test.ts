import { Budget } from "../../lib/content/budget.ts";
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

Deno.test("a budget of turns lets so many through at a time, the others in the order of their coming", async () => {
  const turns = new Budget(2);
  const inside: string[] = [];
  const enter = async (name: string) => {
    const turn = await turns.take(1);
    inside.push(name);
    return turn;
  };
  const [a, , c, d] = ["a", "b", "c", "d"].map(enter);
  const first = await a!;
  assertEquals(inside, ["a", "b"]);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  (await c!)[Symbol.dispose]();
  await d!;
  assertEquals(inside, ["a", "b", "c", "d"]);
});

Deno.test("who stops waiting before a budget of turns takes nobody's turn", async () => {
  const turns = new Budget(1);
  const first = await turns.take(1);
  const stop = new AbortController();
  const stopped = turns.take(1, stop.signal);
  const next = turns.take(1);
  stop.abort(new Error("enough"));
  await assertRejects(() => stopped, Error, "enough");
  first[Symbol.dispose]();
  (await next)[Symbol.dispose]();
  using _turn = await turns.take(1);
});
