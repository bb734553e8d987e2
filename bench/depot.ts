/** The depot as its users start it: a server, clients and holders, each a process of its own. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import project from "../deno.json" with { type: "json" };
import type { Ground } from "./ground.ts";
import { Daemon, run } from "./processes.ts";

const FOLDER = fileURLToPath(new URL("..", import.meta.url));

type Part = keyof typeof project.tasks & ("server" | "client");

export interface DepotOptions {
  /** Where it keeps everything, as an earlier one left it; a new folder when not given. */
  home?: string;
  /** Directories of the server's own. */
  directories?: number;
  /** Machines that lend a directory each, all of them this one. */
  holders?: number;
}

/** A running depot. Disposing it ends all of its processes. */
export class RunningDepot implements AsyncDisposable {
  #stack: AsyncDisposableStack;

  private constructor(
    readonly ground: Ground,
    readonly server: Daemon,
    readonly port: number,
    stack: AsyncDisposableStack,
    private readonly settings: string,
  ) {
    this.#stack = stack;
  }

  static async start(ground: Ground, options: DepotOptions = {}): Promise<RunningDepot> {
    const { directories = options.holders ? 0 : 1, holders = 0 } = options;
    const home = options.home ?? await ground.folder("depot");
    await using stack = new AsyncDisposableStack();
    const stores = Array.from(
      { length: directories },
      (_, index) => ["--store", `fs:${join(home, `disk${index + 1}`)}`],
    );
    if (holders > 0) stores.push(["--store", "clients"]);
    const { program, args } = command(ground, "server");
    const server = stack.use(
      await Daemon.start(program, [
        ...args,
        ...["--port", "0", "--data", join(home, "data"), ...stores.flat()],
        ...["--settle", "0s", "--linger", "0s", "--keep-removed", "0", "--reserve", "0"],
      ], { ready: /listening on \S+, depot/ }),
    );
    const port = Number(/listening on \S+:(\d+), depot/.exec(server.said)![1]);
    const depot = new RunningDepot(ground, server, port, stack, join(home, "settings"));
    for (let number = 1; number <= holders; number++) {
      stack.use(await depot.#hold(join(home, `held${number}`), `holder${number}`));
    }
    depot.#stack = stack.move();
    return depot;
  }

  /** Runs a client's command to its end; resolves to its standard output. */
  client(...words: string[]): Promise<string> {
    const { program, args } = command(this.ground, "client");
    return run(program, [...args, "--server", `127.0.0.1:${this.port}`, "--quiet", ...words], {
      env: { XDG_CONFIG_HOME: this.settings },
    });
  }

  /** Removes every file of this client whose name starts with `name`. */
  async remove(name: string): Promise<void> {
    await this.client("remove", name, "--yes").catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  #hold(directory: string, name: string): Promise<Daemon> {
    const { program, args } = command(this.ground, "client");
    const words = ["hold", directory, "--name", name, "--zone", name, "--reserve", "0", "--json"];
    return Daemon.start(program, [...args, "--server", `127.0.0.1:${this.port}`, ...words], {
      env: { XDG_CONFIG_HOME: `${this.settings}-${name}` },
      ready: /"event":"connected"/,
    });
  }
}

/** The executable, or what the task of that name runs. */
function command({ executable }: Ground, part: Part): { program: string; args: string[] } {
  if (executable !== null) return { program: executable, args: [part] };
  const [, ...words] = project.tasks[part].command.split(" ");
  return {
    program: Deno.execPath(),
    args: words.map((word) => word.endsWith(".ts") ? join(FOLDER, word) : word),
  };
}
