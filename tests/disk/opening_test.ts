import { join } from "node:path";
import { DiskRefused, openDisk, otherDepots, readMark, Unreachable } from "../../lib/disk/mod.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../assert.ts";
import {
  contentPath,
  DEPOT,
  exists,
  getText,
  open,
  OTHER_DEPOT,
  putText,
  signal,
  temporaryFolder,
} from "./bench.ts";

const markPath = (directory: string) => join(directory, "deposito", DEPOT, "mark.json");

Deno.test("a new disk has its mark and all 256 folders, for its owner alone", async () => {
  await using folder = await temporaryFolder();
  const directory = join(folder.path, "a", "b");
  await using disk = await open(directory);
  const mark = JSON.parse(await Deno.readTextFile(markPath(directory)));
  const { check, ...fields } = mark;
  assert(/^[0-9a-f]{8}$/.test(check));
  assertEquals(fields, { format: 1, place: disk.id, depot: DEPOT, sequence: 0 });
  assertEquals(await readMark(directory, DEPOT), { place: disk.id, depot: DEPOT, sequence: 0 });
  assertEquals((await Array.fromAsync(Deno.readDir(disk.layout.contents))).length, 256);
  if (Deno.build.os === "windows") return;
  assertEquals((await Deno.stat(disk.layout.contents)).mode! & 0o777, 0o700);
  const digest = await putText(disk, "private");
  assertEquals((await Deno.stat(contentPath(directory, digest))).mode! & 0o777, 0o600);
});

Deno.test("a disk is the same place under another path", async () => {
  await using folder = await temporaryFolder();
  const [here, there] = [join(folder.path, "here"), join(folder.path, "there")];
  let id: string, digest: string;
  {
    await using disk = await open(here);
    id = disk.id;
    digest = await putText(disk, "moves along");
    await disk.setMark({ depot: DEPOT, sequence: 7 });
  }
  await Deno.rename(here, there);
  await using disk = await open(there);
  assertEquals(disk.id, id);
  assertEquals(await disk.mark(), { depot: DEPOT, sequence: 7 });
  assertEquals(await getText(disk, digest), "moves along");
});

Deno.test("without create a directory with no mark is unreachable and stays as it is", async () => {
  await using folder = await temporaryFolder();
  const missing = join(folder.path, "missing");
  for (const directory of [folder.path, missing]) {
    await assertRejects(() => openDisk(directory, { depot: DEPOT, create: false }), Unreachable);
  }
  assertEquals(await Array.fromAsync(Deno.readDir(folder.path)), []);
});

Deno.test("contents without a mark are refused and not taken for a new disk", async () => {
  await using folder = await temporaryFolder();
  let digest: string;
  {
    await using disk = await open(folder.path);
    digest = await putText(disk, "orphan");
  }
  await Deno.remove(markPath(folder.path));
  await assertRejects(() => open(folder.path), DiskRefused, "its mark");
  assert(await exists(contentPath(folder.path, digest)));
  assert(!await exists(markPath(folder.path)));
});

Deno.test("a disk that was left half made is made whole", async () => {
  await using folder = await temporaryFolder();
  {
    await using disk = await open(folder.path);
    await Deno.remove(join(disk.layout.contents, "7f"));
    await Deno.remove(disk.layout.aside);
  }
  await Deno.remove(markPath(folder.path));
  await using disk = await open(folder.path);
  assert(await exists(join(disk.layout.contents, "7f")));
  assert(await exists(disk.layout.aside));
});

Deno.test("a damaged mark is an error and a newer format a refusal; neither is written over", async () => {
  await using folder = await temporaryFolder();
  await (await open(folder.path))[Symbol.asyncDispose]();
  await Deno.remove(`${markPath(folder.path)}.spare`);
  const cases = ["", "null", "{", '{"format":1,"place":"x"}', '{"format":0}', "[1]"];
  for (const text of cases) {
    await Deno.writeTextFile(markPath(folder.path), text);
    await assertRejects(() => open(folder.path), Error, "it is damaged");
    assertEquals(await Deno.readTextFile(markPath(folder.path)), text);
  }
  await Deno.writeTextFile(markPath(folder.path), '{"format":2}');
  await assertRejects(() => open(folder.path), DiskRefused, "its format is 2");
});

Deno.test("a mark of another depot is refused, and another depot's folder is seen", async () => {
  await using folder = await temporaryFolder();
  await (await open(folder.path))[Symbol.asyncDispose]();
  assertEquals(await otherDepots(folder.path, OTHER_DEPOT), [DEPOT]);
  assertEquals(await otherDepots(folder.path, DEPOT), []);
  const mark = { format: 1, place: crypto.randomUUID(), depot: OTHER_DEPOT, sequence: 0 };
  await Deno.writeTextFile(markPath(folder.path), JSON.stringify(mark));
  await assertRejects(() => open(folder.path), DiskRefused, "another depot");
});

Deno.test("a mark that was being written when the power went is not taken for one", async () => {
  await using folder = await temporaryFolder();
  await using disk = await open(folder.path);
  await Deno.writeTextFile(`${markPath(folder.path)}.new`, '{"form');
  assertEquals(await disk.mark(), { depot: DEPOT, sequence: 0 });
  await Promise.all([1, 2, 3].map((sequence) => disk.setMark({ depot: DEPOT, sequence })));
  assertEquals(await disk.mark(), { depot: DEPOT, sequence: 3 });
  await assertRejects(() => disk.setMark({ depot: OTHER_DEPOT, sequence: 4 }), TypeError);
});

Deno.test({
  name: "a link among our folders is refused",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = await temporaryFolder();
    await using elsewhere = await temporaryFolder();
    const directory = join(folder.path, "disk");
    for (const name of ["contents", "parts", "lock", "."]) {
      const path = join(directory, "deposito", DEPOT, name);
      await Deno.mkdir(join(path, ".."), { recursive: true });
      await Deno.symlink(elsewhere.path, path);
      const error = await assertRejects(() => open(directory), DiskRefused);
      assertStringIncludes(error.message, "Move it away");
      await Deno.remove(directory, { recursive: true });
    }
    assertEquals(await Array.fromAsync(Deno.readDir(elsewhere.path)), []);
  },
});

Deno.test("a file in place of the directory is refused", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "file");
  await Deno.writeTextFile(path, "mine");
  await assertRejects(() => open(path), DiskRefused, "it is not a folder");
  await assertRejects(() => open(join(path, "below")), DiskRefused, "it is not a folder");
});

Deno.test("two opens of one disk in one process: the second is refused", async () => {
  await using folder = await temporaryFolder();
  await using _disk = await open(folder.path);
  await assertRejects(() => open(folder.path), DiskRefused, "another process is using it");
});

Deno.test("a second process is refused; what the first kept is there after it was killed", async () => {
  await using folder = await temporaryFolder();
  const program = new URL("./hold_disk.ts", import.meta.url).href;
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-read",
      "--allow-write",
      "--allow-sys=statfs",
      program,
      folder.path,
    ],
    stdout: "piped",
  }).spawn();
  const output = child.stdout.getReader();
  const digest = new TextDecoder().decode((await output.read()).value);
  await assertRejects(() => open(folder.path), DiskRefused, "another process is using it");
  child.kill("SIGKILL");
  await child.status;
  await output.cancel();
  await using disk = await open(folder.path);
  assertEquals(await getText(disk, digest), "from another process");
  const uploads = await Array.fromAsync(disk.uploads());
  assertEquals(uploads.sort((a, b) => a.bytes - b.bytes), [
    { id: "kept", bytes: 4 },
    { id: "open", bytes: 6 },
  ]);
  await using writer = await disk.begin({ id: "kept", resume: true, signal });
  assertEquals(writer.position, 4);
});
