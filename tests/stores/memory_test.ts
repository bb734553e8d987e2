import { Full, type PlaceEvent, Unreachable } from "../../stores/store.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { testStore } from "./contract.ts";
import { contentOf, put, read } from "./contract_bench.ts";
import { MemoryStore } from "./memory.ts";
import type { MemoryPlace } from "./memory_place.ts";

testStore("memory", () =>
  Promise.resolve({
    store: new MemoryStore({ places: [{}] }),
    rot: async (place, digest) => await (place as MemoryPlace).corrupt(digest),
  }));

const { signal } = new AbortController();

Deno.test("a place in memory goes, is unreachable with all that was open, and comes back", async () => {
  await using store = new MemoryStore();
  const place = store.add({ id: "a" });
  const events: string[] = [];
  const ending = new AbortController();
  const told = collect(store.places(ending.signal), events);
  const content = await put({ place, signal }, contentOf(100));
  await using reader = (await place.get(content.digest, { from: 0, signal }))!;
  {
    await using writer = await place.begin({ id: "u", signal });
    await writer.write(new Uint8Array(10));
    store.leave("a", "goodbye");
    await assertRejects(
      () => place.hash(content.digest, { prefix: new Uint8Array(), signal }),
      Unreachable,
    );
    store.comeBack("a");
    await assertRejects(() => writer.write(new Uint8Array(10)), Unreachable);
    await assertRejects(() => reader.read(new Uint8Array(10)), Unreachable);
  }
  assertEquals(await read({ place, signal }, content.digest), content.bytes);
  assertEquals(await Array.fromAsync(place.uploads()), [{ id: "u", bytes: 10 }]);
  ending.abort();
  await told;
  assertEquals(events, ["joined a", "ready", "left a goodbye", "joined a"]);
});

Deno.test("a place in memory is full at its capacity, and gives room back", async () => {
  await using store = new MemoryStore();
  const place = store.add({ capacity: 1_000 });
  const { digest } = await put({ place, signal }, contentOf(700));
  await assertRejects(() => place.begin({ id: "u", size: 301, signal }), Full);
  {
    await using writer = await place.begin({ id: "u", signal });
    await writer.write(new Uint8Array(200));
    await assertRejects(() => writer.write(new Uint8Array(200)), Full);
  }
  assertEquals(await place.room(), { capacity: 1_000, free: 300 });
  await put({ place, signal }, contentOf(300));
  await place.setAside(digest);
  assertEquals((await place.room()).free, 0);
  await place.dropAside(digest);
  assertEquals((await place.room()).free, 700);
});

Deno.test("a place in memory fails writes, commits and reads when told to", async () => {
  await using store = new MemoryStore();
  const place = store.add();
  const content = await put({ place, signal }, contentOf(100));
  place.faults.failReadsAfter = 60;
  await using reader = (await place.get(content.digest, { from: 0, signal }))!;
  assertEquals(await reader.read(new Uint8Array(60)), 60);
  await assertRejects(() => reader.read(new Uint8Array(1)), Error, "fault");
  place.faults.failWritesAfter = 5;
  await using writer = await place.begin({ id: "u", signal });
  await writer.write(new Uint8Array(5));
  await assertRejects(() => writer.write(new Uint8Array(1)), Error, "fault");
  place.faults.failWritesAfter = Infinity;
  place.faults.failCommits = true;
  await assertRejects(() => put({ place, signal }, contentOf(101)), Error, "fault");
  assert(place.bytes(contentOf(101).digest) === undefined);
});

async function collect(events: AsyncIterable<PlaceEvent>, into: string[]): Promise<void> {
  for await (const event of events) {
    if (event.type === "joined") into.push(`joined ${event.place.id}`);
    else if (event.type === "ready") into.push("ready");
    else into.push(`left ${event.id} ${event.why}`);
  }
}
