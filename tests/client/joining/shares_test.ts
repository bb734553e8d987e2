import fc from "fast-check";
import { shareOut, sum } from "../../../lib/client/joining/shares.ts";
import { assert, assertEquals } from "../../assert.ts";

function shares(limit: number, depots: number, has: Record<string, number>, others = 0) {
  const { mayBring, kept } = shareOut({
    limit,
    depots,
    here: new Map(Object.entries(has)),
    others,
  });
  return [Object.fromEntries(mayBring), kept];
}

Deno.test("each depot has an equal share, whoever came first", () => {
  assertEquals(shares(100, 1, {}), [{}, 100]);
  assertEquals(shares(100, 1, { a: 30 }), [{ a: 70 }, 0]);
  assertEquals(shares(100, 2, { a: 50 }), [{ a: 0 }, 50]);
  assertEquals(shares(100, 2, { a: 50, b: 10 }), [{ a: 0, b: 40 }, 0]);
});

Deno.test("what others have is nobody's share, and who has more than its own brings no more", () => {
  assertEquals(shares(100, 2, { a: 10, b: 0 }, 40), [{ a: 20, b: 30 }, 0]);
  assertEquals(shares(100, 2, { a: 80, b: 0 }), [{ a: 0, b: 20 }, 0]);
  assertEquals(shares(100, 1, { a: 120 }), [{ a: 0 }, 0]);
  assertEquals(shares(100, 1, { a: 0 }, 120), [{ a: 0 }, 0]);
});

Deno.test("shares with what is there are never more than is lent, unless that alone is more", () => {
  const bytes = fc.integer({ min: 0, max: 1e15 });
  const depots = fc.integer({ min: 1, max: 5 });
  fc.assert(fc.property(bytes, depots, fc.array(bytes, { maxLength: 5 }), bytes, (...given) => {
    const [limit, extra, has, others] = given;
    const here = new Map(has.map((bytes, index) => [String(index), bytes]));
    const { mayBring, kept } = shareOut({ limit, depots: has.length + extra, here, others });
    const there = others + sum(has);
    assert([kept, ...mayBring.values()].every((bytes) => bytes >= 0));
    assert(there + kept + sum(mayBring.values()) <= Math.max(limit, there) * (1 + 1e-12));
  }));
});
