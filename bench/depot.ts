/** The depot as its users start it: a server, clients and holders, each a process of its own. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import project from "../deno.json" with { type: "json" };
import { countFiles, type Ground } from "./ground.ts";
import { Daemon, delay, run } from "./processes.ts";

const FOLDER = fileURLToPath(new URL("..", import.meta.url));

/** What users start, each with a task of its own. */
export type Part = keyof typeof project.tasks & ("server" | "client");

/** A depot that has not deleted what was removed after so long never will. Milliseconds. */
const EMPTIED_MS = 30_000;

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
    /** Of its places, which lie on this machine all of them. */
    private readonly directories: readonly string[],
  ) {
    this.#stack = stack;
  }

  static async start(ground: Ground, options: DepotOptions = {}): Promise<RunningDepot> {
    const { directories: own = options.holders ? 0 : 1, holders = 0 } = options;
    const home = options.home ?? await ground.folder("depot");
    await using stack = new AsyncDisposableStack();
    const disks = numbered(own, join(home, "disk"));
    const held = numbered(holders, join(home, "held"));
    const stores = disks.map((disk) => ["--store", `fs:${disk}`]);
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
    const settings = join(home, "settings");
    const depot = new RunningDepot(ground, server, port, stack, settings, [...disks, ...held]);
    for (const [index, directory] of held.entries()) {
      stack.use(await depot.#hold(directory, `holder${index + 1}`));
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

  /** Removes every file of this client whose name starts with `name`, and all bytes with them. */
  async remove(name: string): Promise<void> {
    await this.client("remove", name, "--yes").catch(() => {});
    await this.emptied();
  }

  /**
   * Resolves when no content is left on the places. The depot deletes bytes after it has answered,
   * which would otherwise be in the time of the next round.
   */
  async emptied(): Promise<void> {
    const end = performance.now() + EMPTIED_MS;
    while (await this.#countContents() > 0) {
      if (performance.now() > end) throw new Error("The depot does not delete what was removed");
      await delay(10);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #countContents(): Promise<number> {
    let count = 0;
    for (const directory of this.directories) {
      count += await countFiles(await contentsOf(directory));
    }
    return count;
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

function numbered(count: number, path: string): string[] {
  return Array.from({ length: count }, (_, index) => `${path}${index + 1}`);
}

/** Where a place keeps its contents. */
export async function contentsOf(directory: string): Promise<string> {
  const depots = join(directory, "deposito");
  const [depot] = await Array.fromAsync(Deno.readDir(depots));
  return join(depots, depot!.name, "contents");
}

/** The executable, or what the task of that name runs. */
function command({ executable }: Ground, part: Part): { program: string; args: string[] } {
  if (executable !== null) return { program: executable, args: [part] };
  return { program: Deno.execPath(), args: taskArgs(part, join(FOLDER, `${part}.ts`)) };
}

/** What the task of that name gives the runtime, with `module` in place of the part's own. */
export function taskArgs(part: Part, module: string): string[] {
  const [, ...words] = project.tasks[part].command.split(" ");
  return words.map((word) => word.endsWith(".ts") ? module : word);
}
