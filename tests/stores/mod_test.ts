import { join } from "node:path";
import { openStore, openStores } from "../../stores/mod.ts";
import { CONTRACT, type StoreContext, StoreRefused } from "../../stores/store.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../assert.ts";
import { DEPOT, exists, temporaryFolder } from "../disk/bench.ts";
import { firstPlace } from "./contract_bench.ts";

const context: StoreContext = { depot: DEPOT, known: () => undefined, warn: () => {} };

const PLUGIN = `
  export const contract = ${CONTRACT};
  export default (options, context) => ({
    kind: "plugin-" + options.get("zone") + "-" + context.depot,
    async *places() {},
    async [Symbol.asyncDispose]() {},
  });
`;

Deno.test("fs:a,b opens directories relative to the base", async () => {
  await using folder = await temporaryFolder();
  await using store = await openStore("fs:a,./b", { context, base: folder.path });
  assertEquals(store.kind, "fs");
  assertEquals((await firstPlace(store)).address, join(folder.path, "a"));
  assert(await exists(join(folder.path, "b", "deposito", DEPOT, "mark.json")));
});

Deno.test("fs: given several times is one store, whose directories are checked together", async () => {
  await using folder = await temporaryFolder();
  const options = { context, base: folder.path };
  const stores = await openStores(["fs:a", "fs:b"], options);
  assertEquals(stores.length, 1);
  await stores[0]![Symbol.asyncDispose]();
  await assertRejects(() => openStores(["fs:a", "fs:a/b"], options), StoreRefused, "together");
});

Deno.test("an unknown kind is refused, and the known ones are named", async () => {
  for (const spec of ["tape:/dev/st0", "fs", "", "FS:/x", "constructor:x", "C:"]) {
    const error = await assertRejects(() => openStore(spec, { context, base: "." }), StoreRefused);
    assertStringIncludes(error.message, "known are fs:");
  }
});

Deno.test("a module's path opens a plugin with its options", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(join(folder.path, "store.js"), PLUGIN);
  for (const path of ["./store.js", join(folder.path, "store.js")]) {
    await using store = await openStore(`${path}?zone=a`, { context, base: folder.path });
    assertEquals(store.kind, `plugin-a-${DEPOT}`);
  }
});

Deno.test("a plugin of another contract is refused with both numbers", async () => {
  await using folder = await temporaryFolder();
  const cases = {
    "newer.js": [PLUGIN.replace(`contract = ${CONTRACT}`, "contract = 7"), "contract 7"],
    "none.js": ["export default () => {}", "written for no contract"],
    "empty.js": [`export const contract = ${CONTRACT}`, "makes no store"],
    "throws.js": [
      `export const contract = ${CONTRACT}; export default () => { throw new Error("no disk") }`,
      "no disk",
    ],
    "broken.js": ["export default (", "broken.js"],
  };
  for (const [name, [text, reason]] of Object.entries(cases)) {
    await Deno.writeTextFile(join(folder.path, name), text!);
    const opening = () => openStore(`./${name}`, { context, base: folder.path });
    const error = await assertRejects(opening, StoreRefused, join(folder.path, name));
    assertStringIncludes(error.message, reason!);
    if (name === "newer.js") assertStringIncludes(error.message, `has contract ${CONTRACT}`);
  }
  const missing = () => openStore("./missing.js", { context, base: folder.path });
  await assertRejects(missing, StoreRefused, "missing.js");
});

Deno.test("a refused spec leaves no store open", async () => {
  await using folder = await temporaryFolder();
  const options = { context, base: folder.path };
  await assertRejects(() => openStores(["fs:a", "./missing.js"], options), StoreRefused);
  await using store = await openStore("fs:a", options);
  assertEquals(store.kind, "fs");
});
