/**
 * `deno task test-store './my_store.js?dir={new}'`: the contract suite against any `--store`. `{new}`
 * stands for a folder that does not exist yet, another one for each test. Not run by `deno task test`.
 */
import { join } from "node:path";
import { userPath } from "../../lib/terminal/user_path.ts";
import { openStore } from "../../stores/mod.ts";
import { DEPOT, temporaryFolder } from "../disk/bench.ts";
import { testStore } from "./contract.ts";

const [spec, ...others] = Deno.args;
if (spec === undefined || others.length > 0) {
  throw new Error("Expected one store, such as './my_store.js?dir={new}', in quotes");
}
const isPlugin = spec.includes("?");

testStore(spec, async () => {
  const folder = await temporaryFolder();
  const fresh = join(folder.path, "new");
  const own = spec.replaceAll("{new}", () => isPlugin ? encodeURIComponent(fresh) : fresh);
  const context = { depot: DEPOT, known: () => undefined, warn: reportError };
  const open = () => openStore(own, { context, base: userPath(".") });
  return {
    store: await open(),
    reopen: open,
    close: async () => await folder[Symbol.asyncDispose](),
  };
});

/** A store that has something to warn of in a test is wrong. */
function reportError(message: string): void {
  throw new Error(`The store warned: ${message}`);
}
