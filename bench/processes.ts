/** Programs that the bench starts: found, run to their end, or kept running and ended by their id. */

/** A program that does not end when it is asked to is killed after so long. Milliseconds. */
const STOP_MS = 5_000;
/** In which Linux counts a process's time. */
const TICKS_A_SECOND = 100;
/** One that is not ready after so long never will be. Milliseconds. */
const READY_MS = 20_000;

export interface RunOptions {
  env?: Record<string, string>;
  cwd?: string;
}

/** Where a program is, or `null`. Debian keeps some where only root looks. */
export async function find(program: string): Promise<string | null> {
  if (program.includes("/")) return program;
  const folders = (Deno.env.get("PATH") ?? "").split(":").concat("/usr/sbin", "/sbin");
  for (const folder of folders) {
    const path = `${folder}/${program}`;
    const info = await Deno.stat(path).catch(() => null);
    if (info?.isFile && ((info.mode ?? 0) & 0o111) !== 0) return path;
  }
  return null;
}

/** Which of `programs` are not installed. */
export async function missing(programs: readonly string[]): Promise<string[]> {
  const found = await Promise.all(programs.map(find));
  return programs.filter((_, index) => found[index] === null);
}

/** Runs a program to its end; resolves to its standard output. Throws what it complained of. */
export async function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { success, code, stdout, stderr } = await new Deno.Command(await pathOf(program), {
    args: [...args],
    stdin: "null",
    ...options,
  }).output();
  if (success) return new TextDecoder().decode(stdout);
  const words = new TextDecoder().decode(stderr).trim().slice(-500);
  throw new Error(`${program} ended with ${code}: ${words}`);
}

/** Resolves after so long. */
export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Resolves when all that was written before is on the disks, where a program can ask for that. */
export async function syncDisks(): Promise<void> {
  if (Deno.build.os !== "windows") await run("sync", []);
}

/** A program that runs until it is disposed. */
export class Daemon implements AsyncDisposable {
  #child: Deno.ChildProcess;
  #said = "";
  #reading: Promise<unknown>;
  #ended = false;

  private constructor(private readonly program: string, child: Deno.ChildProcess) {
    this.#child = child;
    this.#reading = Promise.all([child.stdout, child.stderr].map((stream) => this.#read(stream)));
    child.status.then(() => this.#ended = true);
  }

  /** Resolves when `ready` finds what it looks for in what the program said, or a port answers. */
  static async start(
    program: string,
    args: readonly string[],
    options: RunOptions & { ready: RegExp | { port: number } },
  ): Promise<Daemon> {
    const { ready, ...rest } = options;
    const child = new Deno.Command(await pathOf(program), {
      args: [...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      ...rest,
    }).spawn();
    const daemon = new Daemon(program, child);
    try {
      await daemon.#until(ready);
      return daemon;
    } catch (error) {
      await daemon[Symbol.asyncDispose]();
      throw error;
    }
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** What it said so far on both its outputs. */
  get said(): string {
    return this.#said;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const late = setTimeout(() => this.#signal("SIGKILL"), STOP_MS);
    this.#signal("SIGTERM");
    await this.#child.status;
    clearTimeout(late);
    await this.#reading;
  }

  #signal(signal: Deno.Signal): void {
    try {
      if (!this.#ended) this.#child.kill(signal);
    } catch {
      // It ended by itself just now.
    }
  }

  async #until(ready: RegExp | { port: number }): Promise<void> {
    const end = performance.now() + READY_MS;
    while (!(ready instanceof RegExp ? ready.test(this.#said) : await answers(ready.port))) {
      if (this.#ended) throw new Error(`${this.program} ended: ${this.#said.trim().slice(-500)}`);
      if (performance.now() > end) throw new Error(`${this.program} is not ready: ${this.#said}`);
      await delay(5);
    }
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) this.#said += text;
  }
}

/** A TCP port of loopback that is free now. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Bytes of memory that a process has of its own and shares, now. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await run("cat", [`/proc/${pid}/status`]);
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}

/** Seconds for which a process had a processor so far, in all its threads. */
export async function processorSeconds(pid: number): Promise<number> {
  const [user, system] = (await run("cat", [`/proc/${pid}/stat`])).split(") ")[1]!
    .split(" ").slice(11, 13).map(Number) as [number, number];
  return (user + system) / TICKS_A_SECOND;
}

async function pathOf(program: string): Promise<string> {
  const path = await find(program);
  if (path === null) throw new Error(`${program} is not installed`);
  return path;
}

async function answers(port: number): Promise<boolean> {
  try {
    using _conn = await Deno.connect({ hostname: "127.0.0.1", port });
    return true;
  } catch {
    return false;
  }
}
