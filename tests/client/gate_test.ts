import { Gate } from "../../lib/client/gate.ts";
import { assertEquals, assertRejects } from "../assert.ts";

Deno.test("a gate lets so many through at a time, the others in the order of their coming", async () => {
  const gate = new Gate(2);
  const inside: string[] = [];
  const enter = async (name: string) => {
    const turn = await gate.enter();
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

Deno.test("who stops waiting before a gate takes nobody's turn", async () => {
  const gate = new Gate(1);
  const first = await gate.enter();
  const stop = new AbortController();
  const stopped = gate.enter(stop.signal);
  const next = gate.enter();
  stop.abort(new Error("enough"));
  await assertRejects(() => stopped, Error, "enough");
  first[Symbol.dispose]();
  (await next)[Symbol.dispose]();
  using _turn = await gate.enter();
});
