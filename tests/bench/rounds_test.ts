/** Rounds are alike: what one leaves behind is not in the time of the next. */
import { join } from "node:path";
import { bareSmallDeposit } from "../../bench/bare/contestants.ts";
import { depositSmall, retrieveSmall } from "../../bench/depositing.ts";
import { emptied, Ground } from "../../bench/ground.ts";
import { SCALES } from "../../bench/scale.ts";
import { assertEquals } from "../assert.ts";

const SMALL = [depositSmall("Deposito", { changed: true }), retrieveSmall, bareSmallDeposit];

Deno.test("bench: rounds of small files remove nothing that an earlier one made", async () => {
  const parent = await Deno.makeTempDir();
  try {
    for (const contestant of SMALL) {
      await using ground = await Ground.make(parent, { scale: SCALES.quick });
      await using entry = await contestant.enter(ground);
      const counts: number[] = [];
      let before = new Set<string>();
      for (let round = 0; round < 2; round++) {
        await entry.ready();
        await entry.run();
        const now = await movedFiles(ground.root);
        assertEquals(before.difference(now), new Set());
        counts.push(now.size - before.size);
        before = now;
      }
      assertEquals(counts[1], SCALES.quick.smallFiles);
    }
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
});

Deno.test("bench: an emptied folder has all its files and none of their bytes", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(folder, "packs"));
    const path = join(folder, "packs", "protected");
    await Deno.writeTextFile(path, "bytes", { mode: 0o400 });
    await emptied(folder);
    assertEquals((await Deno.stat(path)).size, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Contents on the places, and what was retrieved; with their inodes, as the same path may be another file. */
async function movedFiles(root: string): Promise<Set<string>> {
  const found = new Set<string>();
  for await (const { name, isDirectory } of Deno.readDir(root)) {
    const path = join(root, name);
    if (isDirectory) { for (const file of await movedFiles(path)) found.add(file); }
    else if (/[\\/]contents[\\/]|-output[\\/]/.test(path)) {
      found.add(`${path} ${(await Deno.stat(path)).ino}`);
    }
  }
  return found;
}
