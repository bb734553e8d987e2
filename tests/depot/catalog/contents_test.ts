import { DatabaseSync } from "node:sqlite";
import type { Catalog } from "../../../lib/depot/catalog/catalog.ts";
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

Deno.test("content() and chunkChecks() have what was prepared", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await deposit(catalog, { number: 9, places: ["p1"], wanted: 2 });
  await deposit(catalog, { number: 9, places: ["p1"], wanted: 3, owner: OTHER_OWNER });
  assertEquals(await catalog.content(digest(9)), {
    ...{ digest: digest(9), size: 9, wanted: 3, asides: [] },
    replicas: [{ place: "p1", state: "good", verifiedAt: 10 }],
  });
  assertEquals(await catalog.chunkChecks(digest(9)), content(9).checks);
  await assertRejects(() => catalog.content("no digest"), TypeError, "no digest");
});

Deno.test("fileToRead() says at once what file(), content() and chunkChecks() say", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await deposit(catalog, { number: 9, name: "nine", places: ["p1"] });
  const found = await catalog.fileToRead(OWNER, "nine");
  const { wanted: _, ...copies } = (await catalog.content(digest(9)))!;
  assertEquals([found!.file, found!.content, found!.checks], [
    await catalog.file(OWNER, "nine"),
    copies,
    await catalog.chunkChecks(digest(9)),
  ]);
  assertEquals(await catalog.fileToRead(OWNER, "ten"), null);
  assertEquals(await catalog.fileToRead(OTHER_OWNER, "nine"), null);
});

Deno.test("a content of 0 bytes has checks of 0 bytes", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  const empty = { digest: digest(0), size: 0, checks: new Uint8Array(0) };
  await catalog.beginUpload({ upload: "u", owner: OWNER, places: [], now: 5, content: empty });
  assertEquals(await catalog.chunkChecks(digest(0)), new Uint8Array(0));
});

Deno.test("survey() finds what has too few or too many counted copies, page by page", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await deposit(catalog, { number: 1, name: "1", places: ["p1", "p2"] });
  await deposit(catalog, { number: 2, name: "2", places: ["p1", "p3"] });
  await deposit(catalog, { number: 3, name: "3", places: ["p1", "p2"], wanted: 1 });
  await deposit(catalog, { number: 4, name: "4", places: ["p1"], wanted: 2 });
  await catalog.beginCopy(digest(4), "p2");
  await deposit(catalog, { number: 5, name: "5", places: ["p1"] });
  await catalog.removeFile(OWNER, "5");
  const counted = ["p1", "p2", "unknown"];
  const found: number[][] = [];
  let after: string | null = null;
  do {
    const page = await catalog.survey({ after, limit: 2, counted });
    found.push(page.contents.map((record) => record.size));
    after = page.next;
  } while (after !== null);
  assertEquals(found, [[2], [3, 4], [5]]);
  const { contents } = await catalog.survey({ after: null, limit: 9, counted });
  assertEquals(contents[2], (await catalog.content(digest(4)))!);
});

Deno.test("tally() adds up what files have, page by page", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await deposit(catalog, { number: 1, name: "1", places: ["p1", "p2"], wanted: 3 });
  await deposit(catalog, { number: 1, name: "twice", places: ["p1"], owner: OTHER_OWNER });
  await deposit(catalog, { number: 2, name: "2", places: ["p3"], wanted: 2 });
  await deposit(catalog, { number: 4, name: "4", places: ["p4"], wanted: 1 });
  await catalog.replicaLost(digest(4), "p4", "absent", 11);
  await deposit(catalog, { number: 8, name: "8", places: ["p1"] });
  await catalog.removeFile(OWNER, "8");
  const live = ["p1", "p2", "unknown"];
  const all = await catalog.tally({ after: null, limit: 9, live });
  assertEquals(all, {
    tally: { files: 4, bytes: 8, contents: 3, contentBytes: 7, deficit: 4, damaged: 1 },
    next: null,
  });
  const first = await catalog.tally({ after: null, limit: 2, live });
  assertEquals([first.tally.contents, first.next === null], [2, false]);
  const rest = await catalog.tally({ after: first.next, limit: 9, live });
  assertEquals([rest.tally.files, rest.tally.contents, rest.tally.damaged], [1, 1, 1]);
});

Deno.test("a walk goes on where it was when the content there is forgotten", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  for (const number of [1, 2, 3]) {
    await deposit(catalog, { number, name: `${number}`, places: ["p1"], wanted: 2 });
  }
  for (const query of [{}, { place: "p1" }]) {
    const walk = { ...query, limit: 1, counted: ["p1"] };
    const first = await catalog.survey({ ...walk, after: null });
    const second = await catalog.survey({ ...walk, after: first.next });
    const number = second.contents[0]!.size;
    await forget(catalog, number);
    const third = await catalog.survey({ ...walk, after: second.next });
    const found = [first, second, third].flatMap(({ contents }) => contents);
    assertEquals(new Set(found.map(({ size }) => size)), new Set([1, 2, 3]));
    await deposit(catalog, { number, name: `${number}`, places: ["p1"], wanted: 2 });
  }
});

Deno.test("a content that comes after one was forgotten has nothing of it", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog, path } = temporary;
  await deposit(catalog, { number: 1, name: "1" });
  await catalog.addAside({ digest: digest(1), place: "p3", since: 5 });
  const key = () => lastKey(path);
  const before = key();
  await forget(catalog, 1);
  await catalog.beginUpload({
    upload: "u",
    owner: OWNER,
    places: ["p4"],
    now: 5,
    content: content(2),
  });
  assertEquals(key(), before, "the key is used again");
  assertEquals(await catalog.content(digest(2)), {
    ...{ digest: digest(2), size: 2, wanted: 0, asides: [] },
    replicas: [{ place: "p4", state: "writing", verifiedAt: null }],
  });
  assertEquals([await catalog.content(digest(1)), await catalog.chunkChecks(digest(1))], [
    null,
    null,
  ]);
  await catalog.finishCopy(digest(2), "p4", 6);
  await assertRejects(() => catalog.finishCopy(digest(1), "p4", 6), Error, "not being written");
  await catalog.replicaLost(digest(1), "p4", "absent", 7);
  assertEquals(await catalog.doomSurplus(digest(1), ["p4"], ["p4"]), []);
  assertEquals(await states(catalog, 2), { p4: "good" });
  assertEquals((await catalog.asides()).map((aside) => aside.digest), [digest(1)]);
  await deposit(catalog, { number: 1, name: "1" });
  assertEquals((await catalog.content(digest(1)))?.asides, ["p3"]);
});

/** Removes the file that has the content's number as its name, then every copy of the content. */
async function forget(catalog: Catalog, number: number): Promise<void> {
  await catalog.removeFile(OWNER, `${number}`);
  const places = await catalog.doomSurplus(digest(number), [], []);
  for (const place of places) await catalog.replicaGone(digest(number), place);
  assertEquals(await catalog.content(digest(number)), null);
}

function lastKey(path: string): unknown {
  using db = new DatabaseSync(path, { readOnly: true });
  return db.prepare("SELECT max(key) AS key FROM contents").get()!.key;
}

Deno.test("survey() of a place looks only at what has a good copy there", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await deposit(catalog, { number: 1, name: "1", places: ["p1", "p2"] });
  await deposit(catalog, { number: 2, name: "2", places: ["p1", "p3"] });
  await deposit(catalog, { number: 3, name: "3", places: ["p3"], wanted: 2 });
  await deposit(catalog, { number: 4, name: "4", places: ["p3", "p4"] });
  const found: number[][] = [];
  let after: string | null = null;
  do {
    const page = await catalog.survey({ after, limit: 2, counted: ["p1", "p2"], place: "p3" });
    found.push(page.contents.map((record) => record.size));
    after = page.next;
  } while (after !== null);
  assertEquals(found, [[2, 3], [4]]);
});

Deno.test("survey() also finds what is down to its last copy and has too few under a stricter count", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await deposit(catalog, { number: 1, name: "1", places: ["p1", "p2", "p3"] });
  await deposit(catalog, { number: 2, name: "2", places: ["p1", "p3", "p4"] });
  const all = { after: null, limit: 9, counted: ["p1", "p2", "p3", "p4"] };
  const found = async (live: string[], counted: string[]) =>
    (await catalog.survey({ ...all, few: { live, counted } })).contents.map(({ size }) => size);
  assertEquals(await found(["p1", "p2"], ["p1", "p2"]), [2]);
  assertEquals(await found(["p1", "p2"], ["p1", "p2", "p3", "p4"]), []);
  assertEquals(await found(["p1", "p2", "p4"], ["p1"]), []);
});
