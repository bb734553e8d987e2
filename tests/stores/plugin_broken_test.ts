/** Stores that are wrong in some way: each is refused or survived, in bounded time, and it is said. */
import { inTime, PLUGIN_LIMITS } from "../../stores/answers.ts";
import { type Place, StoreRefused, Unreachable } from "../../stores/store.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../assert.ts";
import { signal } from "../disk/bench.ts";
import { contentOf, firstPlace, keep, put, read } from "./contract_bench.ts";
import { PluginFolder, untilReady } from "./plugin_bench.ts";

Deno.test("a plugin that makes no store is refused in bounded time", async () => {
  await using folder = await PluginFolder.make();
  const making = (text: string) =>
    folder.write(`export const contract = 1; export default ${text};`);
  const cases = {
    [await folder.write("throw new Error('no licence');")]: "no licence",
    [await folder.write("await never;")]: "no answer within 0.3 s",
    [await folder.write("export default good;")]: "written for no contract",
    [await folder.write("export const contract = 1;")]: "makes no store",
    [await making("() => { throw 'a text'; }")]: "a text",
    [await making("() => never")]: "no answer within 0.3 s",
    [await making("() => {}")]: "lacks places, Symbol(Symbol.asyncDispose)",
    [await making("() => ({ kind: 'x', places() {} })")]: "lacks Symbol(Symbol.asyncDispose)",
    [await folder.writeChanged("store.kind = 7;")]: "a text as its kind",
    [await making("(o, c) => good(new URLSearchParams('dri=/x'), c)")]: "unknown option dri",
    [await making("(o, c) => good(new URLSearchParams('dir=x'), c)")]: "an absolute path",
  };
  for (const [module, reason] of Object.entries(cases)) {
    const error = await assertRejects(() => folder.open(module), StoreRefused, module);
    assertStringIncludes(error.message, reason);
  }
});

Deno.test("what a plugin tells wrongly before it is ready refuses the start", async () => {
  await using folder = await PluginFolder.make();
  const telling = (body: string) =>
    folder.writeChanged(`store.places = async function* (signal) { ${body} };`);
  const cases = {
    [await telling("await never;")]: "did not say ready within 0.3 s",
    [await telling("")]: "ended before it said ready",
    [await telling("throw new Error('no net');")]: "no net",
    [await telling("yield 'ready';")]: "which is no event",
    [await telling("yield { type: 'joined' };")]: "a place's id",
    [await telling("yield { type: 'left', id: 'x', why: 'lost' };")]: "never joined",
    [await folder.writeChanged("store.places = () => [];")]: "lacks Symbol(Symbol.asyncIterator)",
    [await folder.writeChangedPlace("place.id = 7;")]: "a place's id",
    [await folder.writeChangedPlace("place.id = 'a,b';")]: "a place's id",
    [await folder.writeChangedPlace("place.zone = null;")]: "a text as its zone",
    [await folder.writeChangedPlace("delete place.trusted;")]: "whether it is trusted",
    [await folder.writeChangedPlace("delete place.room; delete place.get;")]: "lacks room, get",
    [await folder.writeChangedPlace("yield event;")]: "two places have the id",
  };
  for (const [module, reason] of Object.entries(cases)) {
    await using store = await folder.open(module);
    const error = await assertRejects(() => untilReady(store), StoreRefused, module);
    assertStringIncludes(error.message, reason);
  }
});

Deno.test("a place whose mark cannot be had or set while it joins refuses the start", async () => {
  await using folder = await PluginFolder.make();
  const cases = {
    [await folder.writeChangedPlace("place.mark = () => never;")]: "no answer within 0.1 s",
    [await folder.writeChangedPlace("place.mark = () => 'mine';")]: "neither a mark nor null",
    [await folder.writeChangedPlace("place.mark = () => { throw null; };")]: "null",
  };
  for (const [module, reason] of Object.entries(cases)) {
    await using store = await folder.open(module);
    for await (const event of store.places(signal)) {
      if (event.type !== "joined") continue;
      const error = await assertRejects(() => event.place.mark(), StoreRefused, module);
      assertStringIncludes(error.message, reason);
      break;
    }
  }
});

Deno.test("what a plugin tells wrongly later is said, and its places stay", async () => {
  await using folder = await PluginFolder.make();
  const module = await folder.writeChanged(`
    const { places } = store;
    store.places = async function* (signal) {
      for await (const event of places(signal)) {
        yield event;
        if (event.type === "ready") throw new Error("the net is gone");
      }
    };`);
  await using store = await folder.open(module);
  const stopping = new AbortController();
  const events = store.places(stopping.signal)[Symbol.asyncIterator]();
  const { value } = await events.next();
  assertEquals((await events.next()).value, { type: "ready" });
  const last = events.next();
  await until(() => folder.warnings.length > 0);
  assertStringIncludes(folder.warnings[0]!, "the net is gone");
  assert(value?.type === "joined");
  await put({ place: value.place, signal }, contentOf(100));
  stopping.abort();
  assertEquals((await last).done, true);
});

Deno.test("a place that hangs is lost until it answers again", async () => {
  await using folder = await PluginFolder.make();
  const module = await folder.writeChangedPlace(`
    const { begin } = place;
    let hung = false;
    place.begin = async (upload) => {
      const writer = await begin.call(place, upload);
      if (!hung && upload.id === "slow") {
        hung = true;
        await never;
      }
      return writer;
    };`);
  await using store = await folder.open(module);
  const stopping = new AbortController();
  const events = store.places(stopping.signal)[Symbol.asyncIterator]();
  const { value } = await events.next();
  assert(value?.type === "joined");
  const { place } = value;
  assertEquals((await events.next()).value, { type: "ready" });
  const content = await put({ place, signal }, contentOf(100));

  const told = events.next();
  await assertRejects(() => place.begin({ id: "slow", signal }), Unreachable, "within 0.1 s");
  assertEquals((await told).value, { type: "left", id: place.id, why: "lost" });
  await assertRejects(() => place.room(), Unreachable, "an earlier call hangs");
  assertStringIncludes(folder.warnings[0]!, "does not answer to begin()");

  folder.goOn();
  assertEquals((await events.next()).value, { type: "joined", place });
  assertEquals(await read({ place, signal }, content.digest), content.bytes);
  // The writer that came too late was closed, so its upload can begin again.
  await keep({ place, signal }, "slow", new Uint8Array(10));
  stopping.abort();
  assertEquals((await events.next()).done, true);
});

Deno.test("a place's answer that is not what the contract says is an error", async () => {
  await using folder = await PluginFolder.make();
  const { digest, bytes } = contentOf(100);
  const cases: [change: string, call: (place: Place) => Promise<unknown>, reason: string][] = [
    ["place.room = () => ({ free: NaN, capacity: 1 });", (place) => place.room(), "numbers"],
    ["place.delete = () => { throw 'x'; };", (place) => place.delete(digest), "x"],
    ["place.hash = () => 'AB';", (place) => hashOf(place, digest), "no SHA-256"],
    ["place.get = () => undefined;", (place) => readAll(place, digest), "lacks read"],
    [
      "place.get = () => ({ size: 100, read: () => 99, [Symbol.asyncDispose]: async () => {} });",
      (place) => readAll(place, digest),
      "100 bytes were due",
    ],
    ["place.list = () => null;", (place) => listOf(place), "null"],
    [
      "place.list = async function* () { yield { digest: 'x', size: 1 }; };",
      (place) => listOf(place),
      "no content",
    ],
    [
      `place.list = async function* () {
        for (const c of "ba") yield { digest: c.repeat(64), size: 1 };
      };`,
      (place) => listOf(place),
      "not ascending",
    ],
    [
      "place.uploads = async function* () { yield { id: '../x', bytes: 1 }; };",
      (place) => Array.fromAsync(place.uploads()),
      "no upload",
    ],
    [
      "place.asides = async function* () { yield { digest: 'a'.repeat(64), size: 1 }; };",
      (place) => Array.fromAsync(place.asides()),
      "since when",
    ],
    [
      writerThat("write: async () => {}"),
      (place) => keep({ place, signal }, "u", bytes),
      "where it must be at 100",
    ],
    [
      writerThat("position: 5"),
      (place) => keep({ place, signal }, "u", bytes),
      "stands at 5",
    ],
  ];
  for (const [change, call, reason] of cases) {
    await using store = await folder.open(await folder.writeChangedPlace(change));
    const place = await firstPlace(store);
    await assertRejects(() => call(place), Error, reason);
  }
});

Deno.test("after a failed write nothing of a plugin's upload is kept or committed", async () => {
  await using folder = await PluginFolder.make();
  const module = await folder.writeChangedPlace(
    writerThat("write: async () => { throw new Error('torn'); }"),
  );
  await using store = await folder.open(module);
  const place = await firstPlace(store);
  await using writer = await place.begin({ id: "u", signal });
  const { digest, bytes } = contentOf(100);
  await assertRejects(() => writer.write(bytes), Error, "torn");
  await assertRejects(() => writer.keep(), Error, "torn");
  await assertRejects(() => writer.commit({ digest, size: 0 }), Error, "torn");
});

Deno.test("a read that was given up does not write into its caller's buffer any more", async () => {
  await using folder = await PluginFolder.make();
  const module = await folder.writeChangedPlace(`
    place.get = async () => ({
      size: 4,
      async read(target) {
        await never;
        target.fill(9);
        globalThis.wrote = true;
        return 4;
      },
      async [Symbol.asyncDispose]() {},
    });`);
  await using store = await folder.open(module);
  const place = await firstPlace(store);
  await using reader = (await place.get(contentOf(4).digest, { from: 0, signal }))!;
  const target = new Uint8Array(4);
  await assertRejects(() => reader.read(target), Unreachable);
  const plugin = globalThis as unknown as { wrote?: boolean };
  folder.goOn();
  await until(() => plugin.wrote === true);
  assertEquals(target, new Uint8Array(4));
});

Deno.test("a plugin that does not end lets the others end, and it is said", async () => {
  await using folder = await PluginFolder.make();
  const store = await folder.open(
    await folder.writeChanged("store[Symbol.asyncDispose] = () => never;"),
  );
  await store[Symbol.asyncDispose]();
  assertStringIncludes(folder.warnings[0]!, "Could not close the store");
});

Deno.test("a limit of the real ones ends a call by the clock", async () => {
  const never = () => new Promise(() => {});
  await assertRejects(() => inTime(never, 5, PLUGIN_LIMITS), Error, "no answer within 0.005 s");
});

/** The body of a change to a place: its writers have `part` in place of their own. */
function writerThat(part: string): string {
  return `const { begin } = place;
    place.begin = async (upload) => {
      const writer = await begin.call(place, upload);
      return Object.defineProperties(writer, Object.getOwnPropertyDescriptors({ ${part} }));
    };`;
}

function hashOf(place: Place, digest: string): Promise<string | null> {
  return place.hash(digest, { prefix: new Uint8Array(), signal });
}

async function readAll(place: Place, digest: string): Promise<void> {
  await using reader = await place.get(digest, { from: 0, signal });
  await reader?.read(new Uint8Array(200));
}

function listOf(place: Place): Promise<unknown> {
  return Array.fromAsync(place.list({ signal }));
}

/** Waits for what the plugin does, which nothing tells. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 1));
}

Deno.test("a plugin's renew() is passed on where it has one, in bounded time, with its words", async () => {
  await using folder = await PluginFolder.make();
  await using without = await folder.open(await folder.writeChanged(""));
  assertEquals(without.renew, undefined);
  const cases: Record<string, string> = {
    "throw new Error('no such bay')": "no such bay",
    "return never": "no answer within 0.3 s",
    "return 7": "no id of the new place",
  };
  for (const [body, reason] of Object.entries(cases)) {
    await using store = await folder.open(
      await folder.writeChanged(`store.renew = () => { ${body}; };`),
    );
    const error = await assertRejects(() => store.renew!("bay 1"), StoreRefused);
    assertStringIncludes(error.message, reason);
  }
  await using store = await folder.open(
    await folder.writeChanged("store.renew = (address) => `new in ${address}`;"),
  );
  assertEquals(await store.renew!("bay 1"), "new in bay 1");
});
