import { assert, assertEquals, assertRejects } from "../../assert.ts";
import {
  content,
  deposit,
  digest,
  OTHER_OWNER,
  OWNER,
  states,
  temporaryCatalog,
} from "./temporary_catalog.ts";

Deno.test("file() has what the deposit said, and the good replicas' places", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await catalog.beginUpload({
    upload: "u",
    owner: OWNER,
    places: ["p2", "p1"],
    now: 5,
    content: content(7),
  });
  const attributes = { modifiedAt: -1500, executable: true };
  const file = await catalog.commitDeposit({
    ...{ upload: "u", owner: OWNER, name: "a|b:c%\n😀", digest: digest(7), wanted: 3, now: 6 },
    ...{ good: ["p2", "p1"], keepWanted: false, attributes },
  });
  assertEquals(file, {
    ...{ name: "a|b:c%\n😀", version: 1, digest: digest(7), size: 7, wanted: 3, depositedAt: 6 },
    ...{ ...attributes, places: ["p1", "p2"] },
  });
  assertEquals(await catalog.file(OWNER, "a|b:c%\n😀"), file);
  assertEquals(await catalog.file(OTHER_OWNER, "a|b:c%\n😀"), null);
  assertEquals(await catalog.file("c".repeat(64), "a|b:c%\n😀"), null);
});

Deno.test("commitDeposit() raises the version for other content and keeps it for the same", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  assertEquals((await deposit(catalog, { number: 1, now: 10 })).version, 1);
  const again = await deposit(catalog, { number: 1, wanted: 3, now: 20 });
  assertEquals([again.version, again.wanted, again.depositedAt], [1, 3, 10]);
  const other = await deposit(catalog, { number: 2, now: 30 });
  assertEquals([other.version, other.digest, other.depositedAt], [2, digest(2), 30]);
  assertEquals((await deposit(catalog, { number: 1 })).version, 3);
});

Deno.test("a content that no file has any more keeps its good replicas and wants none", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await deposit(catalog, { number: 1 });
  await deposit(catalog, { number: 2 });
  assertEquals((await catalog.content(digest(1)))?.wanted, 0);
  assertEquals(await states(catalog, 1), { p1: "good", p2: "good" });
});

Deno.test("listFiles() pages through names in the order of their UTF-8 bytes", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  // As UTF-16 the emoji would come before U+FF5E.
  const names = ["A", "a", "a\nb", "a b", "a'\"b", "b", "\u{ff5e}", "😀"];
  await Promise.all(names.toReversed().map((name) => deposit(catalog, { number: 1, name })));
  await deposit(catalog, { number: 1, name: "another's", owner: OTHER_OWNER });
  const listed: string[] = [];
  for (let more = true; more;) {
    const after = listed.at(-1) ?? "";
    const page = await catalog.listFiles({ owner: OWNER, prefix: "", after, limit: 3 });
    listed.push(...page.files.map((file) => file.name));
    more = page.more;
  }
  assertEquals(listed, names);
});

Deno.test("listFiles() with a prefix lists just what begins with it", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  const names = [
    "a%/1",
    "a%/2",
    "a/1",
    "a/2",
    "a/\u{10ffff}",
    "a/\u{10ffff}x",
    "a0",
    "\u{d7ff}x",
    "\u{e000}",
    "\u{10ffff}",
  ];
  await Promise.all(names.map((name) => deposit(catalog, { number: 1, name })));
  const list = async (prefix: string, after = "") => {
    const { files } = await catalog.listFiles({ owner: OWNER, prefix, after, limit: 100 });
    return files.map((file) => file.name);
  };
  assertEquals(await list("a/"), ["a/1", "a/2", "a/\u{10ffff}", "a/\u{10ffff}x"]);
  assertEquals(await list("a/", "a/1"), ["a/2", "a/\u{10ffff}", "a/\u{10ffff}x"]);
  assertEquals(await list("a/", "a"), ["a/1", "a/2", "a/\u{10ffff}", "a/\u{10ffff}x"]);
  assertEquals(await list("a/", "a0"), []);
  assertEquals(await list("a/1", "a/1"), []);
  assertEquals(await list("a%"), ["a%/1", "a%/2"]);
  assertEquals(await list("a/\u{10ffff}"), ["a/\u{10ffff}", "a/\u{10ffff}x"]);
  assertEquals(await list("\u{d7ff}"), ["\u{d7ff}x"]);
  assertEquals(await list("\u{10ffff}"), ["\u{10ffff}"]);
});

Deno.test("changeFile() changes number and attributes, and neither version nor time", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  const before = await deposit(catalog, { number: 1 });
  const attributes = { modifiedAt: 99, executable: true };
  const change = { owner: OWNER, name: "file", wanted: 4, expected: digest(1), attributes };
  const changed = await catalog.changeFile(change);
  assertEquals(changed, { ...before, wanted: 4, ...attributes });
  assertEquals(await catalog.changeFile({ owner: OWNER, name: "file", wanted: 2 }), {
    ...before,
    ...attributes,
  });
  const sequence = catalog.sequence;
  await catalog.changeFile({ owner: OWNER, name: "file", wanted: 2 });
  assertEquals(catalog.sequence, sequence, "nothing was there to change");
});

Deno.test("changeFile() refuses an unexpected content, an unknown name and a number of 0", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  const before = await deposit(catalog, { number: 1 });
  const change = { owner: OWNER, name: "file", wanted: 4 };
  assertEquals(await catalog.changeFile({ ...change, expected: digest(2) }), null);
  assertEquals(await catalog.changeFile({ ...change, name: "other" }), null);
  assertEquals(await catalog.changeFile({ ...change, owner: OTHER_OWNER }), null);
  await assertRejects(() => catalog.changeFile({ ...change, wanted: 0 }), Error);
  assertEquals(await catalog.file(OWNER, "file"), before);
});

Deno.test("removeFile() answers with what it removed, once, and leaves other names", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  const file = await deposit(catalog, { number: 1 });
  await deposit(catalog, { number: 1, name: "second", wanted: 1 });
  assertEquals(await catalog.removeFile(OTHER_OWNER, "file"), null);
  assertEquals(await catalog.removeFile(OWNER, "file"), file);
  assertEquals(await catalog.removeFile(OWNER, "file"), null);
  assertEquals(await catalog.file(OWNER, "file"), null);
  assertEquals((await catalog.content(digest(1)))?.wanted, 1);
});

Deno.test("a content whose replicas were all lost is forgotten with its last file", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await deposit(catalog, { number: 1, places: ["p1"] });
  await catalog.replicaLost(digest(1), "p1", "absent", 20);
  assert(await catalog.content(digest(1)), "a file still wants it");
  await catalog.removeFile(OWNER, "file");
  assertEquals(await catalog.content(digest(1)), null);
});
