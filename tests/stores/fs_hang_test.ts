/** Directories whose disk hangs: a file system that is frozen takes every write, and ends none. */
import { join } from "node:path";
import { digestOf } from "../../lib/content/digest.ts";
import { fsStore } from "../../stores/fs.ts";
import { type PlaceEvent, Unreachable } from "../../stores/store.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../assert.ts";
import { TestDepot } from "../depot/test_depot.ts";
import { DEPOT } from "../disk/bench.ts";
import { temporaryRoot } from "../server/running_server.ts";
import { smallDisk, whyNoHangingDisk } from "../server/small_disk.ts";
import { eventually, patience, tell } from "../server/waiting.ts";
import { bytesOf } from "../server/wire_client.ts";
import { contentOf, read } from "./contract_bench.ts";

const POLL_MS = 20;
/** A busy machine may take a second for a look. Milliseconds. */
const LIMITS = { doubtMs: 200, hungMs: 1_500, soonMs: 20 };
const whyNot = await whyNoHangingDisk();
if (whyNot) tell(`Skipped the tests of disks that hang: ${whyNot}`);

function test(name: string, body: () => Promise<void>): void {
  Deno.test({ name, ignore: whyNot !== null, fn: body });
}

test("a place whose disk hangs is lost, what waits for it is told, and it joins when it answers", async () => {
  await using disk = await smallDisk(16, "ext4");
  const warnings: string[] = [];
  const warn = (message: string) => void warnings.push(message);
  await using store = await fsStore({
    ...{ directories: [disk.path], pollMs: POLL_MS, limits: LIMITS },
    context: { depot: DEPOT, known: () => undefined, warn },
  });
  const ending = new AbortController();
  const events = store.places(AbortSignal.any([ending.signal, patience()]))[Symbol.asyncIterator]();
  const first = (await events.next()).value as PlaceEvent;
  assert(first.type === "joined");
  const { place } = first;
  assertEquals((await events.next()).value, { type: "ready" });
  const { digest, bytes } = contentOf(300_000);
  const signal = patience();
  {
    await using writer = await place.begin({ id: "stays", size: bytes.length, signal });
    await writer.write(bytes);
    await writer.commit({ digest, size: bytes.length });
  }
  const writer = await place.begin({ id: "hangs", size: bytes.length, signal });
  {
    await using _frozen = await disk.freeze();
    const hung = [
      () => writer.write(bytes),
      ...Array.from({ length: 40 }, () => () => place.setMark({ depot: DEPOT, sequence: 1 })),
    ].map((call) => assertRejects(call, Unreachable, "does not answer"));
    assertEquals((await events.next()).value, { type: "left", id: place.id, why: "lost" });
    await Promise.all(hung);
    await assertRejects(() => place.delete(digest), Unreachable);
    await writer[Symbol.asyncDispose]();
    assertEquals(warnings.length, 1);
    assertMatch(warnings[0]!, /is away: the disk of .* does not answer\. .*joins again/);
  }
  const back = (await events.next()).value as PlaceEvent;
  assert(back.type === "joined" && back.place !== place);
  assertEquals(await read({ place: back.place, signal }, digest), bytes);
  await assertRejects(() => place.mark(), Unreachable);
  ending.abort();
  await events.return?.(undefined);
});

test("a store whose disk hangs is closed without it", async () => {
  await using disk = await smallDisk(16, "ext4");
  const context = { depot: DEPOT, known: () => undefined, warn() {} };
  const store = await fsStore({ directories: [disk.path], context, pollMs: POLL_MS });
  const ending = new AbortController();
  const events = store.places(AbortSignal.any([ending.signal, patience()]))[Symbol.asyncIterator]();
  const first = (await events.next()).value as PlaceEvent;
  assert(first.type === "joined");
  await using _frozen = await disk.freeze();
  const hung = assertRejects(
    () => first.place.setMark({ depot: DEPOT, sequence: 1 }),
    Unreachable,
    "stopping",
  );
  ending.abort();
  await events.return?.(undefined);
  await store[Symbol.asyncDispose]();
  await hung;
});

test("a new disk that hangs while it is made a place keeps no other disk from being looked at", async () => {
  await using root = temporaryRoot();
  await using disk = await smallDisk(16, "ext4");
  const other = join(root.path, "other");
  await using store = await fsStore({
    ...{ directories: [disk.path, other], pollMs: POLL_MS, limits: LIMITS },
    context: { depot: DEPOT, known: () => undefined, warn() {} },
  });
  const ending = new AbortController();
  const events = store.places(AbortSignal.any([ending.signal, patience()]))[Symbol.asyncIterator]();
  const types: string[] = [];
  const seen = (async () => {
    for await (const { type } of { [Symbol.asyncIterator]: () => events }) types.push(type);
  })();
  await eventually("both are there", () => types.length === 3);
  await Deno.remove(join(disk.path, "deposito"), { recursive: true });
  await eventually("one is away", () => types.length === 4);
  let renewed: Promise<string>;
  {
    await using _frozen = await disk.freeze();
    renewed = store.renew!(disk.path);
    await Deno.remove(join(other, "deposito"), { recursive: true });
    await eventually("the other one is away", () => types.length === 5);
  }
  await renewed;
  await eventually("the new one is there", () => types.length === 6);
  assertEquals(types, ["joined", "joined", "ready", "left", "left", "joined"]);
  ending.abort();
  await seen;
});

test("a depot goes on without a disk that hangs, makes its copies elsewhere, and takes it back", async () => {
  await using root = temporaryRoot();
  await using disk = await smallDisk(32, "ext4");
  const directories = [join(root.path, "one"), join(root.path, "two"), disk.path];
  await using depot = await TestDepot.open({
    places: 0,
    settings: { graceMs: 100, graceLastMs: 100 },
    beside: (id) =>
      fsStore({
        ...{ directories, pollMs: POLL_MS, limits: LIMITS },
        context: { depot: id, known: () => undefined, warn() {} },
      }),
  });
  let frozen: AsyncDisposable | null = null;
  await using _thawed = {
    [Symbol.asyncDispose]: async () => await frozen?.[Symbol.asyncDispose](),
  };
  const id = (await depot.catalog.places()).find(({ address }) => address === disk.path)!.id;
  const state = async () => (await depot.catalog.places()).find((one) => one.id === id)!.state;
  const copies = async (digest: string) =>
    (await depot.catalog.content(digest))!.replicas.filter((one) => one.state === "good")
      .map(({ place }) => place);
  const kept: { name: string; bytes: Uint8Array; digest: string }[] = [];
  while (kept.length < 3) {
    const name = crypto.randomUUID();
    const bytes = bytesOf(50_000, Math.random() * 1e9);
    const { file } = await depot.deposit(name, bytes, { replicas: 2 });
    if (file.places.includes(id)) kept.push({ name, bytes, digest: digestOf(bytes) });
  }
  frozen = await disk.freeze();

  // Small and large: one is written at the end, the other as it comes.
  for (const size of [10_000, 500_000]) {
    const bytes = bytesOf(size, size);
    const { file, copies } = await depot.deposit(`while ${size}`, bytes, {
      ...{ replicas: 3, minimum: 2 },
    });
    assertEquals([copies.live, file.places.includes(id)], [2, false]);
    assertEquals(await depot.retrieve(`while ${size}`), bytes);
  }
  await eventually("it is lost", async () => await state() === "lost");
  for (const { name, bytes, digest } of kept) {
    await eventually("a copy is made elsewhere", async () => (await copies(digest)).length === 3);
    assertEquals(await depot.retrieve(name), bytes);
  }
  await frozen[Symbol.asyncDispose]();
  frozen = null;
  await eventually("it is back", async () => await state() === "online");
  for (const { name, bytes, digest } of kept) {
    await eventually("the surplus is gone", async () => (await copies(digest)).length === 2);
    assertEquals(await depot.retrieve(name), bytes);
  }
  for (const size of [10_000, 500_000]) {
    const file = await depot.catalog.file(depot.owner, `while ${size}`);
    await eventually(
      "it has what it lacked",
      async () => (await copies(file!.digest)).includes(id),
    );
  }
});
