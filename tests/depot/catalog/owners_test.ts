import { assertEquals } from "../../assert.ts";
import { deposit, digest, OTHER_OWNER, OWNER, temporaryCatalog } from "./temporary_catalog.ts";

Deno.test("ownerTotals() counts no more copies than the owner's own files want", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await deposit(catalog, { number: 10, name: "a", places: ["p1", "p2", "p3"], wanted: 2 });
  await deposit(catalog, { number: 10, name: "b", places: ["p1", "p2", "p3"], wanted: 1 });
  await deposit(catalog, { number: 10, places: ["p1", "p2", "p3"], owner: OTHER_OWNER });
  await deposit(catalog, { number: 20, name: "c", places: ["p1", "p2"], wanted: 3 });
  await catalog.replicaLost(digest(20), "p1", "aside", 30);
  const expected = { files: 3, bytes: 40, damaged: 0, aside: 1 };
  assertEquals(await catalog.ownerTotals(OWNER, ["p1", "p2", "p3"]), {
    ...{ ...expected, replicas: { p1: 1, p2: 2 }, deficit: 2 },
  });
  assertEquals(await catalog.ownerTotals(OWNER, ["p3"]), {
    ...{ ...expected, replicas: { p1: 1, p2: 1, p3: 1 }, deficit: 4 },
  }, "p3 is live and so comes first");
  await catalog.replicaLost(digest(20), "p2", "absent", 31);
  const lost = await catalog.ownerTotals(OWNER, ["p1", "p2", "p3"]);
  assertEquals([lost.damaged, lost.aside, lost.deficit], [1, 1, 3]);
  assertEquals((await catalog.ownerTotals("c".repeat(64), [])).files, 0);
});

Deno.test("hasOwner() knows who was added, however often", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await catalog.addOwner(OWNER, 9);
  assertEquals(await catalog.hasOwner(OWNER), true);
  assertEquals(await catalog.hasOwner("c".repeat(64)), false);
});
