import type { DepositCommit } from "../../../lib/depot/catalog/catalog.ts";
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

function commitOf(upload: string, number: number, changed: Partial<DepositCommit>): DepositCommit {
  return {
    ...{ upload, owner: OWNER, name: "file", digest: digest(number), wanted: 1, now: 50 },
    ...{ good: ["p1"], keepWanted: false, attributes: { modifiedAt: null, executable: false } },
    ...changed,
  };
}

Deno.test("beginUpload() of an upload that is there adds places and keeps its bytes", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await catalog.beginUpload({ upload: "u", owner: OWNER, places: ["p2"], now: 5 });
  await catalog.keepUpload("u", 77, 6);
  await catalog.beginUpload({ upload: "u", owner: OWNER, places: ["p1", "p2"], now: 7 });
  assertEquals(await catalog.upload("u"), {
    upload: "u",
    owner: OWNER,
    places: ["p1", "p2"],
    bytes: 77,
    touchedAt: 7,
  });
  assertEquals(await catalog.upload("v"), null);
});

Deno.test("beginUpload() refuses another owner's upload, and owners and places never seen", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await catalog.beginUpload({ upload: "u", owner: OWNER, places: [], now: 5 });
  const begin = (upload: string, owner: string, places: string[]) =>
    catalog.beginUpload({ upload, owner, places, now: 5 });
  await assertRejects(() => begin("u", OTHER_OWNER, []), Error, "another owner's");
  await assertRejects(() => begin("v", "c".repeat(64), []), Error, "no such owner");
  await assertRejects(() => begin("v", OWNER, ["p1", "p9"]), Error, "p9");
  assertEquals(await catalog.upload("v"), null);
});

Deno.test("uploads() lists all or one owner's, those touched first before", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await catalog.beginUpload({ upload: "u", owner: OWNER, places: [], now: 5 });
  await catalog.beginUpload({ upload: "v", owner: OTHER_OWNER, places: [], now: 6 });
  await catalog.beginUpload({ upload: "w", owner: OWNER, places: [], now: 7 });
  await catalog.keepUpload("u", 1, 8);
  const names = async (owner?: string) => (await catalog.uploads(owner)).map((u) => u.upload);
  assertEquals(await names(), ["v", "w", "u"]);
  assertEquals(await names(OWNER), ["w", "u"]);
  assertEquals(await names("c".repeat(64)), []);
  await assertRejects(() => catalog.keepUpload("x", 1, 9), Error, "upload x");
});

Deno.test("prepareCommit() writes rows that nobody counts, and turns doomed ones into them", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await deposit(catalog, { number: 1, places: ["p1", "p2"], wanted: 1 });
  assertEquals(await catalog.doomSurplus(digest(1), ["p2"], ["p1", "p2"]), ["p2"]);
  await catalog.beginUpload({ upload: "u", owner: OWNER, places: ["p1"], now: 20 });
  await catalog.prepareCommit("u", content(1), ["p1", "p2", "p3"]);
  assertEquals(await states(catalog, 1), { p1: "good", p2: "writing", p3: "writing" });
  assertEquals((await catalog.upload("u"))?.places, ["p1", "p2", "p3"]);
  assertEquals((await catalog.file(OWNER, "file"))?.places, ["p1"]);
});

Deno.test("prepareCommit() for another content dooms what it was writing of the first", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await catalog.beginUpload({
    upload: "u",
    owner: OWNER,
    places: ["p1"],
    now: 5,
    content: content(1),
  });
  await catalog.prepareCommit("u", content(2), ["p1"]);
  assertEquals(await states(catalog, 1), { p1: "doomed" });
  assertEquals(await states(catalog, 2), { p1: "writing" });
});

Deno.test("prepareCommit() refuses a size or checks that the content does not have", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await deposit(catalog, { number: 1 });
  await catalog.beginUpload({ upload: "u", owner: OWNER, places: [], now: 5 });
  const prepare = (changed: { size?: number; checks?: Uint8Array }) =>
    catalog.prepareCommit("u", { ...content(1), ...changed }, ["p1"]);
  await assertRejects(() => prepare({ size: 2 }), Error, "another size");
  await assertRejects(() => prepare({ checks: new Uint8Array(4) }), Error, "other checks");
});

Deno.test("commitDeposit() makes good ones good, dooms failed ones, and ends the upload", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  const places = ["p1", "p2", "p3"];
  await catalog.beginUpload({ upload: "u", owner: OWNER, places, now: 5, content: content(1) });
  const commit = commitOf("u", 1, { good: ["p1"], wanted: 2 });
  const file = await catalog.commitDeposit(commit);
  assertEquals(file.places, ["p1"]);
  assertEquals(
    await states(catalog, 1),
    { p1: "good", p2: "doomed", p3: "doomed" },
    "p3 was not told of",
  );
  assertEquals(await catalog.upload("u"), null);
  assertEquals((await catalog.content(digest(1)))?.replicas[0]?.verifiedAt, 50);
});

Deno.test("commitDeposit() leaves a copy good where the new bytes failed to replace it", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await deposit(catalog, { number: 1, places: ["p1", "p2"] });
  await catalog.beginUpload({
    upload: "u",
    owner: OWNER,
    places: ["p1", "p2"],
    now: 20,
    content: content(1),
  });
  await catalog.commitDeposit(commitOf("u", 1, { name: "second", good: ["p1"] }));
  assertEquals(await states(catalog, 1), { p1: "good", p2: "good" });
});

Deno.test("commitDeposit() counts a place whose old copy was lost while the bytes were on their way", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await deposit(catalog, { number: 1, places: ["p1"] });
  await catalog.beginUpload({
    upload: "u",
    owner: OWNER,
    places: ["p1"],
    now: 20,
    content: content(1),
  });
  await catalog.replicaLost(digest(1), "p1", "aside", 21);
  await catalog.commitDeposit(commitOf("u", 1, {}));
  assertEquals(await states(catalog, 1), { p1: "good" });
});

Deno.test("commitDeposit() refuses what was not prepared, and changes nothing then", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await catalog.beginUpload({ upload: "u", owner: OWNER, places: ["p1", "p2"], now: 5 });
  const commit = (changed: Partial<DepositCommit>) =>
    catalog.commitDeposit(commitOf("u", 1, changed));
  await assertRejects(() => commit({}), Error, "not prepared for");
  await catalog.prepareCommit("u", content(1), ["p1"]);
  await assertRejects(() => commit({ digest: digest(2) }), Error, "not prepared for");
  await assertRejects(() => commit({ good: ["p1", "p2"] }), Error, "not prepared");
  await assertRejects(() => commit({ good: [] }), Error, "no place");
  await assertRejects(() => commit({ owner: OTHER_OWNER }), Error, "another owner's");
  await assertRejects(() => commit({ upload: "v" }), Error, "upload v");
  assertEquals(await catalog.file(OWNER, "file"), null);
  assertEquals(await states(catalog, 1), { p1: "writing" });
  await commit({});
});

Deno.test("commitDeposit() takes a place that has the content already without its being prepared", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await deposit(catalog, { number: 1, places: ["p1"] });
  await catalog.verified(digest(1), "p1", 15);
  await catalog.beginUpload({
    upload: "u",
    owner: OWNER,
    places: [],
    now: 20,
    content: content(1),
  });
  await catalog.commitDeposit(commitOf("u", 1, { name: "second", good: ["p1"] }));
  assertEquals((await catalog.content(digest(1)))?.replicas[0]?.verifiedAt, 15);
});

Deno.test("endUpload() dooms what it was writing, unless another upload is about to write it too", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  const begin = (upload: string, places: string[]) =>
    catalog.beginUpload({ upload, owner: OWNER, places, now: 5, content: content(1) });
  await begin("u", ["p1", "p2"]);
  await begin("v", ["p2"]);
  await catalog.endUpload("u");
  await catalog.endUpload("u");
  assertEquals(await states(catalog, 1), { p1: "doomed", p2: "writing" });
  assertEquals(await catalog.upload("u"), null);
  await catalog.endUpload("v");
  assertEquals(await states(catalog, 1), { p1: "doomed", p2: "doomed" });
});

Deno.test("a prepared upload keeps its content known; the content goes with the last of them", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await deposit(catalog, { number: 1, places: ["p1"] });
  await catalog.removeFile(OWNER, "file");
  await catalog.beginUpload({
    upload: "u",
    owner: OWNER,
    places: [],
    now: 20,
    content: content(1),
  });
  assertEquals(await catalog.doomSurplus(digest(1), ["p1"], ["p1"]), []);
  await catalog.replicaLost(digest(1), "p1", "absent", 21);
  assertEquals(await states(catalog, 1), {});
  await catalog.endUpload("u");
  assertEquals(await states(catalog, 1), null);
});
