import { assertEquals, assertRejects } from "../../assert.ts";
import { deposit, digest, place, temporaryCatalog } from "./temporary_catalog.ts";

Deno.test("a place joins, leaves, and joins again under another address", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await catalog.placeLeft("p1", "lost", 20);
  await catalog.placeLeft("p1", "lost", 30);
  const first = async () => (await catalog.places())[0];
  assertEquals(await first(), { ...place("p1"), state: "lost", since: 20, draining: false });
  const moved = { ...place("p1"), address: "/mnt/other", name: "renamed", zone: "z" };
  await catalog.placeJoined(moved, 40);
  assertEquals(await first(), { ...moved, state: "online", since: 40, draining: false });
  assertEquals((await catalog.places()).map(({ id }) => id), ["p1", "p2", "p3", "p4"]);
  await assertRejects(() => catalog.placeLeft("p9", "gone", 50), Error, "p9");
});

Deno.test("a place that is being drained stays so when it leaves and joins again", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  const draining = async () => (await catalog.places())[0]?.draining;
  await catalog.setDraining("p1", true);
  await catalog.placeLeft("p1", "gone", 20);
  await catalog.placeJoined(place("p1"), 30);
  assertEquals(await draining(), true);
  await catalog.setDraining("p1", false);
  assertEquals(await draining(), false);
  await assertRejects(() => catalog.setDraining("p9", true), Error, "p9");
});

Deno.test("replicaCount() counts the good replicas of a place", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await deposit(catalog, { number: 1, name: "1", places: ["p1", "p2"] });
  await deposit(catalog, { number: 2, name: "2", places: ["p1"] });
  await catalog.beginCopy(digest(2), "p2");
  const counts = ["p1", "p2", "p9"].map((id) => catalog.replicaCount(id));
  assertEquals(await Promise.all(counts), [2, 1, 0]);
});

Deno.test("a place's change counter is kept until it is taken back", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  assertEquals(await catalog.knownChanges("p1"), null);
  await catalog.setKnownChanges("p1", 17);
  await catalog.placeJoined(place("p1"), 40);
  assertEquals([await catalog.knownChanges("p1"), await catalog.knownChanges("p2")], [17, null]);
  await catalog.setKnownChanges("p1", null);
  assertEquals([await catalog.knownChanges("p1"), await catalog.knownChanges("p9")], [null, null]);
});
