import { join } from "node:path";
import { FolderMemory } from "../../lib/client/folder_memory.ts";
import { makeRoom } from "../../lib/client/memory_room.ts";
import { SETTLED_AFTER_MS, settledState } from "../../lib/client/file_state.ts";
import { digestOf } from "../../lib/content/digest.ts";
import { assertEquals, assertMatch } from "../assert.ts";
import { filesBelow } from "../server/waiting.ts";
import { TempFolder } from "./scripted_depot.ts";

const OF = { depot: "d", owner: "o", folder: "/F", prefix: "F" };
const STATE = { size: 1, modifiedAt: 2, changedAt: 3, inode: 4 };
const DIGEST = digestOf("x");

/** A memory that is on disk with these names. */
async function remembering(settings: string, ...names: string[]): Promise<FolderMemory> {
  const memory = await FolderMemory.load(settings, OF);
  for (const name of names) memory.note(name, STATE, DIGEST);
  await memory.save();
  return memory;
}

Deno.test("memory: a file is known only in the very state in which it was noted", async () => {
  await using folder = new TempFolder();
  await remembering(folder.path, "F/a", 'F/"\n😀');
  const memory = await FolderMemory.load(folder.path, OF);
  assertEquals(memory.recall("F/a", STATE), DIGEST);
  assertEquals(memory.recall('F/"\n😀', { ...STATE }), DIGEST);
  assertEquals(memory.recall("F/b", STATE), null);
  assertEquals(memory.recall("F/a", null), null);
  for (const part of ["size", "modifiedAt", "changedAt", "inode"]) {
    assertEquals(memory.recall("F/a", { ...STATE, [part]: 9 }), null);
  }
  for (const part of ["depot", "owner", "folder", "prefix"]) {
    const other = await FolderMemory.load(folder.path, { ...OF, [part]: "other" });
    assertEquals(other.recall("F/a", STATE), null);
  }
});

Deno.test("memory: what changes within two seconds of the look is not noted", () => {
  const info = (modifiedAt: number, changedAt: number) =>
    ({ size: 1, mtime: new Date(modifiedAt), ctime: new Date(changedAt), ino: 1 }) as Deno.FileInfo;
  const now = 10_000;
  const old = now - SETTLED_AFTER_MS;
  assertEquals(settledState(info(old, old), now) !== null, true);
  assertEquals(settledState(info(old + 1, old), now), null);
  assertEquals(settledState(info(old, old + 1), now), null);
  assertEquals(settledState(info(now + 99_999, old), now), null);
});

Deno.test("memory: what is damaged, foreign or of another version is told of and not used", async () => {
  await using folder = new TempFolder();
  await remembering(folder.path, "F/a", "F/b");
  const [name] = filesBelow(join(folder.path, "deposited"));
  const path = join(folder.path, "deposited", name!);
  const whole = await Deno.readTextFile(path);
  const [head, line] = whole.split("\n") as [string, string];
  const broken = [
    "",
    "\0".repeat(whole.length),
    whole.slice(0, -1),
    whole.slice(0, -9),
    whole.replace('"version":1', '"version":2'),
    whole.replace(/"key":"./, '"key":"x'),
    `${head}\n${line.replace("F/a", 'F/a",1,"')}\n`,
    `${head}\n${line.replace(DIGEST, "")}\n`,
    `${head}\n${line.replace(",1,", ",null,")}\n`,
    `${head}\n\n`,
  ];
  for (const text of broken) {
    await Deno.writeTextFile(path, text);
    const told: string[] = [];
    const memory = await FolderMemory.load(folder.path, OF, { onTrouble: (it) => told.push(it) });
    assertMatch(told.join(), /is not used: .*; every file is looked at$/);
    assertEquals(memory.recall("F/a", STATE), null);
    memory.note("F/a", STATE, DIGEST);
    await memory.save();
    assertEquals((await FolderMemory.load(folder.path, OF)).recall("F/a", STATE), DIGEST);
  }
});

Deno.test("memory: files that are gone are forgotten when all of the folder was seen", async () => {
  await using folder = new TempFolder();
  await remembering(folder.path, "F/a", "F/b");
  for (const isAll of [false, true]) {
    const memory = await FolderMemory.load(folder.path, OF);
    memory.note("F/b", STATE, DIGEST);
    await memory.save({ isAll });
    const after = await FolderMemory.load(folder.path, OF);
    assertEquals(after.recall("F/a", STATE), isAll ? null : DIGEST);
    assertEquals(after.recall("F/b", STATE), DIGEST);
  }
});

Deno.test("memory: it is written while files are deposited, and two at once leave a whole one", async () => {
  await using folder = new TempFolder();
  let now = 0;
  const memory = await FolderMemory.load(folder.path, OF, { now: () => now });
  memory.note("F/a", STATE, DIGEST);
  assertEquals([memory.isDue, filesBelow(folder.path)], [false, []]);
  now = 10_000;
  assertEquals(memory.isDue, true);
  memory.note("F/b", STATE, DIGEST);
  await memory.save();
  assertEquals(memory.isDue, false);
  assertEquals((await FolderMemory.load(folder.path, OF)).recall("F/a", STATE), DIGEST);
  const told: string[] = [];
  const both = await Promise.all(["F/c", "F/d"].map(async (name) => {
    const options = { onTrouble: (words: string) => told.push(words) };
    const other = await FolderMemory.load(folder.path, OF, options);
    other.note(name, STATE, DIGEST);
    await other.save();
    return name;
  }));
  const after = await FolderMemory.load(folder.path, OF);
  assertEquals(told, []);
  assertEquals(both.some((name) => after.recall(name, STATE) === DIGEST), true);
  assertEquals(filesBelow(join(folder.path, "deposited")).length, 1);
});

Deno.test("memory: where it cannot be written, that is told of and throws nothing", async () => {
  await using folder = new TempFolder();
  await Deno.writeTextFile(join(folder.path, "deposited"), "in the way");
  const told: string[] = [];
  const memory = await FolderMemory.load(folder.path, OF, { onTrouble: (it) => told.push(it) });
  memory.note("F/a", STATE, DIGEST);
  await memory.save();
  assertMatch(told.at(-1)!, /^could not write .*; the next deposit takes longer$/);
});

Deno.test("memory: the folders that were deposited longest ago make room, and old drafts", async () => {
  await using folder = new TempFolder();
  const name = (at: number) => `${at}`.padStart(32, "0") + ".jsonl";
  for (let at = 0; at < 258; at++) {
    await folder.file(name(at), "");
    await Deno.utime(join(folder.path, name(at)), at, at);
  }
  await folder.file(`${name(1)}.${crypto.randomUUID()}`, "");
  await folder.file("another", "");
  await makeRoom(folder.path, Date.now());
  assertEquals(filesBelow(folder.path).length, 256 + 2);
  await makeRoom(folder.path, Date.now() + 3_700_000);
  const left = filesBelow(folder.path);
  assertEquals([left.length, left[0], left.at(-1)], [257, name(2), "another"]);
});
