/** Memory that a worker reads. */
import { slotOf, Slots } from "../../lib/worker/slots.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../assert.ts";

const SLOT_BYTES = 64 * 1024;

Deno.test("each piece has a slot of its own until it is given back, and the next one waits for that", async () => {
  const slots = new Slots(2, SLOT_BYTES);
  const pieces = await Promise.all(
    [1, 2].map((value) => slots.put(new Uint8Array(value).fill(value))),
  );
  const bytesOf = (index: number) => {
    const { slot, bytes } = pieces[index]!;
    return [...slotOf(slots.memory, { slot, bytes, slotBytes: SLOT_BYTES })];
  };
  assertEquals([bytesOf(0), bytesOf(1)], [[1], [2, 2]]);
  const third = slots.put(new Uint8Array([3]));
  assert(third instanceof Promise);
  pieces[0]![Symbol.dispose]();
  pieces[0] = await third;
  assertEquals([bytesOf(0), bytesOf(1)], [[3], [2, 2]]);
  const closed = slots.close();
  for (const piece of pieces) piece[Symbol.dispose]();
  await closed;
});

Deno.test("who waits for a slot stops when told to, and its turn goes to the next", async () => {
  const slots = new Slots(1, SLOT_BYTES);
  const stop = new AbortController();
  const some = new Uint8Array(1);
  using only = await slots.put(some);
  const [waiting, next] = [slots.put(some, stop.signal), slots.put(some)];
  stop.abort(new Error("told to"));
  await assertRejects(async () => await waiting, Error, "told to");
  assertThrows(() => slots.put(some, stop.signal), Error, "told to");
  only[Symbol.dispose]();
  (await next)[Symbol.dispose]();
});
