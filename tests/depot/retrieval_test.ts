import { digestOf } from "../../lib/content/digest.ts";
import { Refused } from "../../lib/depot/core.ts";
import type { Catalog } from "../../lib/depot/catalog/catalog.ts";
import { assertEquals, assertRejects } from "../assert.ts";
import { patience } from "../server/waiting.ts";
import { someBytes, TestDepot } from "./test_depot.ts";

/** `meanwhile` is done after the catalog's first answer, before the depot has it. */
function afterFirstLook(catalog: Catalog, meanwhile: () => Promise<void>): { looks: number } {
  const look = catalog.fileToRead;
  const counted = { looks: 0 };
  catalog.fileToRead = async (...args) => {
    const found = await look(...args);
    if (++counted.looks === 1) await meanwhile();
    return found;
  };
  return counted;
}

Deno.test("a content that goes between two looks at its file is not what is sent", async () => {
  await using test = await TestDepot.open({ places: 1 });
  const [old, present] = [someBytes(5_000, 1), someBytes(5_000, 2)];
  await test.deposit("a", old, { replicas: 1 });
  const counted = afterFirstLook(test.catalog, async () => {
    await test.deposit("a", present, { replicas: 1 });
    const place = test.store.place("p0");
    await test.until("the old bytes are gone", () => !place.digests.includes(digestOf(old)));
  });
  assertEquals(await test.retrieve("a"), present);
  assertEquals(counted.looks, 3);
});

Deno.test("who knows which content it wants costs the catalog one look, and the content stays", async () => {
  await using test = await TestDepot.open({ places: 1 });
  const bytes = someBytes(5_000);
  await test.deposit("a", bytes, { replicas: 1 });
  const digest = digestOf(bytes);
  const counted = afterFirstLook(test.catalog, async () => {
    await test.depot.names.forget(test.owner, "a");
    // Who deletes has seen by now that it must wait.
    await new Promise((resolve) => setTimeout(resolve, 50));
  });
  const wish = { owner: test.owner, name: "a", from: 0, length: null, digest, avoid: [] };
  {
    await using retrieval = await test.depot.retrieve(wish, patience());
    for await (const piece of retrieval.pieces()) assertEquals(piece, bytes);
  }
  assertEquals(counted.looks, 1);
  await assertRejects(() => test.retrieve("a"), Refused);
});
