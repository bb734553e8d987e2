/** This program as its user runs it: a process with the permissions of its task. */
import { fileURLToPath } from "node:url";
import project from "../../deno.json" with { type: "json" };

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface ProgramOptions {
  /** Where it remembers who it is. */
  home: string;
  /** A command that runs it, such as `ip netns exec NAME`. */
  within?: string[];
}

type Task = "server" | "client";

/** The program, whose output can be read; `stdin` is empty unless it is to be written. */
export function program(
  task: Task,
  args: string[],
  { home, within = [], stdin = "null" }: ProgramOptions & { stdin?: "piped" | "null" },
): Deno.Command {
  const words = project.tasks[task].command.split(" ").slice(1);
  const [command, ...before] = [...within, Deno.execPath()];
  return new Deno.Command(command!, {
    args: [...before, ...words, ...args],
    cwd: ROOT,
    env: { XDG_CONFIG_HOME: home, APPDATA: home, NO_COLOR: "1" },
    stdin,
    stdout: "piped",
    stderr: "piped",
  });
}

/** A process of this program, and the lines that it writes. Disposing it kills it. */
export class Program implements AsyncDisposable {
  readonly lines: string[] = [];
  #child: Deno.ChildProcess;
  #reading: Promise<unknown>;
  #heard = Promise.withResolvers<void>();
  #over = false;

  constructor(task: Task, args: string[], options: ProgramOptions) {
    this.#child = program(task, args, options).spawn();
    this.#reading = Promise.all([this.#read(this.#child.stdout), this.#read(this.#child.stderr)])
      .then(() => {
        this.#over = true;
        this.#heard.resolve();
      });
  }

  /** The first line with `text`, or the `nth`, now or later. Throws when it ends without. */
  async line(text: string, nth = 1): Promise<string> {
    while (true) {
      const found = this.lines.filter((line) => line.includes(text))[nth - 1];
      if (found) return found;
      if (this.#over) throw new Error(`It ended without "${text}":\n${this.lines.join("\n")}`);
      await this.#heard.promise;
    }
  }

  send(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  async end(signal: Deno.Signal): Promise<number> {
    this.send(signal);
    return await this.status();
  }

  async status(): Promise<number> {
    const { code } = await this.#child.status;
    await this.#reading;
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.status();
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + text).split("\n");
      rest = parts.pop()!;
      this.lines.push(...parts);
      this.#heard.resolve();
      this.#heard = Promise.withResolvers();
    }
  }
}
