/** What a running process asks of the kernel, seen with strace. */

/** A system call of a trace. `begun` and `ended`: lines of the trace, so that order can be told. */
export interface Call {
  name: string;
  /** Its arguments, with the paths of file descriptors. */
  text: string;
  begun: number;
  ended: number;
}

/** After so long without a call no more are expected. Milliseconds. */
const QUIET_MS = 500;
const LOOK_EVERY_MS = 20;

/** How strace writes a call, where it is cut in two, and the second half. */
const CALL = /^\[pid +(\d+)\] (\w+)\((.*?)(?:\) += (.*)| <unfinished \.\.\.>)?$/;
const RESUMED = /^\[pid +(\d+)\] <\.\.\. (\w+) resumed>(.*)$/;
/** What it says of a thread that is new, in the middle of whatever line it is at. */
const ATTACHED = /[^\s<>()"]*strace: Process \d+ attached\n/g;

/** Why nothing can be traced here, or `null`. */
export async function whyNoStrace(): Promise<string | null> {
  if (Deno.build.os !== "linux") return "strace is Linux's";
  const child = new Deno.Command("sleep", { args: ["60"], stdin: "null" }).spawn();
  try {
    await using _trace = await Trace.attach(child.pid, ["fsync"]);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    child.kill("SIGKILL");
    await child.status;
  }
}

/** A trace of a process that is running already, and of all its threads. */
export class Trace implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  readonly #attached = Promise.withResolvers<void>();
  #text = "";
  #seen = 0;
  #onCall: (count: number) => void = () => {};

  private constructor(pid: number, calls: string[], options: string[]) {
    const trace = ["-e", `trace=${calls.map((name) => "?" + name).join(",")}`];
    this.#child = new Deno.Command("strace", {
      args: ["-f", "-y", "-s", "32", "-e", "signal=none", ...trace, ...options, "-p", `${pid}`],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#reading = this.#read();
  }

  /** Resolves when every call from now on is seen. Each is held up for `delayMs` before it is done. */
  static async attach(
    pid: number,
    calls: string[],
    { delayMs = 0 }: { delayMs?: number } = {},
  ): Promise<Trace> {
    const names = calls.map((name) => "?" + name).join(",");
    const delay = delayMs > 0 ? ["-e", `inject=${names}:delay_enter=${delayMs * 1_000}`] : [];
    const trace = new Trace(pid, calls, delay);
    await trace.#attached.promise;
    return trace;
  }

  /** Resolves when `count` calls have begun. */
  begun(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#onCall = (seen) => seen >= count && resolve();
      this.#onCall(this.#seen);
    });
  }

  /** Resolves when no call began for a while, or `stop` says so. */
  async quiet(stop: () => boolean): Promise<void> {
    let [seen, since] = [this.#seen, performance.now()];
    while (performance.now() - since < QUIET_MS && !stop()) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      if (seen !== this.#seen) [seen, since] = [this.#seen, performance.now()];
    }
  }

  /** Lets go of the process; resolves to its calls, in the order in which they began. */
  async calls(): Promise<Call[]> {
    await this[Symbol.asyncDispose]();
    return parse(this.#text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGINT");
    } catch {
      // It ends with what it traces.
    }
    await this.#child.status;
    await this.#reading;
  }

  async #read(): Promise<void> {
    for await (const text of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      this.#text += text;
      if (/ attached/.test(this.#text)) this.#attached.resolve();
      // Said as the call begins, and again only when it was cut in two.
      this.#seen += text.match(/(?:^|\n)\[pid +\d+\] \w+\(/g)?.length ?? 0;
      this.#onCall(this.#seen);
    }
    this.#attached.reject(new Error(`strace did not attach: ${this.#text.trim()}`));
  }
}

function parse(text: string): Call[] {
  const calls: Call[] = [];
  const open = new Map<string, Call>();
  for (const [at, line] of text.replaceAll(ATTACHED, "").split("\n").entries()) {
    const begun = CALL.exec(line);
    if (begun) {
      const [, pid = "", name = "", args = "", result] = begun;
      const call = { name, text: args, begun: at, ended: result === undefined ? Infinity : at };
      if (result === undefined) open.set(pid, call);
      calls.push(call);
      continue;
    }
    const [, pid = "", name, rest] = RESUMED.exec(line) ?? [];
    const call = open.get(pid);
    if (call?.name !== name || rest === undefined) continue;
    call!.ended = at;
    call!.text += rest;
  }
  return calls;
}
