import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openStore } from "../../stores/mod.ts";
import { DEPOT, temporaryFolder } from "../disk/bench.ts";
import { testStore } from "./contract.ts";

const EXAMPLES = fileURLToPath(new URL("../../examples/", import.meta.url));
const EXAMPLE_FILES = ["folder_store.js", "folder_files.js"];
const context = { depot: DEPOT, known: () => undefined, warn: () => {} };

/** The example stands alone: away from the project, as an author's own store does. */
async function copyExample(folder: string): Promise<void> {
  for (const name of EXAMPLE_FILES) await Deno.copyFile(join(EXAMPLES, name), join(folder, name));
}

testStore("the example plugin", async () => {
  const folder = await temporaryFolder();
  await copyExample(folder.path);
  const dir = join(folder.path, "disk");
  const open = () =>
    openStore(`./folder_store.js?dir=${encodeURIComponent(dir)}&name=usb&zone=desk`, {
      context,
      base: folder.path,
    });
  return {
    store: await open(),
    reopen: open,
    close: async () => await folder[Symbol.asyncDispose](),
    rot: async (place, digest) => {
      const path = join(place.address, "contents", digest.slice(0, 2), digest);
      using file = await Deno.open(path, { write: true });
      await file.write(new Uint8Array([0xff, 0xfe]));
    },
  };
});
