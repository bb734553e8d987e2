/** Places that failed lately: how long that is remembered, and what comes of it. */
import { digestOf } from "../../lib/content/digest.ts";
import { Refused } from "../../lib/depot/core.ts";
import { Doubts } from "../../lib/depot/doubts.ts";
import { choosePlaces } from "../../lib/depot/placement.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { someBytes, TestDepot } from "./test_depot.ts";
import { VirtualClock } from "./virtual_clock.ts";

const MIB = 1024 * 1024;
const MINUTE = 60_000;
const BAD = ["b0", "b1", "b2", "b3"];
const GOOD = ["g0", "g1"];

/** Good places with little room, and bad ones with so much that chance alone would choose them. */
function opened(faults: Record<string, unknown>): Promise<TestDepot> {
  return TestDepot.open({
    places: [
      ...GOOD.map((name) => ({ name, capacity: 100 * MIB })),
      ...BAD.map((name) => ({ name })),
    ],
  }).then((test) => {
    for (const name of BAD) Object.assign(test.store.place(name).faults, faults);
    return test;
  });
}

Deno.test("a place is in doubt for a while after a failure, and for longer when it fails again", async () => {
  const clock = new VirtualClock();
  const doubts = new Doubts(clock);
  const inDoubt = () => [...doubts.places];
  doubts.note("p");
  // Many deposits, and one trouble.
  await clock.advance(MINUTE / 2);
  doubts.note("p");
  assertEquals(inDoubt(), ["p"]);
  await clock.advance(9.5 * MINUTE);
  assertEquals(inDoubt(), []);
  doubts.note("p");
  await clock.advance(19 * MINUTE);
  assertEquals(inDoubt(), ["p"]);
  await clock.advance(MINUTE);
  assertEquals(inDoubt(), []);
  for (let times = 0; times < 20; times++) {
    doubts.note("p");
    await clock.advance(2 * MINUTE);
  }
  await clock.advance(23 * 60 * MINUTE);
  assertEquals(inDoubt(), ["p"]);
  await clock.advance(60 * MINUTE);
  assertEquals(inDoubt(), []);
  await clock.advance(48 * 60 * MINUTE);
  doubts.note("p");
  await clock.advance(10 * MINUTE);
  assertEquals(inDoubt(), []);
});

Deno.test("choosePlaces() takes a place that failed lately after all others, and before none", () => {
  const candidates = ["a", "b", "c"].map((id) => ({ id, zone: id, free: 100 }));
  const doubted = new Set(["a"]);
  const request = { candidates, size: 1, held: [], random: Math.random, doubted };
  for (let times = 0; times < 50; times++) {
    const two = choosePlaces({ ...request, count: 2, preferred: new Set(["a"]) });
    assertEquals(two.sort(), ["b", "c"]);
    assertEquals(choosePlaces({ ...request, count: 3, preferred: new Set() }).at(-1), "a");
  }
});

for (
  const [how, faults] of Object.entries({
    "that cannot commit": { failCommits: true },
    "that take no byte": { failWritesAfter: 0 },
  })
) {
  Deno.test(`a small deposit goes elsewhere when every place chosen is one ${how}`, async () => {
    await using test = await opened(faults);
    for (let file = 0; file < 5; file++) {
      const bytes = someBytes(5_000, file);
      const { copies } = await test.deposit(`${file}`, bytes, { replicas: 2 });
      assertEquals(copies.places.map(({ name }) => name).sort(), GOOD);
      assertEquals(await test.retrieve(`${file}`), bytes);
    }
    assertEquals(await test.catalog.uploads(), []);
  });
}

Deno.test("a large deposit goes elsewhere when no place chosen takes its first bytes", async () => {
  for (const size of [3 * MIB, null]) {
    await using test = await opened({ failWritesAfter: 0 });
    const bytes = someBytes(3 * MIB);
    const { copies } = await test.deposit("a", bytes, { replicas: 2, size });
    assertEquals(copies.places.map(({ name }) => name).sort(), GOOD);
    assertEquals(await test.retrieve("a"), bytes);
  }
});

Deno.test("a large deposit whose places all fail later on is to be sent again, and goes elsewhere then", async () => {
  await using test = await opened({ failWritesAfter: MIB });
  const bytes = someBytes(3 * MIB);
  // Each refusal makes two more of them known.
  for (let left = BAD.length / 2; left >= 0; left--) {
    const refusal = await test.deposit("a", bytes, { replicas: 2 }).then(() => null, (why) => why);
    if (refusal === null) break;
    assert(left > 0 && refusal instanceof Refused, String(refusal));
    assertEquals(refusal.why, "no copy");
    assert(refusal.message.endsWith("send them again"));
  }
  assertEquals(await test.retrieve("a"), bytes);
});

Deno.test("with nothing but bad places a deposit is refused after one try at each", async () => {
  await using test = await TestDepot.open({ places: 3 });
  for (const name of ["p0", "p1", "p2"]) test.store.place(name).faults.failCommits = true;
  const refusal = await assertRejects(() => test.deposit("a", someBytes(5)), Refused);
  assertEquals(refusal.why, "no copy");
  assertEquals(await test.catalog.uploads(), []);
  assertEquals(await test.catalog.file(test.owner, "a"), null);
});

Deno.test("a place where a copy had rotted is given no new one while others can be", async () => {
  await using test = await TestDepot.open({ places: 4 });
  const bytes = someBytes(2 * MIB);
  await test.deposit("a", bytes, { replicas: 2 });
  const [rotten, other] = await test.goodPlaces("a");
  test.store.place(rotten!).corrupt(digestOf(bytes));
  assertEquals(await test.retrieve("a"), bytes);
  await test.until("it is made anew elsewhere", async () => {
    const places = await test.goodPlaces("a");
    return places.length === 2 && !places.includes(rotten!) && places.includes(other!);
  });
  for (let file = 0; file < 10; file++) {
    const { copies } = await test.deposit(`${file}`, someBytes(100, file), { replicas: 3 });
    assert(copies.places.every(({ id }) => id !== rotten));
  }
  const { copies } = await test.deposit("everywhere", someBytes(7), { replicas: 4 });
  assertEquals(copies.live, 4);
});
