import { lookAhead } from "../../lib/terminal/look_ahead.ts";
import { assertEquals, assertRejects } from "../assert.ts";

async function* numbers(to: number, failure?: Error) {
  for (let number = 0; number < to; number++) yield await Promise.resolve(number);
  if (failure) throw failure;
}

Deno.test("items are known of before their turn, and keep their order", async () => {
  const known: number[] = [];
  let ended = false;
  const ahead = lookAhead(numbers(100), {
    onItem: (item) => void known.push(item),
    onEnd: () => ended = true,
  });
  assertEquals((await ahead.next()).value, 0);
  while (!ended) await new Promise((resolve) => setTimeout(resolve));
  assertEquals(known.length, 100);
  const rest = await Array.fromAsync(ahead);
  assertEquals([rest.length, rest[0], rest.at(-1)], [99, 1, 99]);
});

Deno.test("what the items throw comes after the items before it", async () => {
  const seen: number[] = [];
  let ended = false;
  await assertRejects(
    async () => {
      const ahead = lookAhead(numbers(3, new Error("broken")), {
        onItem() {},
        onEnd: () => ended = true,
      });
      for await (const item of ahead) {
        seen.push(item);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    },
    Error,
    "broken",
  );
  assertEquals([seen, ended], [[0, 1, 2], false]);
});
