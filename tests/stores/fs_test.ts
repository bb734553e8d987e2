import { join } from "node:path";
import { fsStore } from "../../stores/fs.ts";
import {
  type PlaceEvent,
  type Store,
  type StoreContext,
  StoreRefused,
} from "../../stores/store.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../assert.ts";
import { contentPath, DEPOT, exists, OTHER_DEPOT, signal, temporaryFolder } from "../disk/bench.ts";
import { testStore } from "./contract.ts";
import { contentOf, firstPlace, put, read } from "./contract_bench.ts";

const POLL_MS = 5;

testStore("fs", async () => {
  const folder = await temporaryFolder();
  const open = () => fsStore({ directories: [join(folder.path, "disk")], context: contextOf() });
  return {
    store: await open(),
    reopen: open,
    close: async () => await folder[Symbol.asyncDispose](),
    rot: async (place, digest) => {
      using file = await Deno.open(contentPath(place.address, digest), { write: true });
      await file.write(new Uint8Array([0xff, 0xfe]));
    },
  };
});

Deno.test("each directory is a place, made where it is missing, and known again by its mark", async () => {
  await using folder = await temporaryFolder();
  const [one, two] = [join(folder.path, "one"), join(folder.path, "new", "two")];
  const warnings: string[] = [];
  let ids: string[];
  {
    await using store = await fsStore({
      directories: [one, two],
      context: contextOf({ warnings }),
    });
    const places = await joined(store);
    assertEquals(places.map(({ name, address }) => [name, address]), [["one", one], ["two", two]]);
    assertEquals(places[0]!.zone, places[1]!.zone);
    assert(places.every((place) => place.trusted));
    ids = places.map(({ id }) => id);
    assertEquals(new Set(ids).size, 2);
  }
  // The mount points changed names, and the catalog knows the old ones.
  await Deno.rename(one, join(folder.path, "three"));
  const known = { [one]: { id: ids[0]!, name: "one" }, [two]: { id: ids[1]!, name: "two" } };
  await using store = await fsStore({
    directories: [two, join(folder.path, "three")],
    context: contextOf({ known, warnings }),
  });
  assertEquals((await joined(store)).map(({ id }) => id), ids.toReversed());
  assertEquals(warnings, []);
});

Deno.test("places with the same last name are told apart by their parents", async () => {
  await using folder = await temporaryFolder();
  const directories = ["a/disk", "b/disk", "other"].map((path) => join(folder.path, path));
  await using store = await fsStore({ directories, context: contextOf() });
  assertEquals((await joined(store)).map(({ name }) => name), ["a/disk", "b/disk", "other"]);
});

Deno.test("a directory of another depot is refused and left as it is", async () => {
  await using folder = await temporaryFolder();
  const directories = [folder.path];
  const theirs = await fsStore({ directories, context: contextOf({ depot: OTHER_DEPOT }) });
  await theirs[Symbol.asyncDispose]();
  const error = await assertRejects(
    () => fsStore({ directories, context: contextOf() }),
    StoreRefused,
    "belongs to another depot",
  );
  assertStringIncludes(error.message, folder.path);
  assert(!await exists(join(folder.path, "deposito", DEPOT)));
});

Deno.test("the same directory twice, nested ones and links to them are refused, naming both", async () => {
  await using folder = await temporaryFolder();
  const disk = join(folder.path, "disk");
  const pairs = [[disk, `${disk}/`], [disk, join(disk, "sub")], [join(disk, "a/b/c"), disk]];
  if (Deno.build.os !== "windows") {
    await Deno.symlink(disk, join(folder.path, "dangling"));
    pairs.push([disk, join(folder.path, "dangling")], [disk, join(folder.path, "dangling", "sub")]);
  }
  for (const directories of pairs) {
    const error = await assertRejects(
      () => fsStore({ directories, context: contextOf() }),
      StoreRefused,
    );
    for (const directory of directories) assertStringIncludes(error.message, directory);
    assert(!await exists(disk));
  }
  const beside = [disk, `${disk}-2`, join(folder.path, "..disk")];
  await using store = await fsStore({ directories: beside, context: contextOf() });
  assertEquals((await joined(store)).length, 3);
});

Deno.test("a copied disk beside its original is refused, naming both", async () => {
  await using folder = await temporaryFolder();
  const directories = [join(folder.path, "original"), join(folder.path, "copy")];
  await (await fsStore({ directories: [directories[0]!], context: contextOf() }))
    [Symbol.asyncDispose]();
  const mark = join("deposito", DEPOT, "mark.json");
  await Deno.mkdir(join(directories[1]!, "deposito", DEPOT), { recursive: true });
  await Deno.copyFile(join(directories[0]!, mark), join(directories[1]!, mark));
  const error = await assertRejects(
    () => fsStore({ directories, context: contextOf() }),
    StoreRefused,
    "one is a copy of the other",
  );
  for (const directory of directories) assertStringIncludes(error.message, directory);
});

Deno.test("a refusal lets go of the directories that were opened before it", async () => {
  await using folder = await temporaryFolder();
  const good = join(folder.path, "good");
  const file = join(folder.path, "file");
  await Deno.writeTextFile(file, "");
  const context = contextOf();
  await assertRejects(() => fsStore({ directories: [good, file], context }), StoreRefused);
  await using store = await fsStore({ directories: [good], context });
  await assertRejects(
    () => fsStore({ directories: [good], context }),
    StoreRefused,
    "another process is using it",
  );
  assertEquals((await joined(store)).length, 1);
  await assertRejects(() => fsStore({ directories: [], context }), StoreRefused, "no directory");
});

Deno.test("a known place without its mark is away, not empty, and joins when the mark shows up", async () => {
  await using folder = await temporaryFolder();
  const directory = join(folder.path, "mount", "disk");
  let id: string;
  {
    await using store = await fsStore({ directories: [directory], context: contextOf() });
    const place = await firstPlace(store);
    id = place.id;
    await put({ place, signal }, contentOf(10));
  }
  const known = { [directory]: { id, name: "disk" } };
  // First the mount point is empty, then it is missing altogether.
  for (const empty of [true, false]) {
    await Deno.rename(directory, join(folder.path, "unplugged"));
    if (empty) await Deno.mkdir(directory);
    const warnings: string[] = [];
    const context = contextOf({ known, warnings });
    await using store = await fsStore({ directories: [directory], context, pollMs: POLL_MS });
    await using events = following(store);
    assertEquals(await events.next(), "ready");
    assertEquals(warnings.length, 1);
    assertStringIncludes(warnings[0]!, directory);
    assertStringIncludes(warnings[0]!, "mounted?");
    if (empty) {
      assertEquals(await Array.fromAsync(Deno.readDir(directory)), []);
      await Deno.remove(directory);
    } else assert(!await exists(directory));
    await Deno.rename(join(folder.path, "unplugged"), directory);
    assertEquals(await events.next(), `joined ${id}`);
    const place = (await joined(store))[0]!;
    assertEquals(await read({ place, signal }, contentOf(10).digest), contentOf(10).bytes);
  }
});

Deno.test("a place whose directory goes is lost, and joined again when it is back", async () => {
  await using folder = await temporaryFolder();
  const directories = [join(folder.path, "stays"), join(folder.path, "goes")];
  const gone = join(folder.path, "gone");
  const warnings: string[] = [];
  const context = contextOf({ warnings });
  await using store = await fsStore({ directories, context, pollMs: POLL_MS });
  const [stays, goes] = (await joined(store)).map(({ id }) => id);
  await using events = following(store);
  assertEquals(
    [await events.next(), await events.next(), await events.next()],
    [`joined ${stays}`, `joined ${goes}`, "ready"],
  );
  await Deno.rename(directories[1]!, gone);
  await Deno.mkdir(directories[1]!);
  assertEquals(await events.next(), `left ${goes} lost`);
  assertEquals(warnings.length, 1);
  await Deno.remove(directories[1]!);
  await Deno.rename(gone, directories[1]!);
  assertEquals(await events.next(), `joined ${goes}`);
  // The lock went with it and came back with it.
  await assertRejects(
    () => fsStore({ directories: [directories[1]!], context }),
    StoreRefused,
    "another process",
  );
});

Deno.test("a place whose mark becomes another's is lost, and a copy of a joined one stays out", async () => {
  await using folder = await temporaryFolder();
  const directories = [join(folder.path, "one"), join(folder.path, "two")];
  const mark = (directory: string) => join(directory, "deposito", DEPOT, "mark.json");
  const copySeen = Promise.withResolvers<void>();
  const context = {
    ...contextOf(),
    warn: (message: string) => void (message.includes("is a copy of") && copySeen.resolve()),
  };
  await using store = await fsStore({ directories, context, pollMs: POLL_MS });
  const [, two] = await joined(store);
  await using events = following(store);
  for (let count = 0; count < 3; count++) await events.next();
  const original = await Deno.readTextFile(mark(directories[1]!));
  await Deno.copyFile(mark(directories[0]!), mark(directories[1]!));
  assertEquals(await events.next(), `left ${two!.id} lost`);
  // The events only go on while somebody waits for one.
  const next = events.next();
  await copySeen.promise;
  await Deno.writeTextFile(mark(directories[1]!), original);
  assertEquals(await next, `joined ${two!.id}`);
});

Deno.test("an unreadable mark keeps a known place away and refuses an unknown one", async () => {
  await using folder = await temporaryFolder();
  const directories = [join(folder.path, "broken"), join(folder.path, "whole")];
  const path = join(directories[0]!, "deposito", DEPOT, "mark.json");
  await (await fsStore({ directories, context: contextOf() }))[Symbol.asyncDispose]();
  for (const each of [path, `${path}.spare`]) await Deno.writeTextFile(each, "{");
  const error = await assertRejects(
    () => fsStore({ directories, context: contextOf() }),
    StoreRefused,
    "damaged",
  );
  assertStringIncludes(error.message, path);
  const warnings: string[] = [];
  const known = { [directories[0]!]: { id: "0", name: "broken" } };
  await using store = await fsStore({ directories, context: contextOf({ known, warnings }) });
  assertEquals((await joined(store)).map(({ name }) => name), ["whole"]);
  assertStringIncludes(warnings[0]!, "damaged");
});

Deno.test("a directory where a place was that is now elsewhere becomes a new place", async () => {
  await using folder = await temporaryFolder();
  const [old, moved] = [join(folder.path, "old"), join(folder.path, "moved")];
  await (await fsStore({ directories: [old], context: contextOf() }))[Symbol.asyncDispose]();
  const id = JSON.parse(await Deno.readTextFile(join(old, "deposito", DEPOT, "mark.json"))).place;
  await Deno.rename(old, moved);
  const known = { [old]: { id, name: "old" } };
  await using store = await fsStore({ directories: [moved, old], context: contextOf({ known }) });
  const places = await joined(store);
  assertEquals(places[0]!.id, id);
  assertEquals(places.length, 2);
});

Deno.test("renew() makes a place of a new disk where one was lost, and of nothing else", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "disk");
  const context = contextOf();
  // Long enough between two looks that what it tells of at once is no chance.
  await using store = await fsStore({ directories: [path], context, pollMs: 600_000 });
  const refused = (words: string, address = path) =>
    assertRejects(() => store.renew!(address), StoreRefused, words);
  const old = (await joined(store))[0]!.id;
  await refused("its place is there");
  await refused("none of the directories", join(folder.path, "other"));
  await using lost = await fsStore({
    directories: [join(folder.path, "mount")],
    context: contextOf({ known: { [join(folder.path, "mount")]: { id: old, name: "disk" } } }),
    pollMs: 600_000,
  });
  const mount = join(folder.path, "mount");
  await assertRejects(() => lost.renew!(mount), StoreRefused, "no such directory");
  assert(!await exists(mount));
  await Deno.mkdir(join(mount, "deposito", OTHER_DEPOT), { recursive: true });
  await assertRejects(() => lost.renew!(mount), StoreRefused, "belongs to another depot");
  await Deno.remove(join(mount, "deposito"), { recursive: true });
  await using events = following(lost);
  assertEquals(await events.next(), "ready");
  const next = events.next();
  const id = await lost.renew!(mount);
  assert(id !== old);
  assertEquals(await next, `joined ${id}`);
  await assertRejects(() => lost.renew!(mount), StoreRefused, "its place is there");
});

Deno.test("renew() leaves a disk that has a mark, or contents without one, as it is", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "disk");
  await using store = await fsStore({
    directories: [path],
    context: contextOf({ known: { [path]: { id: "0", name: "disk" } } }),
    pollMs: 600_000,
  });
  const root = join(path, "deposito", DEPOT);
  await (await fsStore({ directories: [path], context: contextOf() }))[Symbol.asyncDispose]();
  const { place } = JSON.parse(await Deno.readTextFile(join(root, "mark.json")));
  await assertRejects(() => store.renew!(path), StoreRefused, `it is the place ${place}`);
  await Deno.remove(join(root, "mark.json"));
  const { digest } = contentOf(10);
  await Deno.writeFile(contentPath(path, digest), contentOf(10).bytes);
  await assertRejects(() => store.renew!(path), StoreRefused, "its mark");
  assert(!await exists(join(root, "mark.json")));
});

Deno.test("a disposed store ends its events and lets go of its directories", async () => {
  await using folder = await temporaryFolder();
  const options = { directories: [folder.path], context: contextOf(), pollMs: POLL_MS };
  const store = await fsStore(options);
  const events = Array.fromAsync(store.places(signal));
  await store[Symbol.asyncDispose]();
  await events;
  await using again = await fsStore(options);
  assertEquals((await joined(again)).length, 1);
});

function contextOf(
  { depot = DEPOT, known = {}, warnings = [] }: {
    depot?: string;
    known?: Record<string, { id: string; name: string }>;
    warnings?: string[];
  } = {},
): StoreContext {
  return {
    depot,
    known: (address) => known[address],
    warn: (message) => void warnings.push(message),
  };
}

/** The places that are there at first. */
async function joined(store: Store) {
  const ending = new AbortController();
  const places = [];
  for await (const event of store.places(ending.signal)) {
    if (event.type === "joined") places.push(event.place);
    if (event.type === "ready") ending.abort();
  }
  return places;
}

/** A store's events in words, one at a time. */
function following(store: Store): AsyncDisposable & { next(): Promise<string> } {
  const ending = new AbortController();
  const events = store.places(ending.signal)[Symbol.asyncIterator]();
  return {
    next: async () => inWords((await events.next()).value),
    async [Symbol.asyncDispose]() {
      ending.abort();
      await events.return?.();
    },
  };
}

function inWords(event: PlaceEvent): string {
  if (event.type === "joined") return `joined ${event.place.id}`;
  return event.type === "left" ? `left ${event.id} ${event.why}` : event.type;
}
