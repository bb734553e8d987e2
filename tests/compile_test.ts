/** The executable does what the README shows: made here, and run away from its sources. */
import { join } from "node:path";
import project from "../deno.json" with { type: "json" };
import {
  compile,
  compilerWords,
  jobsFor,
  permissionsOf,
  SYSTEMS,
  type Task,
  writeSums,
} from "../tools/compile.ts";
import { assert, assertEquals, assertStringIncludes } from "./assert.ts";
import { copyExample } from "./stores/plugin_bench.ts";
import { hasTmux, Terminal } from "./terminal/tmux.ts";

const TEXT = new TextDecoder();

const canCompile = await findRuntime();

/** `COMPILE_DENO` names a Deno that has its runtime in `DENORT_BIN`; else this one downloads its own. */
async function findRuntime(): Promise<boolean> {
  if (Deno.env.get("COMPILE_DENO")) return true;
  try {
    await fetch("https://dl.deno.land/", { method: "HEAD", signal: AbortSignal.timeout(5_000) });
    return true;
  } catch {
    // deno-lint-ignore no-console
    console.log("skipped: the runtime for `deno compile` cannot be downloaded here");
    return false;
  }
}

/** A fresh folder with the executable and what its user has; nothing else is there, and no PATH. */
class Alone implements AsyncDisposable {
  readonly folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "deposito-alone-" }));
  readonly program: string;
  #running: Deno.ChildProcess[] = [];
  #reading: Promise<void>[] = [];

  private constructor() {
    this.program = join(this.folder, Deno.build.os === "windows" ? "deposito.exe" : "deposito");
  }

  static async make(): Promise<Alone> {
    const alone = new Alone();
    const [job] = jobsFor(alone.folder);
    await compile(job!);
    await Deno.mkdir(alone.path("home"));
    return alone;
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  command(args: string[], options: Deno.CommandOptions = {}): Deno.Command {
    const home = this.path("home");
    return new Deno.Command(this.program, {
      args,
      cwd: this.folder,
      // Windows itself needs some of its variables.
      clearEnv: Deno.build.os !== "windows",
      env: { PATH: "", HOME: home, APPDATA: home },
      ...options,
    });
  }

  /** Starts what runs until it is stopped; resolves with the first match of what it prints. */
  async start(
    pattern: RegExp,
    args: string[],
  ): Promise<{ match: string; stop(): Promise<number> }> {
    const child = this.command(args, { stdout: "piped", stderr: "null" }).spawn();
    this.#running.push(child);
    const found = Promise.withResolvers<string>();
    // Read to its end: who loses its reader ends with 141.
    const reading = (async () => {
      let said = "";
      for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
        said += text;
        const match = pattern.exec(said)?.[1];
        if (match !== undefined) found.resolve(match);
      }
      found.reject(new Error(`It ended, and said: ${said}`));
    })();
    this.#reading.push(reading);
    return {
      match: await found.promise,
      stop: async () => {
        child.kill("SIGTERM");
        return (await child.status).code;
      },
    };
  }

  /** One command of a client; what it prints. */
  async client(address: string, words: string[], input = ""): Promise<string> {
    const command = this.command(["client", "--server", address, ...words], {
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    });
    const child = command.spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
    const { code, stdout, stderr } = await child.output();
    assertEquals(code, 0, `${words.join(" ")}: ${TEXT.decode(stderr)}`);
    return TEXT.decode(stdout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#running) {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await child.status;
    }
    await Promise.all(this.#reading);
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** Connects by the menu, and leaves it. The terminal is another's; the executable has no PATH on it. */
async function seeMenu(alone: Alone, address: string): Promise<void> {
  if (!hasTmux) return;
  const [host, port] = address.split(":");
  const env = { HOME: alone.path("home"), PATH: "" };
  const words = ["client", host, port].join(" ");
  await using terminal = await Terminal.run(`${alone.program} ${words}; echo left with $?`, {
    columns: 80,
    cwd: alone.folder,
    env,
  });
  await terminal.sees(/connected to .*Deposit a file/);
  await terminal.press("C-c");
  await terminal.sees(/left with/);
}

Deno.test({
  name: "the executable alone does what the README shows: server, client, holder, plugin",
  ignore: !canCompile,
  async fn() {
    await using alone = await Alone.make();
    const version = await alone.command(["--version"]).output();
    assertEquals(TEXT.decode(version.stdout), `deposito ${project.version}\n`);

    await copyExample(alone.folder);
    const plugin = `./folder_store.js?dir=${encodeURIComponent(alone.path("usb"))}&name=usb`;
    const stores = ["fs:./disk1,./disk2", plugin, "clients"].flatMap((spec) => ["--store", spec]);
    const quick = ["--reserve", "0", "--settle", "0s", "--data", "data"];
    const server = await alone.start(
      /listening on (\S+),/,
      ["server", "--port", "0", ...stores, ...quick],
    );
    const client = (...words: string[]) => alone.client(server.match, words);
    const holder = await alone.start(
      /"place":"([^"]+)"/,
      ["client", "--server", server.match, "--json", "hold", "./lent", "--reserve", "0"],
    );

    const places = await alone.command(["server", "places", "--data", "data", "--json"]).output();
    assertEquals(JSON.parse(TEXT.decode(places.stdout)).length, 4, TEXT.decode(places.stderr));
    await Deno.writeTextFile(alone.path("a.txt"), "carried by an executable");
    assertStringIncludes(await client("deposit", "a.txt", "--replicas", "4"), "4 of 4 on");
    const copies = JSON.parse(await client("status", "a.txt", "--json")).copies;
    assert(copies.some(({ place }: { place: string }) => place === holder.match));
    assertStringIncludes(await client("status", "a.txt"), "usb");
    assertStringIncludes(await client("list"), "a.txt");
    assertStringIncludes(await client("replicas", "a.txt", "2"), "2 of 2 on");
    await client("retrieve", "a.txt", "--output", "copy.txt");
    assertEquals(await Deno.readTextFile(alone.path("copy.txt")), "carried by an executable");

    await Deno.mkdir(alone.path("folder", "deep"), { recursive: true });
    await Deno.writeTextFile(alone.path("folder", "deep", "b.txt"), "b");
    await client("deposit", "folder");
    await client("retrieve", "folder/", "--output", "restored");
    const restored = alone.path("restored", "folder", "deep", "b.txt");
    assertEquals(await Deno.readTextFile(restored), "b");
    await alone.client(server.match, ["deposit", "-", "--name", "hello.txt"], "hello");
    assertEquals(await client("retrieve", "hello.txt", "--output", "-"), "hello");
    assertEquals((await client("id")).trim().length, 36);
    await seeMenu(alone, server.match);
    await client("remove", "a.txt", "hello.txt", "folder/", "--yes");
    assertEquals(JSON.parse(await client("list", "--json")), []);
    if (Deno.build.os === "windows") return;
    assertEquals([await holder.stop(), await server.stop()], [0, 0]);
  },
});

Deno.test("every system gets each program, with the permissions of its task and no more", () => {
  const systems = Object.keys(SYSTEMS) as (keyof typeof SYSTEMS)[];
  const jobs = systems.flatMap((system) => jobsFor("dist", system));
  assertEquals(new Set(jobs.map(({ output }) => output)).size, 15);
  for (const { output, args } of jobs) {
    const task = (/deposito-(server|client)/.exec(output)?.[1] ?? "deposito") as Task;
    const allowed = args.filter((arg) => arg.startsWith("--allow"));
    assertEquals(allowed, permissionsOf(task).filter((flag) => flag.startsWith("--allow")));
    assert(
      args.includes("--no-prompt") && !args.some((arg) => /^(-A|--allow-(all|run|ffi))/.test(arg)),
    );
  }
});

Deno.test("what keeps contents has the disk's workers with it, and a depot its own", () => {
  const included = jobsFor("dist").map(({ args }) =>
    args.filter((_, index) => args[index - 1] === "--include").sort()
  );
  const disk = ["lib/disk/small/worker.ts", "lib/disk/uncached/worker.ts"];
  const depot = ["lib/depot/catalog/worker.ts", "lib/depot/hashing/worker.ts", ...disk];
  assertEquals(included, [depot, depot, disk]);
  for (const path of depot) assert(Deno.statSync(new URL(`../${path}`, import.meta.url)).isFile);
});

Deno.test("a runtime that cannot be fetched is said in a sentence", () => {
  const url = "https://dl.deno.land/release/v2.9.6/denort-x86_64-unknown-linux-gnu.zip";
  const said = `error: Writing\n  1: error sending request for url (${url}): client error\nStack`;
  assertEquals(
    compilerWords(said),
    `its runtime is downloaded once, and ${url} cannot be reached from here; ` +
      "go online for the first time, or name a Deno that has it with COMPILE_DENO",
  );
  assertEquals(compilerWords("error: Module not found\n"), "error: Module not found");
});

Deno.test("checksums are lines as sha256sum reads them", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(join(folder, "b"), "hello");
  await Deno.writeTextFile(join(folder, "a"), "");
  await writeSums(folder, ["b", "a"]);
  assertEquals(
    await Deno.readTextFile(join(folder, "SHA256SUMS")),
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a\n" +
      "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824  b\n",
  );
  await Deno.remove(folder, { recursive: true });
});
