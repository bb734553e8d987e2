import { openCatalog } from "../../../lib/depot/catalog/open.ts";
import { assert, assertEquals } from "../../assert.ts";
import { OWNER, temporaryDirectory } from "./temporary_catalog.ts";

const CHILD = new URL("./committing_child.ts", import.meta.url);
const ENOUGH = 150;

Deno.test("what was acknowledged is there after kill -9", async () => {
  await using directory = temporaryDirectory();
  const path = `${directory.path}/catalog.db`;
  const acknowledged = await acknowledgedBeforeKill(path, directory.path);
  assert(acknowledged.length >= ENOUGH);
  assert(Deno.statSync(`${path}-wal`).size > 0, "the process had no time to tidy up");

  await using catalog = await openCatalog(path);
  const { files } = await catalog.listFiles({ owner: OWNER, prefix: "", after: "", limit: 1e6 });
  const names = new Set(files.map((file) => file.name));
  assertEquals(acknowledged.filter((name) => !names.has(name)), []);
  for (const file of files) assertEquals(file.places, ["p1", "p2"]);
});

/** The names that a process had been told were committed when it was killed. */
async function acknowledgedBeforeKill(path: string, directory: string): Promise<string[]> {
  const args = ["run", "--no-prompt", "--allow-read", `--allow-write=${directory}`];
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args, CHILD.href, path],
    stdout: "piped",
  }).spawn();
  let text = "";
  let killed = false;
  for await (const piece of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += piece;
    if (killed || text.split("\n").length <= ENOUGH) continue;
    child.kill("SIGKILL");
    killed = true;
  }
  await child.status;
  return text.split("\n").slice(0, -1);
}
