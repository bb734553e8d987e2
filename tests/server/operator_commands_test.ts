/** `deposito server COMMAND` as a process, beside the real server. */
import { join } from "node:path";
import { digestOf } from "../../lib/content/digest.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { operatorCommand, RunningServer, temporaryRoot } from "./running_server.ts";
import { all, eventually, filesBelow } from "./waiting.ts";
import { bytesOf, type WireClient } from "./wire_client.ts";

interface Said {
  code: number;
  out: string;
  err: string;
}

/** Runs the words of one command for the depot of `data`. */
async function operate(data: string, ...words: string[]): Promise<Said> {
  const { code, stdout, stderr } = await operatorCommand(data, words).output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

/** As `operate` with `--json`; it must be done. */
async function resultOf<T>(data: string, ...words: string[]): Promise<T> {
  const { code, out, err } = await operate(data, ...words, "--json");
  assertEquals([code, err], [0, ""], words.join(" "));
  return JSON.parse(out);
}

interface PlaceRow {
  id: string;
  name: string;
  state: string;
  draining: boolean;
  remaining: number | null;
  replicas: number;
  free: number;
  capacity: number;
}

async function placesOf(data: string): Promise<Record<string, PlaceRow>> {
  const rows = await resultOf<PlaceRow[]>(data, "places");
  return Object.fromEntries(
    rows.map((row) => [row.state === "gone" ? `${row.name} gone` : row.name, row]),
  );
}

async function depositSome(client: WireClient, count: number): Promise<Uint8Array[]> {
  const files = Array.from({ length: count }, (_, index) => bytesOf(300_000, index + 1));
  for (const [index, bytes] of files.entries()) {
    await client.deposit(`f${index}`, bytes, { replicas: 2 });
  }
  return files;
}

Deno.test("operator: a place is drained, forgotten and taken away while the server runs", async () => {
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path, { places: ["one", "two", "three"] });
  const data = join(root.path, "data");
  using client = await server.client();
  const files = await depositSome(client, 8);
  const before = await placesOf(data);
  assertEquals(Object.values(before).map(({ state }) => state), ["online", "online", "online"]);
  assertEquals(Object.values(before).reduce((sum, { replicas }) => sum + replicas, 0), 16);
  assert(before.one!.free > 0 && before.one!.capacity >= before.one!.free);

  const refused = await operate(data, "forget", "one", "--yes");
  assertEquals([refused.code, refused.out], [1, ""]);
  assertMatch(refused.err, /^deposito: Refused to forget one: it is there; drain it first\n$/);

  const drained = await operate(data, "drain", "one", "--wait");
  assertEquals(drained.code, 0, drained.err);
  assertMatch(drained.out, /^one is drained: .*\n {2}deposito server forget one\n$/s);
  const { one } = await placesOf(data);
  assertEquals([one!.state, one!.draining, one!.remaining], ["online", true, 0]);
  for (const bytes of files) {
    const copies = ["two", "three"].map((place) => server.replica(place, digestOf(bytes)));
    for (const copy of copies) assertEquals(digestOf(Deno.readFileSync(copy)), digestOf(bytes));
  }

  assertEquals((await operate(data, "forget", one!.id, "--yes")).code, 0);
  await Deno.remove(join(root.path, "one"), { recursive: true });
  const after = await placesOf(data);
  assertEquals(Object.keys(after), ["three", "two", "one gone"]);
  assertEquals([after.two!.replicas, after.three!.replicas], [8, 8]);
  for (const [index, bytes] of files.entries()) {
    assertEquals(await client.retrieve(`f${index}`), bytes);
    assertEquals((await client.fileStatus(`f${index}`)).file.live, 2);
  }
});

// Side by side, because the server looks at its directories every few seconds.
Deno.test("operator: a new directory at a lost one's path is a place after replace, and only then", async () => {
  await all([isReplacedWhileItRuns(), isNoPlaceWithoutItsDisk()]);
});

async function isReplacedWhileItRuns(): Promise<void> {
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path, { places: ["one", "two"] });
  const data = join(root.path, "data");
  using client = await server.client();
  const files = await depositSome(client, 5);
  const old = (await placesOf(data)).one!;
  const path = join(root.path, "one");

  const there = await operate(data, "replace", "one", "--yes");
  assertEquals(there.code, 1);
  assertMatch(there.err, /Refused to replace one: it is there/);

  await Deno.remove(path, { recursive: true });
  await eventually("one is lost", async () => (await placesOf(data)).one?.state === "lost");
  const missing = await operate(data, "replace", "one", "--yes");
  assertEquals(missing.code, 1);
  assertMatch(missing.err, /there is no such directory/);
  assertEquals((await placesOf(data)).one!.state, "lost");

  await Deno.mkdir(path);
  const unasked = await operate(data, "replace", "one");
  assertEquals(unasked.code, 2);
  assertMatch(unasked.err, /one has 5 copies\. Is a new disk mounted at .*\/one, .* --yes/);
  assertEquals(filesBelow(path), []);

  // What was typed is done, whenever the depot dies afterwards.
  const replaced = await resultOf<{ new: { id: string } }>(data, "replace", "one", "--yes");
  await server.kill();
  await server.restart();
  using later = await server.client({ id: client.id });
  for (const [index, bytes] of files.entries()) {
    await eventually(
      `f${index} has its copies`,
      async () => (await later.fileStatus(`f${index}`)).file.live === 2,
    );
    const copy = server.replica("one", digestOf(bytes));
    assertEquals(digestOf(Deno.readFileSync(copy)), digestOf(bytes));
    assertEquals(await later.retrieve(`f${index}`), bytes);
  }
  const now = await placesOf(data);
  assertEquals([now.one!.id, now.one!.state], [replaced.new.id, "online"]);
  assertEquals(now["one gone"]!.id, old.id);
}

/** An empty mount point is no place either when the new disk is not mounted. */
async function isNoPlaceWithoutItsDisk(): Promise<void> {
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path);
  const data = join(root.path, "data");
  const path = join(root.path, "one");
  await server.stop();
  await Deno.remove(path, { recursive: true });
  await Deno.mkdir(path);
  await server.restart();
  const replaced = await operate(data, "replace", "one", "--yes");
  assertEquals(replaced.code, 0, replaced.err);
  await eventually("it joined", async () => (await placesOf(data)).one?.state === "online");
  await server.stop();
  await Deno.rename(path, join(root.path, "unplugged"));
  await Deno.mkdir(path);
  await server.restart();
  await server.logged(/The place one is away: there is no mark in/);
  assertEquals(filesBelow(path), []);
  await server.stop();
  await Deno.remove(path);
  await Deno.rename(join(root.path, "unplugged"), path);
  await server.restart();
  assertEquals((await placesOf(data)).one!.state, "online");
}

Deno.test("operator: status, places, aside and their JSON; a damaged copy is dropped when it is not needed", async () => {
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path);
  const data = join(root.path, "data");
  using client = await server.client();
  const [bytes] = await depositSome(client, 1);
  const digest = digestOf(bytes!);
  assertEquals((await operate(data, "aside")).out, "nothing is set aside\n");
  await Deno.writeFile(server.replica("one", digest), bytesOf(300_000, 77));
  await eventually("it is noticed", async () => {
    await client.retrieve("f0");
    return (await resultOf<{ asides: unknown[] }>(data, "aside")).asides.length === 1;
  });
  await eventually("it is mended", async () => (await client.fileStatus("f0")).file.live === 2);

  const { asides } = await resultOf<{ asides: Record<string, unknown>[] }>(data, "aside");
  const { place, since, ...rest } = asides[0]!;
  assertEquals((place as { name: string }).name, "one");
  assert(Math.abs(Date.parse(since as string) - Date.now()) < 60_000);
  assertEquals(rest, { digest, here: true, size: 300_000, good: 2, spare: true });
  assertMatch(
    (await operate(data, "aside")).out,
    new RegExp(`\n${digest.slice(0, 16)} +one .* 2 +no\n$`),
  );

  assertMatch((await operate(data, "aside", "--drop", "spare")).err, /Delete 1 set-aside copy/);
  assertEquals((await operate(data, "aside", "--drop", "no")).code, 2);
  const wrong = await operate(data, "aside", "--drop", "00000000", "--yes");
  assertEquals([wrong.code, wrong.err], [1, "deposito: There is no set-aside copy of 00000000\n"]);
  const dropped = await operate(data, "aside", "--drop", digest.slice(0, 8), "--yes");
  assertEquals([dropped.code, dropped.out], [0, "dropped 1 set-aside copy\n"]);
  assertEquals(filesBelow(server.inside("one", "aside")), []);

  const { uptimeSeconds, places, ...status } = await resultOf<Record<string, unknown>>(
    data,
    "status",
  );
  assert((uptimeSeconds as number) < 60);
  assertEquals((places as PlaceRow[]).map(({ name, state }) => [name, state]).sort(), [
    ["one", "online"],
    ["two", "online"],
  ]);
  assertEquals(status, {
    depot: server.depot,
    connections: 1,
    files: 1,
    bytes: 300_000,
    contents: 1,
    contentBytes: 300_000,
    repair: { queued: 0, running: 0, deficit: 0, damaged: 0, aside: 0 },
  });
  const shown = await operate(data, "status");
  assertMatch(
    shown.out,
    /^depot .*, 1 connection\n1 file, 293 KiB; 1 content, 293 KiB\n2 places online\n/,
  );
});

Deno.test("operator: a name that two places have is refused with both ids", async () => {
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path, { places: ["a/disk"] });
  await server.stop();
  // A name is the last part of a path, as far as that tells the places of one start apart.
  await server.restart({ places: ["b/disk"] });
  const data = join(root.path, "data");
  const rows = await resultOf<PlaceRow[]>(data, "places");
  assertEquals(rows.map(({ name }) => name), ["disk", "disk"]);
  const { code, err } = await operate(data, "drain", "disk");
  assertEquals(code, 1);
  for (const { id } of rows) assert(err.includes(id), err);
  assertEquals((await operate(data, "drain", rows[0]!.id)).code, 0);
  const short = rows[0]!.id.slice(0, 8);
  assertMatch((await operate(data, "places")).out, new RegExp(`${short}$`, "m"));
  assertEquals((await operate(data, "drain", short, "--undo")).code, 0);
  for (const wrong of ["dsk", short.slice(0, 7)]) {
    assertEquals((await operate(data, "drain", wrong)).code, 1);
  }
});

Deno.test("operator: without a running server it says so; after kill -9 and a restart all is as before", async () => {
  await using root = temporaryRoot();
  const data = join(root.path, "data");
  const none = await operate(data, "status");
  assertEquals([none.code, none.out], [1, ""]);
  assertMatch(none.err, /^deposito: No depot is running on .*data: start one with .*\n$/);
  await using server = await RunningServer.start(root.path);
  assertEquals((await operate(data, "drain", "two")).code, 0);
  await server.kill();
  const killed = await operate(data, "places", "--json");
  assertEquals(killed.code, 1);
  assertMatch(JSON.parse(killed.out).error.message, /No depot is running/);
  await server.restart();
  assertEquals((await placesOf(data)).two!.draining, true);
  assertMatch((await operate(data, "drain", "two", "--undo")).out, /^two is used like any other/);
  await server.stop();
  assertEquals(filesBelow(data).filter((name) => name.startsWith("control")), []);
});

/** Whether this is a user who may start processes of others. */
function isRoot(): boolean {
  if (Deno.build.os === "windows") return false;
  const { stdout } = new Deno.Command("id", { args: ["-u"] }).outputSync();
  return new TextDecoder().decode(stdout).trim() === "0";
}

/** Says of each way into a depot why it is none. */
const TRY_BOTH_WAYS = `
  const tried = [() => Deno.connect({ transport: "unix", path: Deno.args[0] + "/control.sock" }),
    () => Deno.readTextFile(Deno.args[0] + "/control.json")];
  for (const way of tried) console.log(await way().then(() => "in", (error) => error.name));
`;

Deno.test({
  name: "operator: another user of the machine cannot reach the depot",
  ignore: !isRoot(),
  async fn() {
    await using root = temporaryRoot();
    const program = join(root.path, "deno");
    await Deno.copyFile(Deno.execPath(), program);
    // All that stands in the way is what the depot made itself.
    for (const path of [root.path, program]) await Deno.chmod(path, 0o755);
    await all(["data", "long-".repeat(20) + "data"].map(async (name, index) => {
      const data = join(root.path, name);
      await Deno.mkdir(data);
      await Deno.chmod(data, 0o755);
      await using _server = await RunningServer.start(root.path, { data, places: [`p${index}`] });
      const { stdout, stderr } = await new Deno.Command(program, {
        args: ["eval", TRY_BOTH_WAYS, data],
        env: { DENO_DIR: join(root.path, "none"), NO_COLOR: "1" },
        cwd: "/",
        uid: 65534,
      }).output();
      const text = new TextDecoder();
      const expected = index === 0
        ? ["PermissionDenied", "NotFound"]
        : ["NotFound", "PermissionDenied"];
      const ways = text.decode(stdout).trim().split("\n");
      // The whole path to a socket that could not be made is too long to be tried.
      assertEquals(index === 0 ? ways : [expected[0], ways[1]], expected, text.decode(stderr));
      assertEquals((await operate(data, "status")).code, 0);
    }));
  },
});
