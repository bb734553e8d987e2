import { assertEquals, assertRejects } from "../../assert.ts";
import {
  content,
  deposit,
  digest,
  OTHER_OWNER,
  OWNER,
  states,
  temporaryCatalog,
} from "./temporary_catalog.ts";

const ALL = ["p1", "p2", "p3", "p4"];

Deno.test("a copy is writing, then good; one that failed leaves no row", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await deposit(catalog, { number: 1, places: ["p1"] });
  assertEquals(await catalog.beginCopy(digest(1), "p2"), true);
  assertEquals(await catalog.beginCopy(digest(1), "p2"), false);
  assertEquals(await catalog.beginCopy(digest(1), "p1"), false);
  assertEquals(await catalog.beginCopy(digest(2), "p1"), false, "no such content");
  assertEquals((await catalog.file(OWNER, "file"))?.places, ["p1"]);
  await catalog.finishCopy(digest(1), "p2", 30);
  assertEquals((await catalog.content(digest(1)))?.replicas, [
    { place: "p1", state: "good", verifiedAt: 10 },
    { place: "p2", state: "good", verifiedAt: 30 },
  ]);
  await catalog.beginCopy(digest(1), "p3");
  await catalog.dropCopy(digest(1), "p3");
  await catalog.dropCopy(digest(1), "p2");
  assertEquals(await states(catalog, 1), { p1: "good", p2: "good" });
});

Deno.test("finishCopy() refuses a row that was doomed meanwhile or is not there", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await deposit(catalog, { number: 1, places: ["p1", "p2"], wanted: 1 });
  await catalog.doomSurplus(digest(1), ["p2"], ALL);
  await assertRejects(() => catalog.finishCopy(digest(1), "p2", 30), Error, "not being written");
  await assertRejects(() => catalog.finishCopy(digest(1), "p3", 30), Error, "not being written");
  assertEquals(await catalog.beginCopy(digest(1), "p2"), true, "a doomed row may be written again");
  assertEquals(await states(catalog, 1), { p1: "good", p2: "writing" });
});

Deno.test("dropCopy() leaves the row to an upload that is about to write the same", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await deposit(catalog, { number: 1, places: ["p1"] });
  await catalog.beginCopy(digest(1), "p2");
  await catalog.beginUpload({
    upload: "u",
    owner: OWNER,
    places: ["p2"],
    now: 20,
    content: content(1),
  });
  await catalog.dropCopy(digest(1), "p2");
  assertEquals(await states(catalog, 1), { p1: "good", p2: "writing" });
});

Deno.test("replicaLost() takes a good replica away, and remembers a damaged one as set aside", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await deposit(catalog, { number: 1, places: ["p1", "p2", "p3"] });
  await catalog.replicaLost(digest(1), "p1", "absent", 30);
  await catalog.replicaLost(digest(1), "p2", "aside", 31);
  assertEquals(await states(catalog, 1), { p3: "good" });
  assertEquals((await catalog.content(digest(1)))?.asides, ["p2"]);
  assertEquals(await catalog.asides(), [{ digest: digest(1), place: "p2", since: 31 }]);
});

Deno.test("set-aside copies are listed with or without a content, and dropped", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await catalog.addAside({ digest: digest(2), place: "p2", since: 5 });
  await catalog.addAside({ digest: digest(2), place: "p1", since: 6 });
  await catalog.addAside({ digest: digest(1), place: "p3", since: 7 });
  await catalog.addAside({ digest: digest(2), place: "p2", since: 8 });
  const rows = (await catalog.asides()).map(({ digest, place, since }) => [digest, place, since]);
  assertEquals(rows, [[digest(1), "p3", 7], [digest(2), "p1", 6], [digest(2), "p2", 8]]);
  await catalog.dropAside(digest(2), "p2");
  await catalog.dropAside(digest(2), "p2");
  assertEquals((await catalog.asides()).length, 2);
});

Deno.test("doomSurplus() dooms in order, only on live places, and leaves the wanted number there", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await deposit(catalog, { number: 1, places: ALL, wanted: 2 });
  assertEquals(await catalog.doomSurplus(digest(1), ALL, ["p1", "p2"]), [], "two are live");
  assertEquals(await catalog.doomSurplus(digest(1), ["p4"], ["p1", "p2", "p3"]), [], "p4 is away");
  assertEquals(await catalog.doomSurplus(digest(1), ["p3", "p3", "p1"], ["p1", "p2", "p3"]), [
    "p3",
  ]);
  assertEquals(await catalog.doomSurplus(digest(1), ALL, ALL), ["p1"]);
  assertEquals(await states(catalog, 1), { p1: "doomed", p2: "good", p3: "doomed", p4: "good" });
});

Deno.test("doomSurplus() counts the largest number that any owner's file wants", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await deposit(catalog, { number: 1, places: ["p1", "p2", "p3"], wanted: 1 });
  await deposit(catalog, { number: 1, places: ["p1", "p2", "p3"], wanted: 3, owner: OTHER_OWNER });
  assertEquals(await catalog.doomSurplus(digest(1), ALL, ALL), []);
  await catalog.removeFile(OTHER_OWNER, "file");
  assertEquals(await catalog.doomSurplus(digest(1), ALL, ALL), ["p1", "p2"]);
});

Deno.test("doomSurplus() leaves a copy that an upload is about to rename over", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await deposit(catalog, { number: 1, places: ["p1", "p2", "p3"], wanted: 1 });
  await catalog.beginUpload({
    upload: "u",
    owner: OWNER,
    places: ["p1"],
    now: 20,
    content: content(1),
  });
  assertEquals(await catalog.doomSurplus(digest(1), ALL, ALL), ["p2", "p3"]);
});

Deno.test("doomSurplus() dooms every good copy of a content that nothing needs, also on places away", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await deposit(catalog, { number: 1, places: ["p1", "p2", "p3"] });
  await catalog.beginCopy(digest(1), "p4");
  await catalog.removeFile(OWNER, "file");
  assertEquals(await catalog.doomSurplus(digest(1), ["p3"], ["p3"]), ["p3", "p1", "p2"]);
  assertEquals(await states(catalog, 1), {
    p1: "doomed",
    p2: "doomed",
    p3: "doomed",
    p4: "writing",
  });
});

Deno.test("replicaGone() takes doomed rows only, and the content with the last", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await deposit(catalog, { number: 1 });
  await catalog.replicaGone(digest(1), "p1");
  assertEquals(await states(catalog, 1), { p1: "good", p2: "good" });
  await catalog.removeFile(OWNER, "file");
  await catalog.doomSurplus(digest(1), ALL, ALL);
  await catalog.replicaGone(digest(1), "p1");
  assertEquals(await states(catalog, 1), { p2: "doomed" });
  await catalog.replicaGone(digest(1), "p2");
  assertEquals(await catalog.content(digest(1)), null);
  assertEquals(await catalog.chunkChecks(digest(1)), null);
});

Deno.test("verified() dates a good replica and no other", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await deposit(catalog, { number: 1, places: ["p1"] });
  await catalog.beginCopy(digest(1), "p2");
  await catalog.verified(digest(1), "p1", 40);
  await catalog.verified(digest(1), "p2", 40);
  const record = await catalog.content(digest(1));
  assertEquals(record?.replicas.map((replica) => replica.verifiedAt), [40, null]);
});

Deno.test("replicasIn() and replicasOn() page through what they name", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  for (const number of [3, 1, 2]) {
    await deposit(catalog, { number, name: `${number}`, places: ["p1"] });
    await catalog.beginCopy(digest(number), "p2");
    await catalog.beginCopy(digest(number), "p3");
  }
  const writing: string[][] = [];
  for (let after = null; writing.length < 6;) {
    const page = await catalog.replicasIn("writing", { after, limit: 4 });
    writing.push(...page.map(({ digest, place }) => [digest, place]));
    after = page.at(-1) ?? null;
  }
  assertEquals(writing, [1, 2, 3].flatMap((n) => ["p2", "p3"].map((place) => [digest(n), place])));
  assertEquals(await catalog.replicasIn("doomed", { after: null, limit: 4 }), []);
  assertEquals(await catalog.replicasOn("p1", { after: digest(1), limit: 1 }), [
    { digest: digest(2), size: 2, state: "good" },
  ]);
  assertEquals((await catalog.replicasOn("p2", { limit: 1 }))[0]?.state, "writing");
  assertEquals((await catalog.replicasOn("p2", { limit: 9 })).length, 3);
  assertEquals(await catalog.replicasOn("p9", { limit: 9 }), []);
});

Deno.test("looksAt() pages through good replicas and says how far it is", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  for (const number of [3, 1, 2, 4]) {
    await deposit(catalog, { number, name: `${number}`, places: ["p1"], now: 10 + number });
  }
  await catalog.removeFile(OWNER, "1");
  await catalog.doomSurplus(digest(1), ["p1"], ["p1"]);
  const first = await catalog.looksAt("p1", { after: null, limit: 2 });
  assertEquals(first.looks, [{ digest: digest(3), verifiedAt: 13, part: 1 / 4 }]);
  await catalog.replicaGone(digest(1), "p1");
  const rest = await catalog.looksAt("p1", { after: first.next, limit: 9 });
  assertEquals(rest.looks.map(({ verifiedAt, part }) => [verifiedAt, part]), [[12, 3 / 4], [
    14,
    1,
  ]]);
  assertEquals(rest.next, null);
  const none = { looks: [], next: null };
  assertEquals(await catalog.looksAt("p9", { after: null, limit: 9 }), none);
});
