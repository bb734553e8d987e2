/** How the depot finds out about copies on media that it does not read itself. */
import { digestOf } from "../../lib/content/digest.ts";
import { compareAnswers } from "../../lib/depot/examination.ts";
import { assert, assertEquals } from "../assert.ts";
import type { MemoryPlaceOptions } from "../stores/memory_place.ts";
import { someBytes, TestDepot, type TestDepotOptions } from "./test_depot.ts";
import { VirtualClock } from "./virtual_clock.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const far = (name: string): MemoryPlaceOptions => ({ name, trusted: false });

/** What the depot's own copies answered, what others did, who is right and who is read whole. */
const CASES: [Record<string, string | null>, Record<string, string | null>, string, string][] = [
  [{ own: "x" }, { a: "x" }, "a", ""],
  [{ own: "x" }, { a: "x", b: "x" }, "a b", ""],
  [{ own: "x" }, { a: "x", b: "y" }, "", "own a b"],
  [{ own: "x" }, { a: null }, "", "own a"],
  [{ own: "x" }, {}, "", "own"],
  [{}, { a: "x", b: "x" }, "a b", ""],
  [{}, { a: "x", b: "y" }, "", "a b"],
  [{}, { a: "x", b: "x", c: "y" }, "", "a b c"],
  [{}, { a: "x" }, "", "a"],
  [{}, { a: null, b: null }, "", "a b"],
  [{}, {}, "", ""],
];

Deno.test("compareAnswers() takes copies that answer alike for right, and doubts all when one differs", () => {
  for (const [own, others, right, doubtful] of CASES) {
    const finding = compareAnswers({
      own: new Map(Object.entries(own)),
      others: new Map(Object.entries(others)),
    });
    assertEquals([finding.right.join(" "), finding.doubtful.join(" ")], [right, doubtful]);
  }
});

interface Opened {
  test: TestDepot;
  clock: VirtualClock;
  /** Reads of whole copies since the last call, by place. */
  reads(): Record<string, number>;
}

async function opened(options: TestDepotOptions, random = () => 0.5): Promise<Opened> {
  const clock = new VirtualClock();
  const test = await TestDepot.open({ ...options, clock, random });
  await clock.advance(0);
  return {
    test,
    clock,
    reads: () =>
      Object.fromEntries(test.store.ids.map((id) => {
        const place = test.store.place(id);
        const { reads } = place;
        place.reads = 0;
        return [id, reads];
      })),
  };
}

async function asides(test: TestDepot): Promise<string[]> {
  return (await test.catalog.asides()).map(({ place }) => place);
}

Deno.test("copies that the depot cannot read are verified by what their holders answer, and no byte moves", async () => {
  const { test, clock, reads } = await opened({ places: [far("a"), far("b"), { name: "own" }] });
  await using _ = test;
  const bytes = someBytes(50_000);
  await test.deposit("f", bytes, { replicas: 3 });
  reads();
  await clock.advance(8 * DAY);
  const { a, b } = reads();
  assertEquals([a, b], [0, 0]);
  const { replicas } = (await test.catalog.content(digestOf(bytes)))!;
  for (const { place, verifiedAt } of replicas) {
    assert(verifiedAt! > clock.wall() - 7 * DAY, `${place} was verified within the period`);
  }
});

Deno.test("a copy that answers otherwise is read whole, set aside and made anew", async () => {
  const { test, clock } = await opened({ places: [far("a"), far("b"), far("c")] });
  await using _ = test;
  const bytes = someBytes(50_000);
  await test.deposit("f", bytes, { replicas: 2 });
  const [first] = await test.goodPlaces("f");
  await clock.advance(HOUR);
  test.store.place(first!).corrupt(digestOf(bytes));
  await clock.advance(8 * DAY);
  assertEquals(await asides(test), [first!]);
  assertEquals((await test.goodPlaces("f")).length, 2);
});

Deno.test("the only copy is read whole, for nobody vouches for it", async () => {
  const { test, clock, reads } = await opened({ places: [far("a")] });
  await using _ = test;
  await test.deposit("f", someBytes(50_000), { replicas: 1 });
  reads();
  await clock.advance(8 * DAY);
  assert(reads().a! >= 2);
});

Deno.test("copies that answer alike and wrong are found out, for some are read whatever they answer", async () => {
  let chance = 0.5;
  const { test, clock } = await opened({ places: [far("a"), far("b")] }, () => chance);
  await using _ = test;
  const bytes = someBytes(50_000);
  await test.deposit("f", bytes, { replicas: 2 });
  await clock.advance(HOUR);
  for (const id of ["a", "b"]) test.store.place(id).corrupt(digestOf(bytes));
  await clock.advance(8 * DAY);
  assertEquals(await asides(test), []);
  chance = 0.009;
  await clock.advance(8 * DAY);
  assertEquals(await asides(test), ["a", "b"]);
});

Deno.test("a copy that cannot be read although its holder answers is set aside; one of a holder that is away is not", async () => {
  const { test, clock } = await opened({
    places: [far("a"), far("b"), far("c")],
    settings: { scrubMs: 8 * HOUR },
  });
  await using _ = test;
  const bytes = someBytes(50_000);
  await test.deposit("f", bytes, { replicas: 2 });
  const [broken, other] = await test.goodPlaces("f");
  test.store.place(broken!).faults.failReadsAfter = 0;
  test.store.leave(other!, "goodbye");
  await clock.advance(12 * HOUR);
  assertEquals(await asides(test), [broken!]);
  test.store.comeBack(other!);
  await clock.advance(HOUR);
  assertEquals((await test.goodPlaces("f")).length, 2);
});

Deno.test("surplus is trimmed only when as many as wanted were verified since their places came back", async () => {
  const { test, clock } = await opened({ places: [far("a"), far("b"), far("c")] });
  await using _ = test;
  const bytes = someBytes(1_000);
  await test.deposit("f", bytes, { replicas: 2 });
  const [first] = await test.goodPlaces("f");
  test.store.leave(first!);
  await clock.advance(2 * HOUR);
  assertEquals((await test.goodPlaces("f")).length, 3);
  // The size is right, so that comparing lists finds nothing.
  test.store.place(first!).corrupt(digestOf(bytes));
  test.store.comeBack(first!);
  await clock.advance(1);
  const good = await test.goodPlaces("f");
  assertEquals([good.length, good.includes(first!)], [2, false]);
  assertEquals(await asides(test), [first!]);
  assertEquals(await test.retrieve("f"), bytes);
});
