/**
 * `deno task demo`: a depot with three directories loses a copy and has another one damaged, gives
 * the file back whole, and mends itself. Everything happens in a temporary folder with the real
 * server and the real client, and is removed at the end.
 */
import { createHash, randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const PERMISSIONS = [
  "--no-prompt",
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-sys=hostname,statfs",
];
const DISKS = ["disk1", "disk2", "disk3"];
const NAME = "holiday.raw";
const FILE_BYTES = 8 * 1024 * 1024;
/** The repair is given up on after this. Milliseconds. */
const REPAIR_MS = 15_000;

const decoder = new TextDecoder();
const print = (text = "") => Deno.stdout.writeSync(new TextEncoder().encode(text + "\n"));

function deposito(folder: string, words: string[], server: string): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", ...PERMISSIONS, MAIN, ...words],
    cwd: folder,
    env: { INIT_CWD: folder, XDG_CONFIG_HOME: join(folder, "settings"), DEPOSITO_SERVER: server },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs a client's command, shows it with what it says, and resolves to its standard output. */
async function client(folder: string, server: string, words: string[]): Promise<string> {
  print(`  $ deposito client ${words.join(" ")}`);
  const { success, stdout, stderr } = await deposito(folder, ["client", ...words], server).output();
  const said = decoder.decode(stdout);
  print(indent(said) + indent(decoder.decode(stderr)));
  if (!success) throw new Error(`deposito client ${words[0]} failed`);
  return said;
}

function indent(text: string): string {
  return text.split("\n").filter((line) => line !== "").map((line) => `  ${line}\n`).join("");
}

/** Starts the depot and resolves once it says where it listens. */
async function startServer(folder: string): Promise<{ child: Deno.ChildProcess; server: string }> {
  const words = ["server", "--port", "0", "--data", "depot", "--store", `fs:${DISKS.join(",")}`];
  words.push("--reserve", "0");
  print(`  $ deposito ${words.join(" ")}`);
  const child = deposito(folder, words, "").spawn();
  let said = "";
  const reader = child.stdout.getReader();
  while (!said.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) {
      throw new Error("The depot did not start:\n" + await new Response(child.stderr).text());
    }
    said += decoder.decode(value);
  }
  reader.releaseLock();
  print(indent(said));
  return { child, server: said.match(/listening on (\S+),/)![1]! };
}

/** Where each disk keeps the content, or would. */
async function copies(folder: string, digest: string): Promise<string[]> {
  return await Promise.all(DISKS.map(async (disk) => {
    const root = join(folder, disk, "deposito");
    for await (const depot of Deno.readDir(root)) {
      return join(root, depot.name, "contents", digest.slice(0, 2), digest);
    }
    throw new Error(`Nothing is kept on ${disk}`);
  }));
}

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function isWhole(path: string, digest: string): Promise<boolean> {
  try {
    return digestOf(await Deno.readFile(path)) === digest;
  } catch {
    return false;
  }
}

async function flipByte(path: string): Promise<void> {
  using file = await Deno.open(path, { read: true, write: true });
  const byte = new Uint8Array(1);
  await file.seek(FILE_BYTES / 2, Deno.SeekMode.Start);
  await file.read(byte);
  byte[0]! ^= 0xff;
  await file.seek(FILE_BYTES / 2, Deno.SeekMode.Start);
  await file.write(byte);
}

async function untilWhole(paths: string[], digest: string): Promise<number> {
  const begun = performance.now();
  while (performance.now() - begun < REPAIR_MS) {
    const whole = await Promise.all(paths.map((path) => isWhole(path, digest)));
    if (whole.every(Boolean)) return performance.now() - begun;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("The depot did not mend the copies in time");
}

async function demo(folder: string, bytes: Uint8Array): Promise<void> {
  const digest = digestOf(bytes);
  await Deno.writeFile(join(folder, NAME), bytes);

  print("1. A depot with three directories. Think of them as three disks.\n");
  const { child, server } = await startServer(folder);
  try {
    print("2. You deposit a file and want three copies of it.\n");
    await client(folder, server, ["deposit", NAME, "--replicas", "3"]);
    const paths = await copies(folder, digest);

    print("3. Things go wrong: one byte rots on disk1, and disk2 loses its copy altogether.\n");
    await flipByte(paths[0]!);
    await Deno.remove(paths[1]!);
    print(`  disk1: ${await isWhole(paths[0]!, digest) ? "whole" : "damaged"}`);
    print(`  disk2: ${await isWhole(paths[1]!, digest) ? "whole" : "gone"}\n`);

    print("4. You want the file back. Each piece is checked on its way; bad ones are not used.\n");
    await client(folder, server, ["retrieve", NAME, "--output", "back.raw"]);
    const same = await isWhole(join(folder, "back.raw"), digest);
    print(`  identical to what you deposited: ${same ? "yes" : "NO"}\n`);
    if (!same) throw new Error("The file came back different");

    print("5. Meanwhile the depot noticed, and makes the copies anew. Nobody asked it to.\n");
    const ms = await untilWhole(paths, digest);
    print(`  three whole copies again after ${(ms / 1000).toFixed(1)} s\n`);
    await client(folder, server, ["status", NAME]);
  } finally {
    child.kill("SIGTERM");
    await child.status;
    await child.stdout.cancel();
    await child.stderr.cancel();
  }
}

const folder = await Deno.makeTempDir({ prefix: "deposito-demo-" });
try {
  await demo(folder, randomBytes(FILE_BYTES));
  print("That is all. Everything that this demo made is removed again.");
} finally {
  await Deno.remove(folder, { recursive: true });
}
