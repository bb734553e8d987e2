/** What clients send that only move bytes. */
import { makeLoads } from "../../bench/load.ts";
import { assertEquals } from "../assert.ts";

Deno.test("bench: loads have contents of their own, out of the same memory however many they are", () => {
  const [one] = makeLoads(1, 3_000_000);
  const many = makeLoads(64, 3_000_000);
  assertEquals(new Set(many.map(({ digest }) => digest)).size, 64);
  const sizes = [one!.blocks, many.flatMap(({ blocks }) => blocks)].map((blocks) =>
    new Set(blocks).size
  );
  assertEquals(sizes, [64, 64]);
});
