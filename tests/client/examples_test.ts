/** The library's documentation: whole, and its examples run as they stand. */
import { fileURLToPath, pathToFileURL } from "node:url";
import project from "../../deno.json" with { type: "json" };
import { assert, assertMatch } from "../assert.ts";
import { RunningServer, temporaryRoot } from "../server/running_server.ts";

const LIBRARY = fileURLToPath(new URL("../../lib/client/mod.ts", import.meta.url));
const REDIRECT = fileURLToPath(new URL("./example_depot.ts", import.meta.url));

async function deno(
  args: string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), {
    args,
    stdin: "null",
    ...options,
    env: { NO_COLOR: "1", ...options.env },
  });
  const { success, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  const said = text.decode(stdout) + text.decode(stderr);
  assert(success, said);
  return said;
}

/** As another program would have it; of what an example could import it does not use all. */
function configForExamples() {
  const { strict, noUncheckedIndexedAccess, exactOptionalPropertyTypes } = project.compilerOptions;
  return {
    nodeModulesDir: "none",
    lock: false,
    imports: { "@deposito/deposito/client": pathToFileURL(LIBRARY).href },
    compilerOptions: { strict, noUncheckedIndexedAccess, exactOptionalPropertyTypes },
  };
}

Deno.test("library: everything that it exports is documented, and names nothing that it does not", async () => {
  await deno(["doc", "--lint", LIBRARY]);
});

Deno.test("library: each example of its documentation runs, with a depot", async () => {
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path, { places: ["d1", "d2", "d3"] });
  await Deno.writeTextFile(`${root.path}/deno.json`, JSON.stringify(configForExamples()));
  await Deno.writeTextFile(`${root.path}/report.pdf`, "a report");
  const said = await deno([
    "test",
    "--doc",
    "--no-prompt",
    `--preload=${REDIRECT}`,
    "--allow-net=127.0.0.1",
    "--allow-env=EXAMPLE_DEPOT_PORT",
    `--allow-read=${root.path}`,
    `--allow-write=${root.path}`,
    LIBRARY.replace("mod.ts", ""),
  ], { cwd: root.path, env: { EXAMPLE_DEPOT_PORT: String(server.port) } });
  assertMatch(said, /ok \| [1-9][0-9]* passed \| 0 failed/);
});
