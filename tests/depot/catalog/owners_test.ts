import type { OwnerTotals, TotalsQuery } from "../../../lib/depot/catalog/catalog.ts";
import { assertEquals } from "../../assert.ts";
import { deposit, digest, OTHER_OWNER, OWNER, temporaryCatalog } from "./temporary_catalog.ts";

const ALL = ["p1", "p2", "p3"];

function query(change: Partial<TotalsQuery> = {}): TotalsQuery {
  const lists = { live: ALL, counted: ALL };
  return { owner: OWNER, after: "", limit: 100, checkedSince: 0, ...lists, ...change };
}

Deno.test("ownerTotals() counts no more copies than the owner's own files want", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await deposit(catalog, { number: 10, name: "a", places: ALL, wanted: 2 });
  await deposit(catalog, { number: 10, name: "b", places: ALL, wanted: 1 });
  await deposit(catalog, { number: 10, places: ALL, owner: OTHER_OWNER });
  await deposit(catalog, { number: 20, name: "c", places: ["p1", "p2"], wanted: 3 });
  await catalog.replicaLost(digest(20), "p1", "aside", 30);
  const { next, checked, oldestCheck, ...totals } = await catalog.ownerTotals(query());
  assertEquals([next, checked, typeof oldestCheck], [null, 3, "number"]);
  const expected = { files: 3, bytes: 40, damaged: 0, aside: 1 };
  assertEquals(totals, {
    ...expected,
    replicas: { p1: 2, p2: 2 },
    short: 1,
    deficit: 2,
    waiting: 0,
  });
  const one = await catalog.ownerTotals(query({ live: ["p3"] }));
  assertEquals(one.replicas, { p1: 1, p2: 1, p3: 2 }, "p3 is live and so comes first");
  assertEquals([one.short, one.deficit, one.waiting], [2, 4, 2], "who is away counts as long");
  const late = await catalog.ownerTotals(query({ checkedSince: oldestCheck! + 1 }));
  assertEquals(late.checked < 3, true);
  await catalog.replicaLost(digest(20), "p2", "absent", 31);
  const lost = await catalog.ownerTotals(query());
  assertEquals([lost.damaged, lost.aside, lost.deficit], [1, 1, 3]);
  assertEquals((await catalog.ownerTotals(query({ owner: "c".repeat(64) }))).files, 0);
});

Deno.test("ownerTotals() goes over files in pages, each file in one of them", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  const names = ["a", "a/b", "\u{1f600}", "\uffff", "z", "é"];
  for (const [number, name] of names.entries()) {
    await deposit(catalog, { number, name, places: [ALL[number % 3]!], wanted: 1 });
  }
  let files = 0;
  let pages = 0;
  let after: string | null = "";
  while (after !== null) {
    const page: OwnerTotals & { next: string | null } = await catalog.ownerTotals(
      query({ after, limit: 2 }),
    );
    files += page.files;
    after = page.next;
    pages++;
  }
  assertEquals([files, pages], [6, 4]);
});

Deno.test("ownedAmong() counts contents of the owner's own files", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await deposit(catalog, { number: 1, name: "a" });
  await deposit(catalog, { number: 1, name: "b" });
  await deposit(catalog, { number: 2, owner: OTHER_OWNER });
  assertEquals(await catalog.ownedAmong(OWNER, [1, 2, 3].map(digest)), 1);
  assertEquals(await catalog.ownedAmong("c".repeat(64), [1, 2, 3].map(digest)), 0);
});

Deno.test("hasOwner() knows who was added, however often", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await catalog.addOwner(OWNER, 9);
  assertEquals(await catalog.hasOwner(OWNER), true);
  assertEquals(await catalog.hasOwner("c".repeat(64)), false);
});
