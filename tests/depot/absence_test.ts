/** What the depot does while places are away and when they come back, by a clock of its own. */
import { digestOf } from "../../lib/content/digest.ts";
import { CatalogIsOld } from "../../lib/depot/marks.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { someBytes, TestDepot, type TestDepotOptions } from "./test_depot.ts";
import { VirtualClock } from "./virtual_clock.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** As real clocks do, it goes on while it is looked at, and its timers end at a whole millisecond. */
class RestlessClock extends VirtualClock {
  #looks = 0;

  override monotonic(): number {
    return super.monotonic() + ++this.#looks / 100;
  }

  override sleep(ms: number, signal: AbortSignal): Promise<void> {
    return super.sleep(Math.floor(ms), signal);
  }
}

async function opened(options: TestDepotOptions, clock = new VirtualClock()) {
  const test = await TestDepot.open({ ...options, clock });
  await clock.advance(0);
  return { clock, test };
}

/** A content on `places`, of which `name` wants as many. */
async function place(test: TestDepot, name: string, places: string[]): Promise<string> {
  const bytes = someBytes(1_000, name.charCodeAt(0));
  for (const id of test.store.ids) test.store.place(id).faults.full = !places.includes(id);
  await test.deposit(name, bytes, { replicas: places.length });
  for (const id of test.store.ids) test.store.place(id).faults.full = false;
  assertEquals(await test.goodPlaces(name), [...places].sort());
  return digestOf(bytes);
}

/** How many places have the bytes. */
function copies(test: TestDepot, digest: string): number {
  return test.store.ids.filter((id) => test.store.place(id).digests.includes(digest)).length;
}

Deno.test("a place that said goodbye is missed after a day, one that fell silent after an hour", async () => {
  const { clock, test } = await opened({ places: 6 });
  await using _ = test;
  const goodbye = await place(test, "a", ["p0", "p1", "p2"]);
  const lost = await place(test, "b", ["p3", "p1", "p2"]);
  test.store.leave("p0", "goodbye");
  test.store.leave("p3", "lost");
  await clock.advance(HOUR - 1);
  assertEquals([copies(test, goodbye), copies(test, lost)], [3, 3]);
  await clock.advance(2);
  assertEquals([copies(test, goodbye), copies(test, lost)], [3, 4]);
  await clock.advance(23 * HOUR - 2);
  assertEquals(copies(test, goodbye), 3);
  await clock.advance(2);
  assertEquals(copies(test, goodbye), 4);
});

Deno.test("with one live copy left ten minutes of silence are enough", async () => {
  const { clock, test } = await opened({ places: 6 });
  await using _ = test;
  const digest = await place(test, "a", ["p0", "p1"]);
  test.store.leave("p0");
  await clock.advance(10 * MINUTE - 1);
  assertEquals(copies(test, digest), 2);
  await clock.advance(2);
  assertEquals(copies(test, digest), 3);
});

Deno.test("a place is missed in time whenever the keeper looks at the clock", async () => {
  for (let start = 0; start < 10; start++) {
    const { clock, test } = await opened({ places: 3 }, new RestlessClock());
    await using _ = test;
    const digest = await place(test, "a", ["p0", "p1"]);
    for (let look = 0; look < start; look++) clock.monotonic();
    test.store.leave("p0");
    await clock.advance(10 * MINUTE + 1_000);
    assertEquals(copies(test, digest), 3);
  }
});

Deno.test("a holder that said goodbye is no reason to hurry, and its copy is one of those left", async () => {
  const { clock, test } = await opened({ places: 6 });
  await using _ = test;
  const digest = await place(test, "a", ["p0", "p1", "p2"]);
  test.store.leave("p0", "goodbye");
  test.store.leave("p1", "lost");
  await clock.advance(HOUR - 1);
  assertEquals(copies(test, digest), 3);
  await clock.advance(2);
  assertEquals(copies(test, digest), 4);
});

Deno.test("who names a number gets as many copies that can be read, who names none waits for the place", async () => {
  const { clock, test } = await opened({ places: 3 });
  await using _ = test;
  const bytes = someBytes(1_000, "a".charCodeAt(0));
  await place(test, "a", ["p0", "p1"]);
  test.store.leave("p0", "lost");
  await clock.advance(1);
  assertEquals((await test.deposit("a", bytes, { replicas: null })).copies.live, 1);
  assertEquals((await test.deposit("a", bytes, { replicas: 2 })).copies.live, 2);
  assertEquals(await test.goodPlaces("a"), ["p0", "p1", "p2"]);
});

Deno.test("a place that blinks sets nothing off, not even while another is away", async () => {
  const { clock, test } = await opened({ places: 6 });
  await using _ = test;
  const digest = await place(test, "a", ["p0", "p1", "p2"]);
  test.store.leave("p0");
  for (let blink = 0; blink < 18; blink++) {
    test.store.leave("p1");
    await clock.advance(MINUTE);
    test.store.comeBack("p1");
    await clock.advance(2 * MINUTE);
  }
  assertEquals(copies(test, digest), 3);
});

Deno.test("a blink writes one row when it begins and one when it ends, however many replicas there are", async () => {
  const { clock, test } = await opened({ places: 3 });
  await using _ = test;
  for (const name of "abcdefgh") await place(test, name, ["p0", "p1"]);
  await clock.advance(DAY);
  const before = test.catalog.sequence;
  test.store.leave("p0");
  await clock.advance(MINUTE);
  test.store.comeBack("p0");
  await clock.advance(MINUTE);
  assertEquals(test.catalog.sequence - before, 2);
});

Deno.test("soon after a start nobody is given up", async () => {
  const { clock, test } = await opened({
    places: 3,
    settings: { settleMs: 2 * HOUR, graceMs: MINUTE, graceLastMs: MINUTE },
  });
  await using _ = test;
  const digest = await place(test, "a", ["p0", "p1"]);
  test.store.leave("p0");
  await clock.advance(2 * HOUR - 1);
  assertEquals(copies(test, digest), 2);
  await clock.advance(2);
  assertEquals(copies(test, digest), 3);
});

Deno.test("a place that is away for thirty days is gone; when it is back its copies count and surplus goes", async () => {
  const { clock, test } = await opened({ places: 3 });
  await using _ = test;
  const digest = await place(test, "a", ["p0", "p1"]);
  const state = async () => (await test.catalog.places())[0]!.state;
  test.store.leave("p0", "goodbye");
  await clock.advance(30 * DAY - 1);
  assertEquals([await state(), copies(test, digest)], ["goodbye", 3]);
  await clock.advance(2);
  assertEquals(await state(), "gone");
  test.store.comeBack("p0");
  await clock.advance(MINUTE);
  assertEquals([await state(), copies(test, digest)], ["online", 2]);
  assertEquals((await test.goodPlaces("a")).length, 2);
});

Deno.test("a place that comes back without its copies does not count for them, and nothing is trimmed", async () => {
  const { clock, test } = await opened({ places: 3 });
  await using _ = test;
  const digest = await place(test, "a", ["p0", "p1"]);
  test.store.leave("p0");
  await clock.advance(2 * HOUR);
  assertEquals(copies(test, digest), 3);
  test.store.place("p0").erase(digest);
  test.store.comeBack("p0");
  await clock.advance(MINUTE);
  assertEquals(copies(test, digest), 2);
  assertEquals(await test.goodPlaces("a"), ["p1", "p2"]);
});

Deno.test("what could not be copied for want of places is copied when one comes", async () => {
  const { clock, test } = await opened({ places: 1 });
  await using _ = test;
  const bytes = someBytes(1_000);
  await test.deposit("a", bytes, { replicas: 3, minimum: 1 });
  await clock.advance(DAY);
  test.store.add({ id: "new", name: "new" });
  await clock.advance(1);
  assertEquals((await test.goodPlaces("a")).length, 2);
  test.store.add({ id: "newer", name: "newer" });
  await clock.advance(1);
  assertEquals((await test.goodPlaces("a")).length, 3);
});

Deno.test("surplus on a place that is away is trimmed when it is back, were it only for a moment", async () => {
  const { clock, test } = await opened({ places: 3 });
  await using _ = test;
  const digest = await place(test, "a", ["p0", "p1", "p2"]);
  test.store.leave("p0");
  await test.depot.setReplicas({ owner: test.owner, name: "a", wanted: 2, wait: null });
  await clock.advance(MINUTE);
  assertEquals(copies(test, digest), 3);
  test.store.comeBack("p0");
  await clock.advance(MINUTE);
  assertEquals(copies(test, digest), 2);
  assert((await test.goodPlaces("a")).length === 2);
});

Deno.test("until a place that was given up is compared with the catalog its copies neither count nor let others go", async () => {
  const { clock, test } = await opened({ places: 4 });
  await using _ = test;
  const digest = await place(test, "a", ["p0", "p1", "p2"]);
  test.store.leave("p0");
  await clock.advance(2 * HOUR);
  assertEquals(copies(test, digest), 4);
  test.store.place("p0").erase(digest);
  test.store.place("p0").faults.failLists = true;
  test.store.comeBack("p0");
  const change = (wanted: number) =>
    test.depot.setReplicas({ owner: test.owner, name: "a", wanted, wait: null });
  await change(3);
  await clock.advance(5 * MINUTE);
  assertEquals(copies(test, digest), 3);
  test.store.place("p0").faults.failLists = false;
  await clock.advance(5 * MINUTE);
  assertEquals(await test.goodPlaces("a"), ["p1", "p2", "p3"]);
});

Deno.test("a directory that comes later and has seen a newer catalog ends the depot, a holder that says so does not", async () => {
  const { clock, test } = await opened({
    places: [{ name: "own" }, { name: "far", trusted: false }],
  });
  await using _ = test;
  const comeBackNewer = async (id: string) => {
    const place = test.store.place(id);
    test.store.leave(id);
    place.comeBack();
    await place.setMark({ depot: test.catalog.depot, sequence: 1e6 });
    test.store.comeBack(id);
    await clock.advance(1);
    assertEquals(await test.depot.available(), id === "far" ? 1 : 0);
  };
  let failed = false;
  test.depot.failed.catch(() => failed = true);
  await comeBackNewer("far");
  assertEquals(failed, false);
  await comeBackNewer("own");
  await assertRejects(() => test.depot.failed, CatalogIsOld);
});
