import type { RenamingRefused } from "../../../lib/depot/catalog/catalog.ts";
import { assertEquals, assertRejects } from "../../assert.ts";
import {
  deposit,
  digest,
  OTHER_OWNER,
  OWNER,
  states,
  temporaryCatalog,
} from "./temporary_catalog.ts";

const KEEPING = { now: 20, until: 30 };
const ALL = { owner: OWNER, prefix: "", after: "", afterVersion: 0, limit: 100 };
const RESTORE = { owner: OWNER, name: "file", version: null, replace: false, keeping: KEEPING };

Deno.test("a removed file is listed with what it was, and comes back as that", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  const file = await deposit(catalog, { number: 1, wanted: 3 });
  await catalog.removeFile(OWNER, "file", KEEPING);
  const removed = { ...file, removedAt: 20, keptUntil: 30 };
  assertEquals(await catalog.removedFiles(ALL), { files: [removed], more: false });
  assertEquals((await catalog.removedFiles({ ...ALL, owner: OTHER_OWNER })).files, []);
  assertEquals(
    (await catalog.ownerTotals({
      owner: OWNER,
      after: "",
      limit: 10,
      live: [],
      counted: [],
      checkedSince: 0,
    })).files,
    0,
  );
  assertEquals((await catalog.content(digest(1)))?.wanted, 3, "its copies are kept");
  assertEquals(await catalog.doomSurplus(digest(1), ["p1", "p2"], ["p1", "p2"]), []);
  assertEquals(await catalog.restoreFile({ ...RESTORE, owner: OTHER_OWNER }), "absent");
  assertEquals(await catalog.restoreFile(RESTORE), file);
  assertEquals(await catalog.restoreFile(RESTORE), "absent");
  assertEquals(await catalog.file(OWNER, "file"), file);
});

Deno.test("of one name the last hundred removed versions are kept", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  for (let number = 1; number <= 103; number++) {
    await deposit(catalog, { number, keepUntil: 30 });
  }
  assertEquals(await catalog.releaseRemoved(11, 10), [digest(1), digest(2)]);
  const { files } = await catalog.removedFiles({ ...ALL, limit: 200 });
  assertEquals([files.length, files[0]?.version], [100, 3]);
});

Deno.test("each version that was replaced can be restored, and versions only grow", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  for (const number of [1, 2, 3]) await deposit(catalog, { number, keepUntil: 30 });
  const versions = async () => {
    const { files } = await catalog.removedFiles(ALL);
    return files.map(({ version, digest }) => [version, parseInt(digest.slice(0, 8))]);
  };
  assertEquals(await versions(), [[1, 1], [2, 2]]);
  assertEquals(await catalog.restoreFile(RESTORE), "taken");
  const first = { ...RESTORE, version: 1, replace: true };
  const restored = await catalog.restoreFile(first) as { version: number; digest: string };
  assertEquals([restored.version, restored.digest], [4, digest(1)]);
  assertEquals(await versions(), [[2, 2], [3, 3]]);
  await catalog.removeFile(OWNER, "file", KEEPING);
  assertEquals((await deposit(catalog, { number: 5 })).version, 5);
});

Deno.test("removed files are let go of when their time is over, and at once when forgotten", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  for (const number of [1, 2]) {
    await deposit(catalog, { number, name: `${number}` });
    await catalog.removeFile(OWNER, `${number}`, { now: 20, until: 30 + number });
  }
  assertEquals(await catalog.releaseRemoved(30, 10), []);
  assertEquals(await catalog.releaseRemoved(31, 10), [digest(1)]);
  assertEquals((await catalog.content(digest(1)))?.wanted, 0);
  assertEquals(await catalog.forgetFile(OTHER_OWNER, "2"), null);
  assertEquals(await catalog.forgetFile(OWNER, "2"), [digest(2)]);
  assertEquals(await catalog.forgetFile(OWNER, "2"), null);
  assertEquals(await states(catalog, 2), { p1: "good", p2: "good" });
  assertEquals(await catalog.doomSurplus(digest(2), [], []), ["p1", "p2"]);
});

Deno.test("removedFiles() pages through names and their versions, below a prefix", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  for (const [at, name] of ["a/1", "a/1", "a/1", "a/2", "b"].entries()) {
    await deposit(catalog, { number: at + 1, name, keepUntil: 30 });
    if (at > 1) await catalog.removeFile(OWNER, name, KEEPING);
  }
  const found: string[] = [];
  let [after, afterVersion] = ["", 0];
  for (let more = true; more;) {
    const page = await catalog.removedFiles({
      ...ALL,
      prefix: "a/",
      after,
      afterVersion,
      limit: 2,
    });
    found.push(...page.files.map(({ name, version }) => `${name} ${version}`));
    const last = page.files.at(-1)!;
    [after, afterVersion, more] = [last.name, last.version, page.more];
  }
  assertEquals(found, ["a/1 1", "a/1 2", "a/1 3", "a/2 1"]);
});

const RENAME = { owner: OWNER, replace: false, longest: 20, most: 3, keeping: KEEPING };

Deno.test("renameFiles() moves a folder as a whole, into names that it leaves itself too", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  const names = ["a/b/1", "a/b/b/1", "a/b/b/b/1", "a/bb", "c"];
  for (const [at, name] of names.entries()) await deposit(catalog, { number: at + 1, name });
  const renaming = { ...RENAME, from: "a/b/", to: "a/" };
  assertEquals(await catalog.renameFiles(renaming), { files: 3, replaced: [] });
  const { files } = await catalog.listFiles({ ...ALL });
  const found = files.map(({ name, digest }) => `${name} ${parseInt(digest.slice(0, 8))}`);
  assertEquals(found, ["a/1 1", "a/b/1 2", "a/b/b/1 3", "a/bb 4", "c 5"]);
});

Deno.test("renameFiles() renames all or none", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  for (const [at, name] of ["a/1", "a/2", "b/2"].entries()) {
    await deposit(catalog, { number: at + 1, name });
  }
  const { sequence } = catalog;
  const refused = async (renaming: object, refused: RenamingRefused["refused"], name: string) => {
    const answer = await catalog.renameFiles({ ...RENAME, from: "a/", to: "b/", ...renaming });
    assertEquals(answer, { refused, name });
  };
  await refused({}, "taken", "b/2");
  await refused({ owner: OTHER_OWNER }, "absent", "a/");
  await refused({ from: "none" }, "absent", "none");
  await refused({ most: 1 }, "many", "a/");
  await refused({ to: "a name of 20 bytes//" }, "long", "a name of 20 bytes//1");
  assertEquals(catalog.sequence, sequence);
  const renaming = { ...RENAME, from: "a/", to: "b/", replace: true };
  assertEquals(await catalog.renameFiles(renaming), { files: 2, replaced: [digest(3)] });
  const { files } = await catalog.removedFiles(ALL);
  assertEquals(files.map(({ name, version }) => [name, version]), [["b/2", 1]]);
  assertEquals((await catalog.file(OWNER, "b/2"))?.version, 2);
  await assertRejects(() => catalog.renameFiles({ ...renaming, from: null as never }), Error);
});

Deno.test("each content that only an owner's removed files want makes way once, with all of them", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  const remove = async (number: number, name: string, until: number, owner = OWNER) => {
    await deposit(catalog, { number, name, owner });
    await catalog.removeFile(owner, name, { now: 20, until });
  };
  await remove(1, "a", 30);
  await remove(2, "b", 31);
  await remove(3, "c", 32);
  await remove(1, "d", 33);
  await remove(4, "e", 34);
  await remove(3, "c", 30, OTHER_OWNER);
  await deposit(catalog, { number: 4, name: "f", owner: OTHER_OWNER });
  const byEnd = await catalog.removedByEnd(OWNER, 10);
  assertEquals(byEnd.map((content) => content.digest), [digest(2), digest(1)]);
  assertEquals(await catalog.forgetRemoved(OWNER, [digest(1), digest(3), digest(5)]), [
    digest(1),
    digest(3),
  ]);
  const names = async (owner: string) =>
    (await catalog.removedFiles({ ...ALL, owner })).files.map(({ name }) => name);
  assertEquals([await names(OWNER), await names(OTHER_OWNER)], [["b", "e"], ["c"]]);
});
