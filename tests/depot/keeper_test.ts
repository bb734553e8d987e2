import { digestOf } from "../../lib/content/digest.ts";
import { Refused } from "../../lib/depot/core.ts";
import { Full } from "../../stores/store.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { patience } from "../server/waiting.ts";
import { checksOf, QUIET, someBytes, TestDepot } from "./test_depot.ts";

const MIB = 1024 * 1024;

Deno.test("a byte flipped in one of two copies: the read is right, and there are two good ones again", async () => {
  await using test = await TestDepot.open({ places: 2 });
  const bytes = someBytes(2 * MIB + 9);
  await test.deposit("a", bytes);
  for (const id of ["p0", "p1"]) {
    test.store.place(id).corrupt(digestOf(bytes), MIB + 3);
    assertEquals(await test.retrieve("a"), bytes);
    await test.until("the bad copy is set aside and made anew", async () => {
      const content = (await test.catalog.content(digestOf(bytes)))!;
      const good = content.replicas.filter(({ state }) => state === "good");
      return good.length === 2 && content.asides.includes(id);
    });
  }
  assertEquals(await test.retrieve("a"), bytes);
});

Deno.test("a copy that vanished or was cut short is noticed by a read and made anew", async () => {
  await using test = await TestDepot.open({ places: 3 });
  const bytes = someBytes(MIB + 1);
  await test.deposit("a", bytes, { replicas: 3 });
  await test.store.place("p0").delete(digestOf(bytes));
  test.store.place("p1").truncate(digestOf(bytes), 100);
  assertEquals(await test.retrieve("a"), bytes);
  await test.until("three good copies", async () => {
    const hashes = await Promise.all(
      ["p0", "p1", "p2"].map((id) =>
        test.store.place(id).hash(digestOf(bytes), {
          prefix: new Uint8Array(),
          signal: patience(),
        })
      ),
    );
    return (await test.goodPlaces("a")).length === 3 &&
      hashes.every((hash) => hash === digestOf(bytes));
  });
});

Deno.test("chunks that are right in different bad copies are put together", async () => {
  await using test = await TestDepot.open({ places: 2 });
  const bytes = someBytes(3 * MIB);
  await test.deposit("a", bytes);
  test.store.place("p0").corrupt(digestOf(bytes), 5);
  test.store.place("p1").corrupt(digestOf(bytes), 2 * MIB + 5);
  assertEquals(await test.retrieve("a"), bytes);
  await test.until("two good copies", async () => {
    const content = (await test.catalog.content(digestOf(bytes)))!;
    return content.replicas.filter(({ state }) => state === "good").length === 2 &&
      content.asides.length === 2;
  });
  assertEquals(await test.retrieve("a"), bytes);
});

Deno.test("a read goes on from another copy when one breaks in mid-file", async () => {
  await using test = await TestDepot.open({ places: 2 });
  const bytes = someBytes(3 * MIB);
  await test.deposit("a", bytes);
  for (const id of ["p0", "p1"]) {
    test.store.place(id).faults.failReadsAfter = MIB + 10;
    assertEquals(await test.retrieve("a"), bytes);
    delete test.store.place(id).faults.failReadsAfter;
    await test.until("two copies", async () => (await test.goodPlaces("a")).length === 2);
  }
});

Deno.test("a part of a file is read by position and length, across chunks", async () => {
  await using test = await TestDepot.open({ places: 1 });
  const bytes = someBytes(2 * MIB + 100);
  await test.deposit("a", bytes, { replicas: 1 });
  for (
    const [from, length] of [[0, 1], [MIB - 1, 2], [MIB, MIB], [2 * MIB + 99, 5], [7, 2 * MIB]]
  ) {
    assertEquals(
      digestOf(await test.retrieve("a", { from: from!, length: length! })),
      digestOf(bytes.subarray(from, from! + length!)),
    );
  }
  assertEquals(await test.retrieve("a", { from: bytes.length }), new Uint8Array());
  await assertRejects(() => test.retrieve("a", { from: bytes.length + 1 }), Refused);
});

Deno.test("wrong bytes with the right chunk checks from a medium that the depot does not read are never handed out whole", async () => {
  await using test = await TestDepot.open({ places: [{ name: "far", trusted: false }] });
  const bytes = someBytes(2 * MIB);
  await test.deposit("a", bytes, { replicas: 1 });
  const forged = withSameCrc(bytes);
  assertEquals(checksOf(forged), checksOf(bytes));
  test.store.place("far").plant(digestOf(bytes), forged);
  await assertRejects(() => test.retrieve("a"), Refused);
});

Deno.test("rot that nobody reads is found by the scrub", async () => {
  await using test = await TestDepot.open({ places: 2, settings: { scrubMs: 200 } });
  const bytes = someBytes(50_000);
  await test.deposit("a", bytes);
  test.store.place("p1").corrupt(digestOf(bytes));
  await test.until("it is set aside and made anew", async () => {
    const { replicas, asides } = (await test.catalog.content(digestOf(bytes)))!;
    return asides.length === 1 && replicas.every(({ state }) => state === "good");
  });
});

Deno.test("replicas() makes and removes copies", async () => {
  await using test = await TestDepot.open({ places: 4 });
  const bytes = someBytes(100_000);
  await test.deposit("a", bytes, { replicas: 1 });
  const change = (wanted: number, wait: number | null = null) =>
    test.depot.setReplicas({ owner: test.owner, name: "a", wanted, wait });
  assertEquals((await change(4)).copies.live, 4);
  const fewer = await change(2);
  assertEquals(fewer.copies.live, 2);
  assertEquals(fewer.copies.places.map(({ id }) => id), await test.goodPlaces("a"));
  await test.until("two copies left", async () => {
    const content = (await test.catalog.content(digestOf(bytes)))!;
    return content.replicas.length === 2;
  });
  assertEquals((await change(3, 0)).file.wanted, 3);
  await test.until("three copies", async () => (await test.goodPlaces("a")).length === 3);
  const refused = await assertRejects(() => change(5), Refused);
  assertEquals([refused.why, refused.available], ["few places", 4]);
  await assertRejects(() => change(0), Refused);
});

Deno.test("an owner hears of copies as they become durable, and of no more than were asked for", async () => {
  await using test = await TestDepot.open({ places: 4 });
  const bytes = someBytes(100_000);
  await test.deposit("a", bytes, { replicas: 1 });
  await test.deposit("b", bytes, { replicas: 1 });
  const told: string[] = [];
  const change = { owner: test.owner, name: "a", wanted: 3, wait: null };
  await test.depot.setReplicas(change, ({ live, wanted }) => told.push(`${live} of ${wanted}`));
  assertEquals([...new Set(told)], ["1 of 3", "2 of 3", "3 of 3"]);
  told.length = 0;
  await test.depot.setReplicas(
    { ...change, name: "b", wanted: 2 },
    ({ live, wanted }) => told.push(`${live} of ${wanted}`),
  );
  assertEquals(told.filter((words) => words !== "2 of 2"), []);
});

Deno.test("a place that is lost is missed after the grace and not before, and surplus goes when it is back", async () => {
  await using test = await TestDepot.open({ places: 3, settings: { graceMs: 300 } });
  const bytes = someBytes(10_000);
  await test.deposit("a", bytes, { replicas: 2 });
  const [lost] = await test.goodPlaces("a");
  const before = performance.now();
  test.store.leave(lost!);
  await test.until("another place has it", async () => (await test.goodPlaces("a")).length === 3);
  assert(performance.now() - before >= 300, "repaired within the grace");
  test.store.comeBack(lost!);
  await test.until("surplus is gone", async () => (await test.goodPlaces("a")).length === 2);
  assertEquals(await test.retrieve("a"), bytes);
});

Deno.test("a place that blinks moves nothing", async () => {
  await using test = await TestDepot.open({ places: 3 });
  await test.deposit("a", someBytes(10_000), { replicas: 2 });
  const places = await test.goodPlaces("a");
  for (let blink = 0; blink < 5; blink++) {
    test.store.leave(places[0]!);
    test.store.comeBack(places[0]!);
  }
  await test.until("it is there again", async () => {
    const { copies } = await test.depot.fileStatus(test.owner, "a");
    return copies.live === 2;
  });
  assertEquals(await test.goodPlaces("a"), places);
});

Deno.test("bytes that the catalog does not know are set aside when their place joins, and not deleted", async () => {
  await using test = await TestDepot.open({ places: 1 });
  const stray = someBytes(1_000);
  const place = test.store.add({ id: "new", name: "new" });
  test.store.leave("new");
  place.comeBack();
  await using writer = await place.begin({ id: "u", signal: patience() });
  await writer.write(stray);
  await writer.commit({ digest: digestOf(stray), size: stray.length });
  place.leave();
  test.store.comeBack("new");
  await test.until("it is set aside", async () => (await test.catalog.asides()).length === 1);
  await using reader = await place.get(digestOf(stray), {
    from: 0,
    aside: true,
    signal: patience(),
  });
  assertEquals(reader?.size, 1_000);
});

Deno.test("a copy that rotted while its place was away lets no good copy go", async () => {
  await using test = await TestDepot.open({ places: 2 });
  const bytes = someBytes(3_000);
  for (let round = 0; round < 4; round++) {
    await test.deposit("a", bytes, { replicas: 2 });
    const rotten = round % 2 === 0 ? "p1" : "p0";
    test.store.leave(rotten);
    test.store.place(rotten).corrupt(digestOf(bytes));
    test.store.comeBack(rotten);
    await test.depot.setReplicas({ owner: test.owner, name: "a", wanted: 1, wait: null });
    await test.until("one good copy", async () => {
      const { replicas } = (await test.catalog.content(digestOf(bytes)))!;
      return replicas.length === 1 && replicas[0]!.state === "good";
    });
    assertEquals(await test.retrieve("a"), bytes);
    await test.depot.names.remove(test.owner, "a");
    await test.until("it is gone", async () => {
      return await test.catalog.content(digestOf(bytes)) === null;
    });
  }
});

Deno.test("a damaged leftover at the target gives its chunks before anything is deleted", async () => {
  await using test = await TestDepot.open({ places: 2, settings: { lingerMs: 3_600_000 } });
  const bytes = someBytes(3 * MIB);
  await test.deposit("a", bytes, { replicas: 2 });
  const change = (wanted: number) =>
    test.depot.setReplicas({ owner: test.owner, name: "a", wanted, wait: null });
  await change(1);
  const [kept] = await test.goodPlaces("a");
  const doomed = kept === "p0" ? "p1" : "p0";
  test.store.place(kept!).corrupt(digestOf(bytes), 5);
  test.store.place(doomed).corrupt(digestOf(bytes), 2 * MIB + 5);
  await change(2);
  await test.until("two good copies", async () => (await test.goodPlaces("a")).length === 2);
  assertEquals(await test.retrieve("a"), bytes);
});

Deno.test("one file that cannot be moved keeps nobody from comparing the others", async () => {
  await using test = await TestDepot.open({ places: 2 });
  const bytes = someBytes(2_000);
  await test.deposit("a", bytes, { replicas: 2 });
  const place = test.store.place("p1");
  test.store.leave("p1");
  for (const digit of ["0", "f"]) place.plant(digit.repeat(64), someBytes(5));
  place.erase(digestOf(bytes));
  place.faults.failChanges = true;
  test.store.comeBack("p1");
  await test.until("the copy is made anew", () => place.bytes(digestOf(bytes)) !== undefined);
});

/** Other bytes with the same CRC-32: a multiple of its generator polynomial is added. */
function withSameCrc(bytes: Uint8Array): Uint8Array {
  const forged = bytes.slice();
  const generator = "1" + (0x04c11db7).toString(2).padStart(32, "0");
  [...generator].forEach((bit, index) => forged[index >> 3]! ^= Number(bit) << (index & 7));
  return forged;
}

Deno.test("a mark that a place does not take is warned of once, and what is removed goes when it does", async () => {
  const warnings: string[] = [];
  const log = { ...QUIET, warn: (event: string) => void warnings.push(event) };
  await using test = await TestDepot.open({ places: 1, log });
  const names = ["a", "b", "c", "d"];
  for (const [index, name] of names.entries()) {
    await test.deposit(name, someBytes(1_000, index + 1), { replicas: 1 });
  }
  const place = test.store.place("p0");
  const setMark = place.setMark;
  let tries = 0;
  place.setMark = () => {
    tries++;
    return Promise.reject(new Full("No room"));
  };
  for (const name of names) await test.depot.names.remove(test.owner, name);
  await test.until("each deletion has tried", () => tries >= names.length);
  assertEquals(place.digests.length, names.length);
  assertEquals(warnings, ["Could not write the mark"]);
  place.setMark = setMark;
  await test.until("all are gone", () => place.digests.length === 0);
});
