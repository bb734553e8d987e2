import { assertEquals, assertRejects } from "../assert.ts";
import { Refused } from "../../lib/depot/core.ts";
import { digestOf } from "../../lib/content/digest.ts";
import { NAME_BYTES } from "../../lib/protocol/mod.ts";
import { someBytes, TestDepot } from "./test_depot.ts";
import { VirtualClock } from "./virtual_clock.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const KEPT = { keepRemovedMs: 24 * HOUR, lingerMs: MINUTE };

async function refused(why: Refused["why"], work: () => Promise<unknown>): Promise<void> {
  assertEquals((await assertRejects(work, Refused)).why, why);
}

function restore(test: TestDepot, name: string, more = {}) {
  const request = { owner: test.owner, name, version: null, replace: false, ...more };
  return test.depot.names.restore(request);
}

function rename(test: TestDepot, from: string, to: string, replace = false) {
  const request = { owner: test.owner, from, to, replace, longest: NAME_BYTES };
  return test.depot.names.rename(request);
}

/** How many places have bytes of any content. */
function copies(test: TestDepot): number {
  return test.store.ids.reduce((sum, id) => sum + test.store.place(id).digests.length, 0);
}

/** Versions that can be restored. */
async function removed(test: TestDepot, owner = test.owner): Promise<string[]> {
  const query = { owner, prefix: "", after: "", afterVersion: 0, limit: 100 };
  const { files } = await test.depot.names.removed(query);
  return files.map(({ file, copies }) => `${file.name} ${file.version}: ${copies.live}`);
}

Deno.test("what was removed keeps its copies until its time is over, and then they go", async () => {
  const clock = new VirtualClock();
  await using test = await TestDepot.open({ places: 4, clock, settings: KEPT });
  await test.deposit("a", someBytes(100), { replicas: 3 });
  await test.depot.names.remove(test.owner, "a");
  assertEquals(await removed(test), ["a 1: 3"]);
  const [first] = (await test.catalog.content(digestOf(someBytes(100))))!.replicas;
  test.store.leave(first!.place);
  await clock.advance(23 * HOUR);
  assertEquals(await removed(test), ["a 1: 3"], "a lost copy is made anew");
  const { files, bytes, places } = await test.depot.status(test.owner);
  assertEquals([files, bytes, places.map(({ replicas }) => replicas)], [0, 0, [0, 0, 0, 0]]);
  test.store.comeBack(first!.place);
  await clock.advance(HOUR - 1);
  assertEquals(copies(test), 3);
  await clock.advance(2);
  assertEquals([await removed(test), copies(test)], [[], 3], "the linger comes after it");
  await clock.advance(2 * MINUTE);
  assertEquals(copies(test), 0);
  await refused("absent", () => restore(test, "a"));
});

Deno.test("what was replaced comes back, and what it takes the place of can come back in turn", async () => {
  await using test = await TestDepot.open({ places: 2, settings: KEPT });
  const [one, two] = [someBytes(100, 1), someBytes(200, 2)];
  await test.deposit("a", one);
  await test.deposit("a", two);
  assertEquals(await removed(test), ["a 1: 2"]);
  await refused("taken", () => restore(test, "a"));
  assertEquals((await restore(test, "a", { replace: true })).file.version, 3);
  assertEquals(await test.retrieve("a"), one);
  assertEquals(await removed(test), ["a 2: 2"]);
  await refused("absent", () => restore(test, "a", { version: 1, replace: true }));
  await test.depot.names.remove(test.owner, "a");
  await restore(test, "a", { version: 2 });
  assertEquals(await test.retrieve("a"), two);
  assertEquals(await removed(test), ["a 3: 2"]);
});

Deno.test("removed for good, or where nothing is kept, the room is free after the linger", async () => {
  await using test = await TestDepot.open({ places: 2, settings: { ...KEPT, lingerMs: 0 } });
  await test.deposit("a", someBytes(100, 1));
  await test.deposit("a", someBytes(100, 2));
  await test.deposit("b", someBytes(100, 2));
  assertEquals(copies(test), 4);
  await test.depot.names.forget(test.owner, "a");
  await test.until("what only that name had is gone", () => copies(test) === 2);
  assertEquals([await removed(test), await test.retrieve("b")], [[], someBytes(100, 2)]);
  await refused("absent", () => test.depot.names.forget(test.owner, "a"));

  await using forgetful = await TestDepot.open({ places: 2 });
  await forgetful.deposit("a", someBytes(100, 1));
  await forgetful.deposit("a", someBytes(100, 2));
  await forgetful.depot.names.remove(forgetful.owner, "a");
  await forgetful.until("all of it is gone", () => copies(forgetful) === 0);
});

Deno.test("a rename moves no bytes, and overwrites only what can be restored", async () => {
  await using test = await TestDepot.open({ places: 2, settings: KEPT });
  for (const [at, name] of ["a", "b", "F/x", "F/y"].entries()) {
    await test.deposit(name, someBytes(100, at + 1));
  }
  await refused("taken", () => rename(test, "a", "b"));
  await refused("absent", () => rename(test, "none", "b"));
  await refused("bad value", () => rename(test, "a", "a"));
  await refused("bad value", () => rename(test, "F/", "F/G/"));
  await refused("bad value", () => rename(test, "F/", "G"));
  await refused("bad value", () => rename(test, "F/", "G".repeat(NAME_BYTES - 1) + "/"));
  assertEquals(await rename(test, "a", "b", true), { files: 1, replaced: 1 });
  assertEquals(await test.retrieve("b"), someBytes(100, 1));
  assertEquals(await rename(test, "F/", "G/H/"), { files: 2, replaced: 0 });
  assertEquals(await test.retrieve("G/H/y"), someBytes(100, 4));
  await restore(test, "b", { version: 1, replace: true });
  assertEquals(await test.retrieve("b"), someBytes(100, 2));
  assertEquals(copies(test), 8);
});

Deno.test("what an owner removed makes way for what it deposits, the oldest first, if that is enough", async () => {
  const places = ["p0", "p1"].map((name) => ({ name, capacity: 1_000_000 }));
  await using test = await TestDepot.open({ places, settings: { ...KEPT, lingerMs: 50 } });
  for (const [seed, name] of ["a", "b", "c"].entries()) {
    await test.deposit(name, someBytes(300_000, seed + 1));
    await test.depot.names.remove(test.owner, name);
  }
  const tooMuch = await assertRejects(() => test.deposit("d", someBytes(1_000_001, 9)), Refused);
  assertEquals(tooMuch.why, "no room");
  assertEquals((await removed(test)).length, 3, "nothing goes in vain");
  await test.deposit("d", someBytes(500_000, 9));
  assertEquals(await removed(test), ["c 1: 2"]);
  assertEquals(await test.retrieve("d"), someBytes(500_000, 9));

  const other = digestOf("another owner");
  await test.catalog.addOwner(other, 0);
  await refused("no room", () => test.deposit("e", someBytes(400_000, 10), { owner: other }));
  assertEquals(await removed(test), ["c 1: 2"], "nobody else's goes");
});

Deno.test("what was removed twice makes way as well", async () => {
  const places = ["p0", "p1"].map((name) => ({ name, capacity: 1_000_000 }));
  await using test = await TestDepot.open({ places, settings: { ...KEPT, lingerMs: 50 } });
  for (const name of ["a", "b", "a"]) {
    await test.deposit(name, someBytes(400_000, 1));
    await test.depot.names.remove(test.owner, name);
  }
  await test.deposit("c", someBytes(100_000, 2));
  await test.depot.names.remove(test.owner, "c");
  await test.deposit("d", someBytes(600_000, 3));
  assertEquals(await removed(test), ["c 1: 2"]);
  assertEquals(await test.retrieve("d"), someBytes(600_000, 3));
});

Deno.test("nothing that was removed goes where its room would only fill up the reserve", async () => {
  const places = ["p0", "p1"].map((name) => ({ name, capacity: 1_000_000 }));
  let reserve = 0;
  const settings = { ...KEPT, lingerMs: 50, reserve: () => reserve };
  await using test = await TestDepot.open({ places, settings });
  await test.deposit("a", someBytes(300_000, 1));
  await test.depot.names.remove(test.owner, "a");
  reserve = 900_000;
  await refused("no room", () => test.deposit("b", someBytes(200_000, 2)));
  assertEquals(await removed(test), ["a 1: 2"]);
});
