import { join } from "node:path";
import { readRecord, writeRecord } from "../../lib/disk/record.ts";
import { assert, assertEquals } from "../assert.ts";
import { temporaryFolder } from "./bench.ts";

async function inode(path: string): Promise<number | null> {
  return (await Deno.stat(path)).ino;
}

Deno.test("a record that was torn at any byte is the old one or the new one, and is whole after the next", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "mark.json");
  const spare = `${path}.spare`;
  const [old, now, next] = [199, 200, 201].map((sequence) => ({ name: "a", sequence }));
  await writeRecord(path, old!);
  const before = await Deno.readFile(path);
  await writeRecord(path, now!);
  const after = await Deno.readFile(path);
  assertEquals(before.length, after.length);
  for (let torn = 0; torn <= after.length; torn += 1) {
    const half = new Uint8Array([...after.subarray(0, torn), ...before.subarray(torn)]);
    // First the spare is written, then the one that counts.
    await Deno.writeFile(path, before);
    await Deno.writeFile(spare, half);
    assertEquals(await readRecord(path), old!);
    await Deno.writeFile(path, half);
    await Deno.writeFile(spare, after);
    const found = await readRecord(path);
    assert([199, 200].includes(found?.sequence as number), `torn at ${torn}`);
  }
  await Deno.writeFile(path, before.subarray(0, 30));
  await writeRecord(path, next!);
  for (const each of [path, spare]) {
    const { check: _check, ...fields } = JSON.parse(await Deno.readTextFile(each));
    assertEquals(fields, next!);
  }
});

Deno.test("a record is written over itself, unless another name leads to it", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "mark.json");
  await writeRecord(path, { sequence: 1 });
  const inodes = await Promise.all([path, `${path}.spare`].map(inode));
  await writeRecord(path, { sequence: 2 });
  assertEquals(await Promise.all([path, `${path}.spare`].map(inode)), inodes);
  const snapshot = join(folder.path, "snapshot");
  await Deno.link(path, snapshot);
  await writeRecord(path, { sequence: 3 });
  assertEquals((await readRecord(path))?.sequence, 3);
  assertEquals(JSON.parse(await Deno.readTextFile(snapshot)).sequence, 2);
});

Deno.test("a record of a program without spares is read, and what is not there has no fields", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "mark.json");
  assertEquals(await readRecord(path), null);
  await writeRecord(path, { sequence: 9 });
  await Deno.writeTextFile(path, '{"sequence":12}\n');
  assertEquals(await readRecord(path), { sequence: 12 });
  await writeRecord(path, { sequence: 13 });
  assertEquals(await readRecord(path), { sequence: 13 });
  await Deno.remove(path);
  assertEquals(await readRecord(path), null);
  await Promise.all([path, `${path}.spare`].map((each) => Deno.writeTextFile(each, "{")));
  assertEquals(await readRecord(path), {});
});
