/** What the scenes of the demo are played with: the real program, in a folder of its own. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));
const PERMISSIONS = [
  "--no-prompt",
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-sys=hostname,statfs",
];
/** What is waited for is given up on after this. Milliseconds. */
const LONG_MS = 15_000;
const LOOK_EVERY_MS = 50;
/** A line of a command that is shown. */
const COLUMNS = 76;

const decoder = new TextDecoder();

export function print(text = ""): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text + "\n"));
}

/** Says the next thing that happens. */
export function announce(...lines: string[]): void {
  print(lines.join("\n   ") + "\n");
}

/** A depot, its client, and whoever lends to it. Disposing it ends them. */
export class Stage implements AsyncDisposable {
  #address = "";
  #running = new Set<Deno.ChildProcess>();

  constructor(readonly folder: string) {}

  /** Starts the depot, and resolves once it listens. */
  async server(...words: string[]): Promise<void> {
    const { said } = await this.#start(["server", ...words], "stdout", "listening");
    print(indent(said));
    this.#address = said.match(/listening on (\S+),/)![1]!;
  }

  /** Lends a directory of that name, as a machine of that name; resolves once the depot knows. */
  async hold(name: string): Promise<Deno.ChildProcess> {
    const words = ["client", "hold", name, "--name", name, "--zone", name, "--reserve", "0"];
    return (await this.#start(words, "stderr", "lending")).child;
  }

  /** Runs a client's command, and shows it with what it says. */
  async client(...words: string[]): Promise<void> {
    show(["client", ...words]);
    const { success, stdout, stderr } = await this.#deposito(["client", ...words]).output();
    print(indent(decoder.decode(stdout)) + indent(decoder.decode(stderr)));
    if (!success) throw new Error(`deposito client ${words[0]} failed`);
  }

  /** As a machine ends that loses its power. */
  async kill(child: Deno.ChildProcess, signal: Deno.Signal = "SIGKILL"): Promise<void> {
    this.#running.delete(child);
    child.kill(signal);
    await child.status;
    await Promise.all([child.stdout.cancel(), child.stderr.cancel()]);
  }

  /** Retrieves a file and compares it with what was deposited. */
  async retrieve(name: string, digest: string): Promise<void> {
    await this.client("retrieve", name, "--output", "back.raw", "--force");
    const same = await isWhole(join(this.folder, "back.raw"), digest);
    print(`  identical to what you deposited: ${same ? "yes" : "NO"}\n`);
    if (!same) throw new Error("The file came back different");
  }

  /** Where a directory keeps a content, or would. */
  async pathOf(directory: string, digest: string): Promise<string> {
    const root = join(this.folder, directory, "deposito");
    for await (const depot of Deno.readDir(root)) {
      return join(root, depot.name, "contents", digest.slice(0, 2), digest);
    }
    throw new Error(`Nothing is kept in ${directory}`);
  }

  /** Which of the directories have a whole copy. */
  async having(directories: string[], digest: string): Promise<string[]> {
    const whole = await Promise.all(
      directories.map(async (name) => isWhole(await this.pathOf(name, digest), digest)),
    );
    return directories.filter((_, index) => whole[index]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of [...this.#running].reverse()) await this.kill(child, "SIGTERM");
  }

  async #start(words: string[], stream: "stdout" | "stderr", until: string) {
    show(words);
    const child = this.#deposito(words).spawn();
    this.#running.add(child);
    const reader = child[stream].getReader();
    let said = "";
    while (!new RegExp(`${until}.*\n`).test(said)) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`deposito ${words[0]} ended: ${said}`);
      said += decoder.decode(value);
    }
    reader.releaseLock();
    return { child, said };
  }

  #deposito(words: string[]): Deno.Command {
    const { folder } = this;
    return new Deno.Command(Deno.execPath(), {
      args: ["run", ...PERMISSIONS, MAIN, ...words],
      cwd: folder,
      env: {
        INIT_CWD: folder,
        XDG_CONFIG_HOME: join(folder, "settings"),
        DEPOSITO_SERVER: this.#address,
      },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
  }
}

export function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

export async function isWhole(path: string, digest: string): Promise<boolean> {
  try {
    return digestOf(await Deno.readFile(path)) === digest;
  } catch {
    return false;
  }
}

/** Waits for something to come true; resolves to how many seconds it took, as text. */
export async function secondsUntil(what: string, isTrue: () => Promise<boolean>): Promise<string> {
  const begun = performance.now();
  while (!await isTrue()) {
    if (performance.now() - begun > LONG_MS) throw new Error(`It did not come true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  return `${((performance.now() - begun) / 1_000).toFixed(1)} s`;
}

function show(words: string[]): void {
  let line = "  $ deposito";
  for (const word of words) {
    if (line.length + word.length >= COLUMNS) {
      print(line + " \\");
      line = "     ";
    }
    line += ` ${word}`;
  }
  print(line);
}

function indent(text: string): string {
  return text.split("\n").filter((line) => line !== "").map((line) => `  ${line}\n`).join("");
}
