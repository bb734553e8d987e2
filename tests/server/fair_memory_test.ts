import { FairMemory } from "../../lib/server/fair_memory.ts";
import { assertEquals } from "../assert.ts";

/** How often `owner` gets 1 of it, until it gets no more. */
function takeAll(memory: FairMemory, owner: string, held: DisposableStack): number {
  for (let count = 0;; count++) {
    const its = memory.tryTake(owner, 1);
    if (!its) return count;
    held.use(its);
  }
}

Deno.test("FairMemory: each owner leaves as much as it holds, and gives it back", () => {
  const memory = new FairMemory(60);
  using held = new DisposableStack();
  assertEquals(takeAll(memory, "a", held), 30);
  assertEquals(takeAll(memory, "b", held), 15);
  assertEquals(takeAll(memory, "c", held), 7);
  held.dispose();
  const its = memory.tryTake("b", 30);
  assertEquals(memory.tryTake("b", 1), null);
  its?.[Symbol.dispose]();
  its?.[Symbol.dispose]();
  using again = new DisposableStack();
  assertEquals(takeAll(memory, "b", again), 30);
});
