import { assertEquals, assertRejects } from "../../assert.ts";
import {
  content,
  deposit,
  digest,
  OTHER_OWNER,
  OWNER,
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
  assertEquals([first.tally.contents, first.next], [2, digest(2)]);
  const rest = await catalog.tally({ after: first.next, limit: 9, live });
  assertEquals([rest.tally.files, rest.tally.contents, rest.tally.damaged], [1, 1, 1]);
});

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
