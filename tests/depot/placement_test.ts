import fc from "fast-check";
import { type Candidate, choosePlaces } from "../../lib/depot/placement.ts";
import { assert, assertEquals } from "../assert.ts";

const base = { held: [], preferred: new Set<string>(), size: 1, random: Math.random };

function place(id: string, zone = id, free = 100): Candidate {
  return { id, zone, free };
}

Deno.test("choosePlaces() takes a place of a free zone before a second one of a zone", () => {
  const candidates = [place("a", "x", 1e9), place("b", "x", 1e9), place("c", "y", 1)];
  for (let round = 0; round < 50; round++) {
    const chosen = choosePlaces({ ...base, candidates, count: 2 });
    assert(chosen.includes("c"), `chose ${chosen}`);
  }
});

Deno.test("choosePlaces() counts the zones of the copies that stay", () => {
  const candidates = [place("a", "x", 1e9), place("b", "y", 1)];
  const held = [{ id: "h", zone: "x" }];
  for (let round = 0; round < 50; round++) {
    assertEquals(choosePlaces({ ...base, candidates, held, count: 1 }), ["b"]);
  }
});

Deno.test("choosePlaces() takes the machine that the bytes come from last, zones or no zones", () => {
  const own = { ...place("own", "x", 1e9), machine: "laptop" };
  const others = [place("a", "y", 1), { ...place("b", "y", 1), machine: "desktop" }];
  for (let round = 0; round < 20; round++) {
    const request = { ...base, candidates: [own, ...others], from: "laptop" };
    assertEquals(choosePlaces({ ...request, count: 2 }).sort(), ["a", "b"]);
    assertEquals(choosePlaces({ ...request, count: 3 })[2], "own");
    assertEquals(choosePlaces({ ...request, count: 1, preferred: new Set(["own"]) }), ["own"]);
  }
});

Deno.test("choosePlaces() shares a zone rather than choosing fewer", () => {
  const candidates = [place("a", "x"), place("b", "x")];
  assertEquals(choosePlaces({ ...base, candidates, count: 2 }).sort(), ["a", "b"]);
});

Deno.test("choosePlaces() passes over places without room, but not those that have the content", () => {
  const candidates = [place("small", "s", 5), place("has", "h", 0), place("big", "b", 50)];
  const request = { ...base, candidates, size: 10, count: 3, preferred: new Set(["has"]) };
  assertEquals(choosePlaces(request), ["has", "big"]);
});

Deno.test("choosePlaces() spreads single copies in proportion to free room", () => {
  const candidates = [place("1", "1", 100), place("2", "2", 200), place("4", "4", 400)];
  const counts: Record<string, number> = { 1: 0, 2: 0, 4: 0 };
  let state = 7;
  const random = () => (state = state * 16807 % 2147483647) / 2147483647;
  for (let round = 0; round < 7_000; round++) {
    counts[choosePlaces({ ...base, candidates, count: 1, random })[0]!]!++;
  }
  for (const id of ["1", "2", "4"]) {
    const share = counts[id]! / 7_000 / (Number(id) / 7);
    assert(Math.abs(share - 1) < 0.1, `${id} got ${share} of its share`);
  }
});

Deno.test("choosePlaces() never repeats a place, nor one that holds a copy, nor one too small", () => {
  const candidate = fc.record({
    id: fc.integer({ min: 0, max: 20 }).map(String),
    zone: fc.constantFrom("x", "y", "z"),
    free: fc.nat(100),
  });
  const request = fc.record({
    candidates: fc.uniqueArray(candidate, { selector: ({ id }) => id, maxLength: 12 }),
    count: fc.nat(8),
    size: fc.nat(100),
    held: fc.array(candidate, { maxLength: 3 }),
    randoms: fc.array(fc.double({ min: 0, max: 0.999999, noNaN: true }), { minLength: 12 }),
  });
  fc.assert(fc.property(request, ({ candidates, count, size, held, randoms }) => {
    let next = 0;
    const random = () => randoms[next++ % randoms.length]!;
    const chosen = choosePlaces({ ...base, candidates, count, size, held, random });
    const able = candidates.filter(({ id, free }) =>
      free >= size && !held.some((other) => other.id === id)
    );
    assertEquals(new Set(chosen).size, chosen.length);
    assertEquals(chosen.length, Math.min(count, able.length));
    assert(chosen.every((id) => able.some((other) => other.id === id)));
    const zones = (ids: string[]) =>
      new Set(ids.map((id) => candidates.find((other) => other.id === id)!.zone)).size;
    if (held.length === 0) {
      assertEquals(zones(chosen), Math.min(chosen.length, zones(able.map(({ id }) => id))));
    }
  }));
});
