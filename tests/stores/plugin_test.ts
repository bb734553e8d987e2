/** The example store: the contract, and the real server with it over the wire. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import project from "../../deno.json" with { type: "json" };
import { openStore } from "../../stores/mod.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { DEPOT, temporaryFolder } from "../disk/bench.ts";
import { testStore } from "./contract.ts";
import { copyExample, PluginFolder } from "./plugin_bench.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const TEXT = new TextDecoder();

testStore("the example plugin", async () => {
  const folder = await temporaryFolder();
  await copyExample(folder.path);
  const dir = encodeURIComponent(join(folder.path, "disk"));
  const context = { depot: DEPOT, known: () => undefined, warn: () => {} };
  const open = () => openStore(`./folder_store.js?dir=${dir}`, { context, base: folder.path });
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

Deno.test("the server keeps files on a plugin's places, also over a restart", async () => {
  await using folder = await PluginFolder.make();
  const stores = ["a", "b"].flatMap(() => ["--store", folder.spec("folder_store.js")]);
  await Deno.writeTextFile(join(folder.path, "a.txt"), "kept by a plugin");
  let id = "";
  {
    await using server = await startServer(folder.path, stores);
    const words = ["deposit", "a.txt", "--replicas", "2"];
    assertStringIncludes(await client(folder.path, server.address, words), "2 of 2 on");
    id = (await client(folder.path, server.address, ["id"])).trim();
  }
  await using server = await startServer(folder.path, stores);
  // On another port: the remembered identifier is not told to an address that is new.
  const words = ["retrieve", "a.txt", "--output", "-", "--id", id];
  assertEquals(await client(folder.path, server.address, words), "kept by a plugin");
});

Deno.test("a plugin that the server cannot use ends its start with one line", async () => {
  await using folder = await PluginFolder.make();
  const cases = {
    [await folder.write("export const contract = 7; export default good;")]:
      "it is written for contract 7, and this program has contract 1",
    [await folder.writeChangedPlace("delete place.hash;")]: "lacks hash",
    "missing.js": "missing.js",
  };
  for (const [module, reason] of Object.entries(cases)) {
    const server = command(folder.path, "server", serverWords(["--store", folder.spec(module)]));
    const { code, stderr } = await server.output();
    const lines = TEXT.decode(stderr).trimEnd().split("\n");
    assertEquals([code, lines.length], [1, 1], lines.join("\n"));
    assertStringIncludes(lines[0]!, reason);
    assertStringIncludes(lines[0]!, join(folder.path, module));
  }
});

/** A task of the project, with its permissions, as a process in `folder`. */
function command(folder: string, task: "server" | "client", words: string[]): Deno.Command {
  const flags = project.tasks[task].command.split(" ").slice(1, -1);
  return new Deno.Command(Deno.execPath(), {
    args: [...flags, "--config", join(ROOT, "deno.json"), join(ROOT, `${task}.ts`), ...words],
    cwd: folder,
    env: { XDG_CONFIG_HOME: folder, APPDATA: folder },
    stdout: "piped",
    stderr: "piped",
  });
}

function serverWords(stores: string[]): string[] {
  return ["--port", "0", "--data", "data", "--reserve", "0", ...stores];
}

async function client(folder: string, address: string, words: string[]): Promise<string> {
  const process = command(folder, "client", ["--server", address, ...words]);
  const { code, stdout, stderr } = await process.output();
  assertEquals(code, 0, TEXT.decode(stderr));
  return TEXT.decode(stdout);
}

/** Resolves once it listens. Disposed, it is told to stop, and must have stopped in order. */
async function startServer(
  folder: string,
  stores: string[],
): Promise<AsyncDisposable & { address: string }> {
  const process = command(folder, "server", serverWords(stores)).spawn();
  const log = new Response(process.stderr).text();
  const reader = process.stdout.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  const address = TEXT.decode(value).match(/listening on (\S+),/)?.[1];
  assert(address !== undefined, address ?? await log);
  return {
    address,
    async [Symbol.asyncDispose]() {
      process.kill("SIGTERM");
      await process.status;
      await log;
    },
  };
}
