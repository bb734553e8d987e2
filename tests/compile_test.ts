/** The compiled executable works like the program: made here, and run away from its sources. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import project from "../deno.json" with { type: "json" };
import { assert, assertEquals, assertStringIncludes } from "./assert.ts";
import { copyExample } from "./stores/plugin_bench.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const TEXT = new TextDecoder();

/** A runtime that may be compiled into the executable; `null`: none can be had. */
const compiler = await findCompiler();

/** `COMPILE_DENO` names one that has its runtime in `DENORT_BIN`; else this one downloads its own. */
async function findCompiler(): Promise<string | null> {
  const named = Deno.env.get("COMPILE_DENO");
  if (named) return named;
  try {
    await fetch("https://dl.deno.land/", { method: "HEAD", signal: AbortSignal.timeout(5_000) });
    return Deno.execPath();
  } catch {
    // deno-lint-ignore no-console
    console.log("skipped: the runtime for `deno compile` cannot be downloaded here");
    return null;
  }
}

async function compile(deno: string): Promise<string> {
  const [, ...flags] = project.tasks.compile.command.split(" ").slice(1);
  const target = join(await Deno.makeTempDir(), "deposito");
  const args = flags.map((flag) => flag === "dist/deposito" ? target : flag);
  const { success, stderr } = await new Deno.Command(deno, {
    args: ["compile", "--quiet", ...args],
    cwd: ROOT,
    stdout: "null",
  }).output();
  assert(success, TEXT.decode(stderr));
  return Deno.build.os === "windows" ? target + ".exe" : target;
}

Deno.test({
  name: "the executable runs as a server and as a client, away from its sources",
  ignore: compiler === null,
  async fn() {
    const program = await compile(compiler!);
    const home = join(program, "..");
    const settings = join(home, "settings");
    const env = { HOME: home, XDG_CONFIG_HOME: settings, APPDATA: settings };
    const run = (args: string[]) =>
      new Deno.Command(program, { args, cwd: home, env, clearEnv: Deno.build.os !== "windows" });
    const version = await run(["--version"]).output();
    assertEquals(TEXT.decode(version.stdout), `deposito ${project.version}\n`);

    await copyExample(home);
    const plugin = `./folder_store.js?dir=${encodeURIComponent(join(home, "three"))}&name=three`;
    const stores = ["--store", "fs:one,two", "--store", plugin, "--reserve", "0"];
    const server = new Deno.Command(program, {
      args: ["server", "--port", "0", "--data", "data", ...stores],
      cwd: home,
      stdout: "piped",
      stderr: "null",
    }).spawn();
    try {
      const reader = server.stdout.getReader();
      const { value } = await reader.read();
      await reader.cancel();
      const address = TEXT.decode(value).match(/listening on (\S+),/)![1]!;
      const client = async (...words: string[]) => {
        const { code, stdout, stderr } = await run(["client", "--server", address, ...words])
          .output();
        assertEquals(code, 0, TEXT.decode(stderr));
        return TEXT.decode(stdout);
      };
      await Deno.writeTextFile(join(home, "a.txt"), "carried by an executable");
      assertStringIncludes(await client("deposit", "a.txt", "--replicas", "3"), "3 of 3 replicas");
      assertStringIncludes(await client("status", "a.txt"), "three");
      assertEquals(await client("retrieve", "a.txt", "--output", "-"), "carried by an executable");
    } finally {
      server.kill("SIGTERM");
      await server.status;
      await Deno.remove(home, { recursive: true });
    }
  },
});
