/**
 * `deno task compile`: the three executables for this machine, in dist/. `deno task compile:all`:
 * for every system, each with the system in its name, and SHA256SUMS of all.
 *
 * The first executable of a system downloads that system's runtime from Deno's own site.
 * `COMPILE_DENO` names another Deno to compile with.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import project from "../deno.json" with { type: "json" };

const ROOT: string = fileURLToPath(new URL("..", import.meta.url));

/** What releases call a system, and what Deno calls it. */
export const SYSTEMS = {
  "linux-x64": "x86_64-unknown-linux-gnu",
  "linux-arm64": "aarch64-unknown-linux-gnu",
  "macos-x64": "x86_64-apple-darwin",
  "macos-arm64": "aarch64-apple-darwin",
  "windows-x64": "x86_64-pc-windows-msvc",
} as const;

export type System = keyof typeof SYSTEMS;

/** Workers are started by their addresses, which no import tells the compiler of. */
const DISK = ["small", "uncached"].flatMap((of) => ["--include", `lib/disk/${of}/worker.ts`]);
const DEPOT = ["catalog", "hashing"].flatMap((of) => ["--include", `lib/depot/${of}/worker.ts`]);

/** `task`: whose permissions it has. */
const PROGRAMS = [
  { name: "deposito", task: "deposito", module: "main.ts", more: [...DEPOT, ...DISK] },
  { name: "deposito-server", task: "server", module: "server.ts", more: [...DEPOT, ...DISK] },
  { name: "deposito-client", task: "client", module: "client.ts", more: DISK },
] as const;

export type Task = (typeof PROGRAMS)[number]["task"];

/** One run of the compiler. */
export interface Job {
  output: string;
  args: string[];
}

/** What to compile into `folder`: for one system, or for this machine without. */
export function jobsFor(folder: string, system: System | null = null): Job[] {
  const isWindows = system ? system.startsWith("windows") : Deno.build.os === "windows";
  const suffix = (system ? `-${system}` : "") + (isWindows ? ".exe" : "");
  const target = system ? ["--target", SYSTEMS[system]] : [];
  return PROGRAMS.map(({ name, module, task, more }) => {
    const output = join(folder, name + suffix);
    const flags = [...permissionsOf(task), ...target, ...more];
    return { output, args: ["compile", "--quiet", ...flags, "--output", output, module] };
  });
}

/**
 * The flags of `deno task server` and the like: the one place that names them. Beside permissions,
 * V8's young generation: 5,000 idle clients would let the server's grow by 25 MB for nothing, and a
 * client's command is over before its own has grown to what it needs.
 */
export function permissionsOf(task: Task): string[] {
  const [deno, run, ...flags] = project.tasks[task].command.split(" ");
  const module = flags.pop();
  if (deno !== "deno" || run !== "run" || !PROGRAMS.some((program) => program.module === module)) {
    throw new Error(`The task ${task} in deno.json is now: ${project.tasks[task].command}`);
  }
  return flags;
}

/** What Deno says when it cannot fetch the runtime that goes into an executable. */
const NO_RUNTIME = /error sending request for url \((\S+\/denort-\S+)\)/;

/** Runs the compiler. Throws when it fails. */
export async function compile({ output, args }: Job): Promise<void> {
  const deno = Deno.env.get("COMPILE_DENO") || Deno.execPath();
  const command = new Deno.Command(deno, {
    args,
    cwd: ROOT,
    stdin: "null",
    stdout: "inherit",
    stderr: "piped",
  });
  const { success, stderr } = await command.output();
  const said = new TextDecoder().decode(stderr);
  if (!success) throw new Error(`Could not compile ${output}: ${compilerWords(said)}`);
  await Deno.stderr.write(stderr);
}

/** Why the compiler failed, from what it said. */
export function compilerWords(said: string): string {
  const runtime = NO_RUNTIME.exec(said)?.[1];
  if (runtime === undefined) return said.trim();
  return `its runtime is downloaded once, and ${runtime} cannot be reached from here; ` +
    "go online for the first time, or name a Deno that has it with COMPILE_DENO";
}

/** Lines as `sha256sum --check` reads them. Writes them to SHA256SUMS in `folder`. */
export async function writeSums(folder: string, names: string[]): Promise<void> {
  const lines: string[] = [];
  for (const name of names.toSorted()) {
    const hash = createHash("sha256");
    using file = await Deno.open(join(folder, name));
    const buffer = new Uint8Array(1024 * 1024);
    for (let count; (count = await file.read(buffer)) !== null;) {
      hash.update(buffer.subarray(0, count));
    }
    lines.push(`${hash.digest("hex")}  ${name}\n`);
  }
  await Deno.writeTextFile(join(folder, "SHA256SUMS"), lines.join(""));
}

/** Makes all executables that were asked for. */
async function main(): Promise<void> {
  const folder = join(ROOT, "dist");
  const systems = Deno.args.includes("--all") ? Object.keys(SYSTEMS) as System[] : [null];
  const jobs = systems.flatMap((system) => jobsFor(folder, system));
  for (const job of jobs) {
    await compile(job);
    await Deno.stdout.write(new TextEncoder().encode(`${job.output}\n`));
  }
  await writeSums(folder, jobs.map(({ output }) => output.slice(folder.length + 1)));
}

if (import.meta.main) {
  await main().catch((error: Error) => {
    // deno-lint-ignore no-console
    console.error(error.message);
    Deno.exit(1);
  });
}
