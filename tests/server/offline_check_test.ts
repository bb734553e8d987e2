/** `deposito server --check` on what a real server left. */
import { join } from "node:path";
import { digestOf } from "../../lib/content/digest.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { endedServer, RunningServer, temporaryRoot } from "./running_server.ts";
import { bytesOf } from "./wire_client.ts";

/** Every file below a folder, with what is in it. */
async function everything(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) Object.assign(found, await everything(path));
    // SQLite's own, for as long as the file is open; what is left of it is made anew.
    else if (isFile && !name.endsWith("-shm")) found[path] = digestOf(await Deno.readFile(path));
  }
  return found;
}

async function stoppedServer(root: string, kill = false): Promise<RunningServer> {
  const server = await RunningServer.start(root);
  using client = await server.client();
  for (let index = 0; index < 5; index++) {
    await client.deposit(`f${index}`, bytesOf(10_000 + index), { replicas: 2 });
  }
  if (kill) await server.kill();
  else await server.stop();
  return server;
}

const check = { flags: { check: "" } };
const full = { flags: { check: "", full: "" } };

Deno.test("--check finds nothing where nothing is wrong, and changes nothing", async () => {
  for (const kill of [false, true]) {
    await using root = temporaryRoot();
    await using _server = await stoppedServer(root.path, kill);
    const before = await everything(root.path);
    for (const options of [check, full]) {
      const { code, log } = await endedServer(root.path, options);
      assertEquals(code, 0, log);
      assertMatch(log, /^catalog: whole\none \(.*\): 5 copies right.*\ntwo \(.*\): 5 copies right/);
      assertMatch(log, /all is as the catalog says\n$/);
    }
    const after = await everything(root.path);
    for (const path of Object.keys(before)) assertEquals(after[path], before[path], path);
  }
});

Deno.test("--check names what is missing, cut, unknown and away; --full also what is changed", async () => {
  await using root = temporaryRoot();
  await using server = await stoppedServer(root.path);
  const [gone, cut, changed] = [0, 1, 2].map((index) => digestOf(bytesOf(10_000 + index)));
  const unknown = digestOf("unknown");
  await Deno.remove(server.replica("one", gone!));
  await Deno.truncate(server.replica("one", cut!), 9_000);
  const bytes = await Deno.readFile(server.replica("one", changed!));
  bytes[5_000]! ^= 1;
  await Deno.writeFile(server.replica("one", changed!), bytes);
  await Deno.writeTextFile(server.replica("one", unknown), "unknown");
  await Deno.writeTextFile(server.inside("one", "parts", "left-over"), "half");
  const quick = await endedServer(root.path, check);
  assertEquals(quick.code, 1);
  assertMatch(quick.log, /3 copies right, 1 /);
  for (const line of [`missing: ${gone}`, `wrong size: ${cut}`, `not in the catalog: ${unknown}`]) {
    assert(quick.log.includes(line), quick.log);
  }
  assertMatch(quick.log, /1 parts of no upload/);
  assert(!quick.log.includes(`wrong bytes`));
  assertMatch(quick.log, /3 problems found\n$/);
  await Deno.rename(join(root.path, "two"), join(root.path, "elsewhere"));
  const thorough = await endedServer(root.path, full);
  assertEquals(thorough.code, 1);
  assert(thorough.log.includes(`wrong bytes: ${changed}`), thorough.log);
  assertMatch(thorough.log, /two: not there\n {2}there is no mark of it/);
  const moved = await endedServer(root.path, { ...check, places: ["elsewhere"] });
  assertMatch(moved.log, /two \(.*elsewhere\): 5 copies right\n/);
});

Deno.test("--check needs a depot, one that does not run, and a catalog that can be read", async () => {
  await using root = temporaryRoot();
  const none = await endedServer(root.path, check);
  assertEquals([none.code, /Could not use the data directory/.test(none.log)], [1, true]);
  assertEquals(await Array.fromAsync(Deno.readDir(root.path)), []);
  await using server = await RunningServer.start(root.path);
  const running = await endedServer(root.path, check);
  assertEquals([running.code, /another depot is running/.test(running.log)], [1, true]);
  await server.stop();
  const path = join(root.path, "data", "catalog.db");
  using file = await Deno.open(path, { write: true });
  await file.seek(4_096, Deno.SeekMode.Start);
  await file.write(new Uint8Array(8_192).fill(7));
  const damaged = await endedServer(root.path, check);
  assertEquals([damaged.code, /damaged/.test(damaged.log)], [1, true], damaged.log);
});
