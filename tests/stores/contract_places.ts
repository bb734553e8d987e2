/** The store contract: places that join, their marks, signals and restarts. */
import { assert, assertEquals, assertRejects } from "../assert.ts";
import {
  contentOf,
  type ContractCases,
  firstPlace,
  keep,
  list,
  NOTHING,
  prefixOf,
  put,
  read,
} from "./contract_bench.ts";

class Stopped extends Error {}

export const PLACE_CASES: ContractCases = {
  async "the places that are there join, then it is ready, and the iteration ends with its signal"(
    { store, place },
  ) {
    const ending = new AbortController();
    const ids: string[] = [];
    for await (const event of store.places(ending.signal)) {
      if (event.type === "joined") ids.push(event.place.id);
      else assertEquals(event.type, "ready");
      if (event.type === "ready") ending.abort();
    }
    assert(ids.includes(place.id));
    assertEquals(new Set(ids).size, ids.length);
  },

  async "a place has an id, a name, a zone, an address and room"({ place }) {
    for (const text of [place.id, place.name, place.zone, place.address]) assert(text !== "");
    const { capacity, free } = await place.room();
    assert(free > 0 && free <= capacity);
  },

  async "a mark comes back as it was set"({ place }) {
    const depot = (await place.mark())?.depot ?? crypto.randomUUID();
    await place.setMark({ depot, sequence: 41 });
    await place.setMark({ depot, sequence: 42 });
    assertEquals(await place.mark(), { depot, sequence: 42 });
  },

  async "a signal that aborted stops reading, writing, hashing and listing, and keep still works"(
    bench,
  ) {
    const { place, signal } = bench;
    const { digest, bytes } = await put(bench, contentOf(1_000));
    const stopped = AbortSignal.abort(new Stopped());
    const prefix = NOTHING;
    await assertRejects(() => place.get(digest, { from: 0, signal: stopped }), Stopped);
    await assertRejects(() => place.hash(digest, { prefix, signal: stopped }), Stopped);
    await assertRejects(() => place.begin({ id: "late", signal: stopped }), Stopped);
    await assertRejects(() => Array.fromAsync(place.list({ signal: stopped })), Stopped);

    const stopping = new AbortController();
    await using reader = (await place.get(digest, { from: 0, signal: stopping.signal }))!;
    const id = crypto.randomUUID();
    {
      await using writer = await place.begin({ id, size: 1_000, signal: stopping.signal });
      await writer.write(bytes.subarray(0, 10));
      stopping.abort(new Stopped());
      await assertRejects(() => reader.read(new Uint8Array(10)), Stopped);
      await assertRejects(() => writer.write(bytes.subarray(10)), Stopped);
      await assertRejects(() => writer.commit({ digest, size: 10 }), Stopped);
      await writer.keep();
    }
    await using again = await place.begin({ id, resume: true, signal });
    assertEquals(again.position, 10);
  },

  async "all is there after a restart: replicas, parts, set-aside copies, mark and id"(bench) {
    if (!bench.reopen) return;
    const { place, signal } = bench;
    const content = await put(bench, contentOf(5_000));
    const aside = await put(bench, contentOf(600));
    await place.setAside(aside.digest);
    const id = crypto.randomUUID();
    await keep(bench, id, content.bytes.subarray(0, 70));
    const depot = (await place.mark())?.depot ?? crypto.randomUUID();
    await place.setMark({ depot, sequence: 9 });
    await bench.store[Symbol.asyncDispose]();

    await using store = await bench.reopen();
    const again = { ...bench, place: await firstPlace(store) };
    assertEquals(again.place.id, place.id);
    assertEquals(await again.place.mark(), { depot, sequence: 9 });
    assertEquals(await list(again), [{ digest: content.digest, size: 5_000 }]);
    assertEquals(await read(again, content.digest), content.bytes);
    assertEquals(await read(again, aside.digest, true), aside.bytes);
    assertEquals(await Array.fromAsync(again.place.uploads()), [{ id, bytes: 70 }]);
    await using writer = await again.place.begin({ id, resume: true, signal });
    assertEquals(await prefixOf(writer), content.bytes.slice(0, 70));
  },
};
