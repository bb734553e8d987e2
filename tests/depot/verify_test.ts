/** Every copy of one file, looked at because its owner asks. */
import { digestOf } from "../../lib/content/digest.ts";
import { Refused } from "../../lib/depot/core.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { patience } from "../server/waiting.ts";
import { someBytes, TestDepot, type TestDepotOptions } from "./test_depot.ts";

const BYTES = someBytes(3_000_000);
const DIGEST = digestOf(BYTES);
const far = (name: string) => ({ name, trusted: false });

/** A depot whose places all have the file `f`. */
async function opened(places: TestDepotOptions["places"], more = {}): Promise<TestDepot> {
  const test = await TestDepot.open({ places, ...more });
  await test.deposit("f", BYTES, { replicas: test.store.ids.length });
  for (const id of test.store.ids) test.store.place(id).reads = 0;
  return test;
}

/** How each copy is, as `place state`; and the progress that was told. */
async function verify(test: TestDepot, signal = patience()) {
  const told: [done: number, total: number][] = [];
  const onBytes = (...step: [number, number]) => void told.push(step);
  const { checks } = await test.depot.verify(test.owner, "f", { signal, onBytes });
  const states = checks.map(({ place, state }) => `${place.id} ${state}`).sort().join(", ");
  return { states, told, checks };
}

Deno.test("every copy is read whole, told of as it goes, and its time is noted", async () => {
  await using test = await opened(3);
  const before = (await test.catalog.content(DIGEST))!.replicas.map((one) => one.verifiedAt);
  const { states, told, checks } = await verify(test);
  assertEquals(states, "p0 good, p1 good, p2 good");
  assertEquals([told[0], told.at(-1)], [[0, 9_000_000], [9_000_000, 9_000_000]]);
  assert(checks.every(({ tookMs }) => tookMs >= 0));
  const after = (await test.catalog.content(DIGEST))!.replicas.map((one) => one.verifiedAt);
  assert(after.every((time, index) => time! >= before[index]!));
  await assertRejects(
    () => test.depot.verify(test.owner, "none", { signal: AbortSignal.timeout(1), onBytes() {} }),
    Refused,
  );
});

Deno.test("a copy that is bad, gone or away is told of as that, and what is bad is made anew", async () => {
  await using test = await opened(4);
  test.store.place("p0").corrupt(DIGEST, 2_500_000);
  test.store.place("p1").erase(DIGEST);
  test.store.leave("p2");
  await test.until("it is away", async () => {
    return (await test.depot.status(test.owner)).places.some(({ place }) => place.state === "lost");
  });
  assertEquals((await verify(test)).states, "p0 damaged, p1 absent, p2 away, p3 good");
  await test.until("they are made anew", async () => {
    const { replicas } = (await test.catalog.content(DIGEST))!;
    return replicas.filter(({ state }) => state === "good").length === 4;
  });
  assertEquals((await verify(test)).states, "p0 good, p1 good, p2 away, p3 good");
  assertEquals((await test.catalog.asides()).map(({ place }) => place), ["p0"]);
});

Deno.test("holders answer for their copies where the depot has a right one, else all are read", async () => {
  await using test = await opened([{ name: "own" }, far("a"), far("b")]);
  test.store.place("b").corrupt(DIGEST);
  assertEquals((await verify(test)).states, "a good, b damaged, own good");
  assertEquals(test.store.place("a").reads, 0, "no byte of it moved");

  await using others = await opened([far("a"), far("b"), far("c")]);
  others.store.place("b").corrupt(DIGEST);
  assertEquals((await verify(others)).states, "a good, b damaged, c good");
  assert(others.store.place("a").reads > 0);
});

Deno.test("who does not wait any more stops it", async () => {
  await using test = await opened(2, { settings: { repairRate: 1_000 } });
  const stop = new AbortController();
  const verifying = verify(test, stop.signal);
  setTimeout(() => stop.abort(new Error("Enough")), 50);
  await assertRejects(() => verifying, Error, "Enough");
});
