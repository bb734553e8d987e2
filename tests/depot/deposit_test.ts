import { Refused } from "../../lib/depot/core.ts";
import { digestOf } from "../../lib/content/digest.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { eventually, patience } from "../server/waiting.ts";
import { someBytes, TestDepot } from "./test_depot.ts";

const MIB = 1024 * 1024;

for (const size of [0, 1, 8_192, MIB, MIB + 1, 3 * MIB + 7]) {
  Deno.test(`a file of ${size} bytes is on all its places and comes back`, async () => {
    await using test = await TestDepot.open({ places: 3 });
    const bytes = someBytes(size);
    const { file, copies } = await test.deposit("a", bytes, { replicas: 3 });
    assertEquals([file.size, file.version, copies.live, copies.wanted], [size, 1, 3, 3]);
    for (const id of ["p0", "p1", "p2"]) {
      const hash = await test.store.place(id).hash(digestOf(bytes), {
        prefix: new Uint8Array(),
        signal: patience(),
      });
      assertEquals(hash, digestOf(bytes), id);
    }
    assertEquals(await test.retrieve("a"), bytes);
  });
}

Deno.test("a deposit with another hash than declared is refused, and leaves nothing anywhere", async () => {
  await using test = await TestDepot.open({ places: 2 });
  const before = await freeOf(test);
  for (const size of [10, 2 * MIB]) {
    const offer = await test.depot.offer(test.request("a", { size }), patience());
    await using _closing = offer;
    await using incoming = await offer.receive(0);
    for (let left = size; left > 0; left -= MIB) {
      await incoming.write(new Uint8Array(Math.min(left, MIB)));
    }
    await assertRejects(() => incoming.finish("0".repeat(64)), Refused, "their SHA-256 is");
  }
  assertEquals(await test.catalog.file(test.owner, "a"), null);
  assertEquals(await test.catalog.uploads(), []);
  assertEquals(await freeOf(test), before);
});

Deno.test("more replicas than places with room are refused before any byte, with the number", async () => {
  await using test = await TestDepot.open({ places: 2 });
  const refused = await assertRejects(
    () => test.deposit("a", someBytes(5), { replicas: 3 }),
    Refused,
    "only 2 places",
  );
  assertEquals([refused.why, refused.available], ["few places", 2]);
});

Deno.test("a full place is not counted among those with room", async () => {
  await using test = await TestDepot.open({ places: 2 });
  test.store.place("p1").faults.full = true;
  const full = await assertRejects(
    () => test.deposit("a", someBytes(5)),
    Refused,
    "only 1 place has",
  );
  assertEquals(full.available, 1);
});

Deno.test("room is held while a deposit is under way: two that fit only one by one do not both begin", async () => {
  await using test = await TestDepot.open({ places: [{ name: "p", capacity: 3 * MIB }] });
  const request = (name: string) => test.request(name, { replicas: 1, size: 2 * MIB });
  const signal = patience();
  const results = await Promise.allSettled(
    ["a", "b", "c"].map((name) => test.depot.offer(request(name), signal)),
  );
  const offers = results.filter((result) => result.status === "fulfilled");
  assertEquals(offers.length, 1);
  await offers[0]!.value[Symbol.asyncDispose]();
  await (await test.depot.offer(request("d"), signal))[Symbol.asyncDispose]();
});

Deno.test("room is held again for what is sent again from the start", async () => {
  await using test = await TestDepot.open({ places: [{ name: "p", capacity: 50 * MIB }] });
  const signal = patience();
  const ask = { replicas: 1, size: 4 * MIB, upload: crypto.randomUUID() };
  {
    await using offer = await test.depot.offer(test.request("a", ask), signal);
    await using incoming = await offer.receive(0);
    await incoming.write(someBytes(3 * MIB));
    await incoming.keep();
  }
  await using offer = await test.depot.offer(test.request("a", ask), signal);
  assertEquals(offer.position, 3 * MIB);
  await using _incoming = await offer.receive(0);
  const other = test.request("b", { replicas: 1, size: 47 * MIB });
  const refusal = await assertRejects(() => test.depot.offer(other, signal), Refused);
  assertEquals(refusal.why, "no room");
});

Deno.test("places that became full since the offer are said to be full", async () => {
  await using test = await TestDepot.open({ places: 2 });
  for (const size of [5, 2 * MIB]) {
    const bytes = someBytes(size);
    const request = test.request("a", { size });
    await using offer = await test.depot.offer(request, patience());
    for (const id of ["p0", "p1"]) test.store.place(id).faults.full = true;
    const refusal = await assertRejects(async () => {
      await using incoming = await offer.receive(0);
      await incoming.write(bytes);
      await incoming.finish(digestOf(bytes));
    }, Refused);
    assertEquals(refusal.why, "no room");
    for (const id of ["p0", "p1"]) test.store.place(id).faults.full = false;
  }
});

Deno.test("with fewer places accepted a deposit takes what there is, and the keeper adds the rest", async () => {
  await using test = await TestDepot.open({ places: 1 });
  const { copies } = await test.deposit("a", someBytes(2 * MIB), { replicas: 3, minimum: 1 });
  assertEquals([copies.live, copies.wanted], [1, 3]);
  test.store.add({ id: "late", name: "late" });
  test.store.add({ id: "later", name: "later" });
  await test.until("three copies", async () => (await test.goodPlaces("a")).length === 3);
});

Deno.test("when a place fails in mid-file another takes over from what is whole", async () => {
  await using test = await TestDepot.open({ places: 3 });
  test.store.place("p0").faults.failWritesAfter = MIB;
  test.store.place("p1").faults.failCommits = true;
  // Two of three are chosen by chance: whichever they are, two good copies cannot be had at once,
  // and one must be: the deposit stands and says how many it has.
  const { copies } = await test.deposit("a", someBytes(3 * MIB), { replicas: 2 }).catch((error) => {
    assert(error instanceof Refused, String(error));
    return { copies: null };
  });
  if (copies) assertEquals(copies.live, 1);
  delete test.store.place("p0").faults.failWritesAfter;
  await test.deposit("b", someBytes(3 * MIB, 2), { replicas: 2 });
  assertEquals((await test.goodPlaces("b")).length, 2);
});

Deno.test("a deposit whose places all fail is refused and can be tried again", async () => {
  await using test = await TestDepot.open({ places: 2 });
  for (const id of ["p0", "p1"]) test.store.place(id).faults.failCommits = true;
  await assertRejects(() => test.deposit("a", someBytes(5)), Refused);
  await assertRejects(() => test.deposit("a", someBytes(2 * MIB)), Refused);
  assertEquals(await test.catalog.file(test.owner, "a"), null);
  for (const id of ["p0", "p1"]) test.store.place(id).faults.failCommits = false;
  const { copies } = await test.deposit("a", someBytes(2 * MIB));
  assertEquals(copies.live, 2);
});

Deno.test("a broken deposit goes on from what the places kept", async () => {
  await using test = await TestDepot.open({ places: 2 });
  const bytes = someBytes(3 * MIB + 5);
  const upload = crypto.randomUUID();
  const request = test.request("a", { size: bytes.length, upload });
  const signal = patience();
  {
    await using offer = await test.depot.offer(request, signal);
    await using incoming = await offer.receive(0);
    await incoming.write(bytes.subarray(0, MIB + 77));
    await incoming.keep();
  }
  await using offer = await test.depot.offer(request, signal);
  assertEquals(offer.position, MIB + 77);
  assertEquals(offer.partDigest, digestOf(bytes.subarray(0, MIB + 77)));
  await using incoming = await offer.receive(offer.position);
  await incoming.write(bytes.subarray(offer.position));
  const { copies } = await incoming.finish(digestOf(bytes));
  assertEquals(copies.live, 2);
  assertEquals(await test.retrieve("a"), bytes);
});

Deno.test("a client that has other bytes by now sends them from the start", async () => {
  await using test = await TestDepot.open({ places: 2 });
  const [first, second] = [someBytes(3 * MIB), someBytes(3 * MIB, 2)];
  const request = test.request("a", { size: 3 * MIB, upload: crypto.randomUUID() });
  const signal = patience();
  {
    await using offer = await test.depot.offer(request, signal);
    await using incoming = await offer.receive(0);
    await incoming.write(first.subarray(0, 2 * MIB));
    await incoming.keep();
  }
  await using offer = await test.depot.offer(request, signal);
  await using incoming = await offer.receive(0);
  await incoming.write(second);
  await incoming.finish(digestOf(second));
  assertEquals(await test.retrieve("a"), second);
});

Deno.test("one upload is not sent by two connections at once", async () => {
  await using test = await TestDepot.open({ places: 2 });
  const request = test.request("a", { size: 3 * MIB, upload: crypto.randomUUID() });
  const signal = patience();
  await using _offer = await test.depot.offer(request, signal);
  const refused = await assertRejects(() => test.depot.offer(request, signal), Refused);
  assertEquals(refused.why, "in use");
});

Deno.test("deposits of one name at once are all acknowledged, and one of them remains", async () => {
  await using test = await TestDepot.open({ places: 3 });
  const contents = Array.from({ length: 12 }, (_, index) => someBytes(20_000 + index, index + 1));
  await Promise.all(contents.map((bytes) => test.deposit("a", bytes)));
  const last = await test.retrieve("a");
  assert(contents.some((bytes) => digestOf(bytes) === digestOf(last)));
  assertEquals((await test.catalog.file(test.owner, "a"))!.version, 12);
  await test.until("only the last one's copies", async () => {
    const page = await test.catalog.survey({ after: null, limit: 100, counted: [] });
    return page.contents.length === 1;
  });
});

Deno.test("of large deposits at once only the one whose bytes are others is refused", async () => {
  await using test = await TestDepot.open({ places: 2 });
  const contents = [1, 2, 3, 4].map((seed) => someBytes(3 * MIB + seed, seed));
  const settled = await Promise.allSettled(contents.map(async (bytes, index) => {
    const request = test.request(`${index}`, { size: bytes.length });
    await using offer = await test.depot.offer(request, patience());
    await using incoming = await offer.receive(0);
    const declared = digestOf(bytes);
    if (index === 2) bytes[MIB]! ^= 1;
    for (let at = 0; at < bytes.length; at += MIB) {
      await incoming.write(bytes.subarray(at, at + MIB));
    }
    await incoming.finish(declared);
  }));
  assertEquals(settled.map(({ status }) => status === "fulfilled"), [true, true, false, true]);
  for (const index of [0, 1, 3]) assertEquals(await test.retrieve(`${index}`), contents[index]);
});

Deno.test("the same content by many owners at once is one content, with the largest number wanted", async () => {
  await using test = await TestDepot.open({ places: 3 });
  const bytes = someBytes(2 * MIB);
  const owners = ["x", "y", "z"].map(digestOf);
  for (const owner of owners) await test.catalog.addOwner(owner, 0);
  const receipts = await Promise.all(
    owners.map((owner, index) => test.deposit("a", bytes, { owner, replicas: index + 1 })),
  );
  receipts.forEach(({ copies }, index) => assertEquals(copies.live, index + 1));
  assertEquals((await test.catalog.content(digestOf(bytes)))!.wanted, 3);
});

Deno.test("a removed file's bytes go, unless another file has the same content", async () => {
  await using test = await TestDepot.open({ places: 2 });
  const bytes = someBytes(50_000);
  await test.deposit("a", bytes);
  await test.deposit("b", bytes);
  await test.depot.names.remove(test.owner, "a");
  assertEquals(await test.retrieve("b"), bytes);
  await test.depot.names.remove(test.owner, "b");
  await test.until("nothing is left", async () => {
    return await test.catalog.content(digestOf(bytes)) === null;
  });
  const hash = await test.store.place("p0").hash(digestOf(bytes), {
    prefix: new Uint8Array(),
    signal: patience(),
  });
  assertEquals(hash, null);
});

Deno.test("a deposit under way of a content that is being removed ends with good copies", async () => {
  await using test = await TestDepot.open({ places: 2 });
  const bytes = someBytes(2 * MIB);
  for (let round = 0; round < 20; round++) {
    await test.deposit("a", bytes);
    const [, { copies }] = await Promise.all([
      test.depot.names.remove(test.owner, "a"),
      test.deposit("b", bytes),
    ]);
    assertEquals(copies.live, 2);
    assertEquals(await test.retrieve("b"), bytes);
    await test.depot.names.remove(test.owner, "b");
  }
});

Deno.test("an owner has at most 64 broken uploads: the oldest gives way", async () => {
  await using test = await TestDepot.open({ places: 1 });
  const signal = patience();
  for (let count = 0; count < 66; count++) {
    const request = test.request(`f${count}`, {
      replicas: 1,
      size: 2 * MIB,
      upload: crypto.randomUUID(),
    });
    await using offer = await test.depot.offer(request, signal);
    await using incoming = await offer.receive(0);
    await incoming.write(new Uint8Array(10));
    await incoming.keep();
  }
  assertEquals((await test.catalog.uploads(test.owner)).length, 64);
});

async function freeOf(test: TestDepot): Promise<number[]> {
  return await Promise.all(
    ["p0", "p1"].map(async (id) => (await test.store.place(id).room()).free),
  );
}

Deno.test("what an owner's broken uploads take stays within a tenth of the room", async () => {
  await using test = await TestDepot.open({ places: [{ name: "p", capacity: 50 * MIB }] });
  const signal = patience();
  for (const name of ["a", "b", "c"]) {
    const ask = { replicas: 1, size: 4 * MIB, upload: crypto.randomUUID() };
    await using offer = await test.depot.offer(test.request(name, ask), signal);
    await using incoming = await offer.receive(0);
    await incoming.write(someBytes(2 * MIB));
    await incoming.keep();
  }
  assertEquals((await test.catalog.uploads(test.owner)).length, 2);
});

Deno.test("a number that was changed during an upload that named none stays", async () => {
  await using test = await TestDepot.open({ places: 3 });
  await test.deposit("a", someBytes(10), { replicas: 1 });
  const bytes = someBytes(2 * MIB);
  const request = test.request("a", { replicas: null, size: bytes.length });
  await using offer = await test.depot.offer(request, patience());
  await using incoming = await offer.receive(0);
  await incoming.write(bytes);
  await test.depot.setReplicas({ owner: test.owner, name: "a", wanted: 3, wait: null });
  const { file } = await incoming.finish(digestOf(bytes));
  assertEquals(file.wanted, 3);
});

Deno.test("a file whose copies are all lost is not offered as present: its bytes are asked for", async () => {
  await using test = await TestDepot.open({ places: 2 });
  const bytes = someBytes(2 * MIB);
  await test.deposit("a", bytes);
  for (const id of ["p0", "p1"]) await test.store.place(id).delete(digestOf(bytes));
  await assertRejects(() => test.retrieve("a"), Refused);
  await test.until("the loss is known", async () => (await test.goodPlaces("a")).length === 0);
  const request = test.request("a", { size: bytes.length });
  await using offer = await test.depot.offer(request, patience());
  assertEquals(offer.presentDigest, null);
  await assertRejects(() => offer.same(digestOf(bytes)), Refused, "deposit it again");
});

Deno.test("a file is replaced by one of the same size although the places of the old one are full", async () => {
  await using test = await TestDepot.open({ places: 4 });
  await test.deposit("a", someBytes(2 * MIB));
  for (const id of await test.goodPlaces("a")) test.store.place(id).faults.full = true;
  const { copies } = await test.deposit("a", someBytes(2 * MIB, 2));
  assertEquals(copies.live, 2);
});

Deno.test("no answer names copies that only another owner's file wants", async () => {
  await using test = await TestDepot.open({ places: 3 });
  const bytes = someBytes(1_000);
  const other = digestOf("another owner");
  await test.catalog.addOwner(other, 0);
  await test.deposit("a", bytes, { owner: other, replicas: 3 });
  await test.deposit("a", bytes, { replicas: 1 });
  const { copies } = await test.depot.fileStatus(test.owner, "a");
  const avoid = copies.places.map(({ id }) => id);
  const wish = { owner: test.owner, name: "a", from: 0, length: null, digest: null, avoid };
  using retrieval = await test.depot.retrieve(wish, patience());
  for await (const _piece of retrieval.pieces());
  assertEquals(retrieval.places, avoid);
});

Deno.test("broken uploads give way to a deposit that needs their room, and to no other", async () => {
  await using test = await TestDepot.open({ places: [{ name: "p", capacity: 50 * MIB }] });
  const signal = patience();
  const other = digestOf("another owner");
  await test.catalog.addOwner(other, 0);
  const ask = { owner: other, replicas: 1, size: 5 * MIB, upload: crypto.randomUUID() };
  {
    await using offer = await test.depot.offer(test.request("a", ask), signal);
    await using incoming = await offer.receive(0);
    await incoming.write(someBytes(4 * MIB));
    await incoming.keep();
  }
  for (const impossible of [{ replicas: 2, size: 1 }, { replicas: 1, size: 60 * MIB }]) {
    await assertRejects(() => test.depot.offer(test.request("b", impossible), signal), Refused);
    assertEquals((await test.catalog.uploads()).length, 1);
  }
  await using _offer = await test.depot.offer(
    test.request("b", { replicas: 1, size: 48 * MIB }),
    signal,
  );
  assertEquals((await test.catalog.uploads()).length, 0);
});

Deno.test("where no place is there, a refusal says so and speaks of no room", async () => {
  await using test = await TestDepot.open({ places: 2 });
  const ask = () => test.depot.offer(test.request("a", { replicas: 1, size: 1 }), patience());
  test.store.leave("p0");
  test.store.leave("p1", "goodbye");
  await eventually("both are away", async () => await test.depot.available() === 0);
  const refused = await assertRejects(ask, Refused, "no place is there now: all 2 are away");
  assertEquals([refused.why, refused.available], ["few places", 0]);
});

Deno.test("a small deposit is not refused for room that was made a moment ago", async () => {
  await using test = await TestDepot.open({ places: 1 });
  const signal = patience();
  const { faults } = test.store.place("p0");
  const ask = () => test.depot.offer(test.request("a", { replicas: 1, size: 1 }), signal);
  faults.full = true;
  await assertRejects(ask, Refused, "no place has room");
  faults.full = false;
  await using _offer = await ask();
});
