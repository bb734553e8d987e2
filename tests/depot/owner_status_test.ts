/** What an owner is told of its files, by a clock of the test's own. */
import { digestOf } from "../../lib/content/digest.ts";
import { assertEquals } from "../assert.ts";
import { someBytes, TestDepot, type TestDepotOptions } from "./test_depot.ts";
import { VirtualClock } from "./virtual_clock.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

async function opened(options: TestDepotOptions) {
  const clock = new VirtualClock();
  const test = await TestDepot.open({ ...options, clock });
  await clock.advance(0);
  const outlook = async (name = "a") => {
    const { outlook, copies } = await test.depot.fileStatus(test.owner, name);
    return [copies.live, outlook.state, outlook.inMs];
  };
  return { clock, test, outlook };
}

Deno.test("a file with a lost copy says until when it is waited for, and that all is well again", async () => {
  const { clock, test, outlook } = await opened({ places: 3 });
  await using _ = test;
  await test.deposit("a", someBytes(1_000));
  assertEquals(await outlook(), [2, "complete", null]);
  const [first] = await test.goodPlaces("a");
  test.store.leave(first!, "lost");
  await clock.advance(4 * MINUTE);
  // One copy is left: ten minutes, not an hour.
  assertEquals(await outlook(), [1, "away", 6 * MINUTE]);
  await clock.advance(6 * MINUTE + 1);
  assertEquals(await outlook(), [2, "complete", null]);
});

Deno.test("of several copies that are away the first that ceases to count says when others are made", async () => {
  const { clock, test, outlook } = await opened({ places: 6 });
  await using _ = test;
  await test.deposit("a", someBytes(1_000), { replicas: 4 });
  const [one, two] = await test.goodPlaces("a");
  test.store.leave(one!, "goodbye");
  await clock.advance(HOUR);
  test.store.leave(two!, "lost");
  await clock.advance(20 * MINUTE);
  assertEquals(await outlook(), [2, "away", 40 * MINUTE]);
  const { places } = await test.depot.status(test.owner);
  const missedIn = Object.fromEntries(
    places.map(({ place, missedInMs }) => [place.id, missedInMs]),
  );
  assertEquals([missedIn[one!], missedIn[two!]], [DAY - HOUR - 20 * MINUTE, 40 * MINUTE]);
});

Deno.test("what no place has room for, and what cannot be read, says when it is tried again", async () => {
  const { clock, test, outlook } = await opened({ places: 2 });
  await using _ = test;
  await test.deposit("a", someBytes(1_000));
  const [first, second] = await test.goodPlaces("a");
  test.store.leave(first!, "lost");
  await clock.advance(10 * MINUTE + 1);
  const [live, state, inMs] = await outlook();
  assertEquals([live, state, typeof inMs], [1, "no_place", "number"]);
  test.store.leave(second!, "lost");
  await clock.advance(2 * HOUR);
  assertEquals((await outlook()).slice(0, 2), [0, "no_source"]);
});

Deno.test("the only copy is waited for: nothing is made elsewhere without it", async () => {
  const { clock, test, outlook } = await opened({ places: 2 });
  await using _ = test;
  await test.deposit("a", someBytes(1_000), { replicas: 1 });
  test.store.leave((await test.goodPlaces("a"))[0]!, "lost");
  await clock.advance(MINUTE);
  assertEquals(await outlook(), [0, "no_source", null]);
});

Deno.test("the copies of others are no part of an owner's status", async () => {
  const { clock, test, outlook } = await opened({ places: 3 });
  await using _ = test;
  const other = digestOf("another owner");
  await test.catalog.addOwner(other, 0);
  const bytes = someBytes(1_000);
  await test.deposit("a", bytes, { replicas: 1 });
  await test.deposit("theirs", bytes, { replicas: 3, owner: other });
  await test.deposit("alone", someBytes(2_000), { replicas: 3, owner: other });
  test.store.leave("p0", "lost");
  await clock.advance(MINUTE);
  assertEquals(await outlook(), [1, "complete", null], "one of three is away, one is wanted");
  const { files, short, deficit, queued, running, places } = await test.depot.status(test.owner);
  assertEquals([files, short, deficit, queued, running], [1, 0, 0, 0, 0]);
  assertEquals(places.reduce((sum, { replicas }) => sum + replicas, 0), 1);
  const theirs = await test.depot.status(other);
  assertEquals([theirs.short, theirs.deficit, theirs.waiting], [2, 2, 2]);
});

Deno.test("a status adds up the pages of an owner with many files", async () => {
  const { clock, test } = await opened({ places: 3 });
  await using _ = test;
  for (let file = 0; file < 250; file++) {
    await test.deposit(`f${file}`, someBytes(100, file + 1), { replicas: 2 });
  }
  const { files, bytes, checked, oldestCheck, places } = await test.depot.status(test.owner);
  assertEquals([files, bytes, checked, oldestCheck], [250, 25_000, 250, clock.wall()]);
  assertEquals(places.reduce((sum, { replicas }) => sum + replicas, 0), 500);
});

Deno.test("a place that is emptied says so, and its copies are told of until others are there", async () => {
  const { clock, test, outlook } = await opened({ places: 3, settings: { repairRate: 1_000 } });
  await using _ = test;
  await test.deposit("a", someBytes(3 * 1024 * 1024));
  const [first] = await test.goodPlaces("a");
  await test.depot.operator.drain(first!);
  await clock.advance(20);
  assertEquals(await outlook(), [2, "running", null]);
  const { replicas } = await test.depot.fileStatus(test.owner, "a");
  assertEquals(replicas.filter(({ draining }) => draining).map(({ place }) => place.id), [first]);
  const { running, places } = await test.depot.status(test.owner);
  assertEquals([running, places.filter(({ draining }) => draining).length], [1, 1]);
});

Deno.test("an owner is told of copies that stay, then of those that may come back, whatever is gone", async () => {
  // Places are ordered by their ids where nothing else does it: each is once the one that is drained.
  for (const drained of ["p0", "p1", "p2"]) {
    const { clock, test } = await opened({ places: 3 });
    await using _ = test;
    const { depot, owner } = test;
    await test.deposit("a", someBytes(1_000), { replicas: 2 });
    const told = async () => {
      const { copies, replicas } = await depot.fileStatus(owner, "a");
      const { places } = await depot.status(owner);
      return {
        live: copies.places.map(({ id }) => id).sort(),
        listed: replicas.map(({ place }) => place.id).sort(),
        counted: places.filter(({ replicas }) => replicas > 0).map(({ place }) => place.id).sort(),
      };
    };
    const others = ["p0", "p1", "p2"].filter((id) => id !== drained);
    await depot.operator.drain(drained);
    await clock.advance(MINUTE);
    assertEquals(await depot.operator.remaining(drained), 0);
    assertEquals(await told(), { live: others, listed: others, counted: others });
    await depot.operator.forget(drained);
    test.store.leave(others[1]!, "lost");
    await clock.advance(MINUTE);
    assertEquals(await told(), { live: others.slice(0, 1), listed: others, counted: others });
  }
});

Deno.test("the scrub says where it is", async () => {
  const { clock, test } = await opened({ places: 1, settings: { repairRate: 1_000 } });
  await using _ = test;
  for (let file = 0; file < 8; file++) {
    await test.deposit(`f${file}`, someBytes(20_000, file + 1), { replicas: 1 });
  }
  assertEquals((await test.depot.status(test.owner)).scrub, null);
  await clock.advance(3.5 * DAY);
  let last = -1;
  for (let turn = 0; turn < 3; turn++) {
    await clock.advance(20_000);
    const { scrub } = await test.depot.status(test.owner);
    assertEquals([scrub?.place, scrub!.part > last], ["p0", true]);
    last = scrub!.part;
  }
});
