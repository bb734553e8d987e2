import { digestOf } from "../../lib/content/digest.ts";
import { Refused } from "../../lib/depot/core.ts";
import { Depot } from "../../lib/depot/depot.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { QUIET, SETTINGS, someBytes, TestDepot } from "./test_depot.ts";
import { VirtualClock } from "./virtual_clock.ts";

const HOUR = 3_600_000;

async function opened(places: number) {
  const clock = new VirtualClock();
  const test = await TestDepot.open({ places, clock });
  await clock.advance(0);
  return { clock, test, operator: test.depot.operator };
}

Deno.test("drain() has copies made elsewhere, and says when the place is not needed any more", async () => {
  const { clock, test, operator } = await opened(3);
  await using _ = test;
  test.store.place("p2").faults.full = true;
  for (let file = 0; file < 5; file++) {
    await test.deposit(`f${file}`, someBytes(1_000, file + 1), { replicas: 2 });
  }
  await clock.advance(1);
  const report = async () => (await operator.places()).find(({ place }) => place.id === "p0")!;
  const held = (await report()).replicas;
  assertEquals(held, 5);
  assertEquals([(await report()).place.draining, (await report()).remaining], [false, null]);
  await operator.drain("p0");
  await clock.advance(1);
  assert((await report()).remaining! > 0);
  await assertRejects(() => operator.forget("p0"), Refused, "too few copies elsewhere");
  test.store.place("p2").faults.full = false;
  await clock.advance(HOUR);
  assertEquals((await report()).remaining, 0);
  assertEquals((await report()).replicas, held);
  for (let file = 0; file < 5; file++) {
    const places = await test.goodPlaces(`f${file}`);
    assertEquals(places.filter((id) => id !== "p0"), ["p1", "p2"]);
  }
});

Deno.test("a place that is drained gets no new copies, but its own are read", async () => {
  const { test, operator } = await opened(2);
  await using _ = test;
  const bytes = someBytes(1_000);
  await test.deposit("a", bytes, { replicas: 2 });
  await operator.drain("p0");
  test.store.leave("p1");
  assertEquals(await test.retrieve("a"), bytes);
  await assertRejects(() => test.deposit("b", someBytes(9), { replicas: 1 }), Refused);
  assertEquals(await test.depot.available(), 0);
});

Deno.test("a drained place is needed while the other copy is at a place that is away", async () => {
  const { clock, test, operator } = await opened(3);
  await using _ = test;
  await test.deposit("a", someBytes(1_000), { replicas: 2 });
  const [drained, other] = await test.goodPlaces("a");
  test.store.leave(other!, "lost");
  await operator.drain(drained!);
  assertEquals(await operator.remaining(drained!), 1);
  await clock.advance(2 * 3_600_000);
  assertEquals(await operator.remaining(drained!), 1, "there is only one other place");
  test.store.comeBack(other!);
  await clock.advance(1);
  assertEquals(await operator.remaining(drained!), 0);
});

Deno.test("a place that is not drained any more counts again, and what was made instead goes", async () => {
  const { clock, test, operator } = await opened(3);
  await using _ = test;
  await test.deposit("a", someBytes(1_000), { replicas: 2 });
  const [first] = await test.goodPlaces("a");
  await operator.drain(first!);
  await clock.advance(1);
  assertEquals((await test.goodPlaces("a")).length, 3);
  await operator.undrain(first!);
  await clock.advance(1);
  assertEquals((await test.goodPlaces("a")).length, 2);
});

Deno.test("a place is still drained after a restart of the depot", async () => {
  const clock = new VirtualClock();
  await using test = await TestDepot.open({ places: 2, clock });
  await clock.advance(0);
  await test.depot.operator.drain("p0");
  await test.depot[Symbol.asyncDispose]();
  await using depot = await Depot.open({
    catalog: test.catalog,
    stores: [test.store],
    settings: SETTINGS,
    clock,
    random: Math.random,
    log: QUIET,
    acceptOldCatalog: false,
  });
  assertEquals((await depot.operator.places()).map(({ place }) => place.draining), [true, false]);
  assertEquals(await depot.available(), 1);
});

Deno.test("forget() gives up a place that is away at once, and refuses one that is there", async () => {
  const { clock, test, operator } = await opened(3);
  await using _ = test;
  await test.deposit("a", someBytes(1_000), { replicas: 2 });
  const [first] = await test.goodPlaces("a");
  await assertRejects(() => operator.forget(first!), Refused, "drain it first");
  await assertRejects(() => operator.forget("nowhere"), Refused, "no place");
  test.store.leave(first!, "goodbye");
  await clock.advance(1);
  assertEquals((await operator.forget(first!)).state, "gone");
  await clock.advance(1);
  assertEquals((await test.goodPlaces("a")).length, 3);
  test.store.comeBack(first!);
  await clock.advance(1);
  assertEquals((await test.goodPlaces("a")).length, 2);
  assert((await operator.places()).every(({ place }) => place.state === "online"));
});

Deno.test("a place that is there and drained can be forgotten, and is not used any more", async () => {
  const { clock, test, operator } = await opened(3);
  await using _ = test;
  await test.deposit("a", someBytes(1_000), { replicas: 2 });
  const [first] = await test.goodPlaces("a");
  await operator.drain(first!);
  await clock.advance(1);
  assertEquals((await operator.forget(first!)).state, "gone");
  assertEquals(await test.depot.available(), 2);
});

Deno.test("asides() lists what was set aside, and how many good copies there are", async () => {
  const { clock, test, operator } = await opened(2);
  await using _ = test;
  const bytes = someBytes(1_000);
  await test.deposit("a", bytes, { replicas: 2 });
  test.store.place("p0").corrupt(digestOf(bytes));
  test.store.leave("p1");
  await assertRejects(() => test.retrieve("a"), Refused);
  await clock.advance(1);
  const [aside] = await operator.asides();
  assertEquals([aside?.digest, aside?.place?.id, aside?.size, aside?.good], [
    digestOf(bytes),
    "p0",
    1_000,
    0,
  ]);
});

Deno.test("asides are dropped when a good copy was read whole since, or when they are named and unknown", async () => {
  const { clock, test, operator } = await opened(3);
  await using _ = test;
  const bytes = someBytes(1_000);
  const digest = digestOf(bytes);
  await test.deposit("a", bytes, { replicas: 2 });
  test.store.leave("p2");
  const [first, second] = await test.goodPlaces("a");
  test.store.place(first!).corrupt(digest);
  test.store.leave(second!);
  await assertRejects(() => test.retrieve("a"), Refused);
  await clock.advance(1);
  assertEquals((await operator.asides()).map(({ spare, good }) => [spare, good]), [[false, 0]]);
  await assertRejects(() => operator.dropAsides([digest]), Refused, "no good copy");
  assertEquals(await operator.dropAsides("spare"), []);
  test.store.comeBack(second!);
  await clock.advance(HOUR);
  assertEquals((await operator.asides()).map(({ spare }) => spare), [true]);
  const unknown = "f".repeat(64);
  await test.catalog.addAside({ digest: unknown, place: first!, since: 0 });
  await assertRejects(() => operator.dropAsides(["e".repeat(8)]), Refused, "no set-aside copy");
  assertEquals((await operator.dropAsides("spare")).map((aside) => aside.digest), [digest]);
  assertEquals((await operator.dropAsides(["ffffff"])).map((aside) => aside.digest), [unknown]);
  assertEquals(await operator.asides(), []);
  assertEquals(await test.retrieve("a"), bytes);
});

Deno.test("stake() counts what only this place is known to have; gone places do not count", async () => {
  const { clock, test, operator } = await opened(2);
  await using _ = test;
  await test.deposit("both", someBytes(1_000, 1), { replicas: 2 });
  test.store.leave("p1", "goodbye");
  await clock.advance(1);
  await test.deposit("one", someBytes(1_000, 2), { replicas: 1 });
  const counts = async (place: string) => {
    const { replicas, sole } = await operator.stake(place);
    return [replicas, sole];
  };
  assertEquals([await counts("p0"), await counts("p1")], [[2, 1], [1, 0]]);
  await operator.forget("p1");
  assertEquals(await counts("p0"), [2, 2]);
});

Deno.test("replace() refuses a place that is there, and one whose store has no addresses", async () => {
  const { clock, test, operator } = await opened(2);
  await using _ = test;
  await assertRejects(() => operator.replace("p0"), Refused, "it is there");
  test.store.leave("p0");
  await clock.advance(1);
  await assertRejects(() => operator.replace("p0"), Refused, "forget it");
  assertEquals((await operator.places())[0]!.place.state, "lost");
});

Deno.test("a gone place is not drained, and leaves its name to others", async () => {
  const { clock, test, operator } = await opened(2);
  await using _ = test;
  test.store.leave("p0");
  await clock.advance(1);
  await operator.forget("p0");
  await assertRejects(() => operator.drain("p0"), Refused, "it is gone");
  test.store.add({ id: "new", name: "p0" });
  await clock.advance(1);
  assertEquals((await operator.drain("p1")).takers, 1);
  assertEquals((await operator.drain("new")).place.name, "p0");
  await operator.undrain("new");
});

Deno.test("status() adds up the files of all owners", async () => {
  const { test, operator } = await opened(2);
  await using _ = test;
  const bytes = someBytes(1_000);
  await test.deposit("a", bytes, { replicas: 2 });
  await test.deposit("b", bytes, { replicas: 1 });
  const other = digestOf(await test.depot.register());
  await test.deposit("a", someBytes(500, 2), { replicas: 1, owner: other });
  const { files, contents, contentBytes, deficit, damaged, aside, ...rest } = await operator
    .status();
  assertEquals([files, rest.bytes, contents, contentBytes], [3, 2_500, 2, 1_500]);
  assertEquals([deficit, damaged, aside, rest.places.length], [0, 0, 0, 2]);
});
