/** A program on a terminal of its own, that a test types into and looks at. */
import { join } from "node:path";
import { temporaryRoot } from "../server/running_server.ts";
import { PATIENCE_MS } from "../server/waiting.ts";

const LOOK_EVERY_MS = 25;

/** Whether tests can have a terminal; says why not. */
export const hasTmux = await findTmux();

async function findTmux(): Promise<boolean> {
  try {
    await new Deno.Command("tmux", { args: ["-V"], stdout: "null" }).output();
    return true;
  } catch {
    // deno-lint-ignore no-console
    console.log("skipped: tests on a terminal need tmux (apt-get install tmux)");
    return false;
  }
}

export class Terminal implements AsyncDisposable {
  #root: AsyncDisposable & { path: string };

  private constructor(root: AsyncDisposable & { path: string }) {
    this.#root = root;
  }

  /** Runs a shell's script on a terminal of so many columns. */
  static async run(
    script: string,
    options: { columns: number; cwd: string; env: Record<string, string> },
  ): Promise<Terminal> {
    const { columns, cwd, env } = options;
    const terminal = new Terminal(temporaryRoot());
    const variables = Object.entries(env).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
    const size = ["-x", String(columns), "-y", "50"];
    await terminal.#tmux(
      "new-session",
      ...["-d", ...size, "-c", cwd, ...variables, "sh", "-c", script],
      ...[";", "set-option", "remain-on-exit", "on"],
    );
    return terminal;
  }

  /** Presses keys by their names, such as `Enter`, `Down`, `C-c`. */
  async press(...keys: string[]): Promise<void> {
    await this.#tmux("send-keys", ...keys);
  }

  async type(text: string): Promise<void> {
    await this.#tmux("send-keys", "-l", text);
  }

  /** The screen's text, without line ends and the bars of the questions. */
  async text(): Promise<string> {
    return (await this.#tmux("capture-pane", "-p")).replace(/[\s│]+/g, " ");
  }

  /** Resolves to the screen's text when it matches. */
  async sees(pattern: RegExp): Promise<string> {
    const until = performance.now() + PATIENCE_MS;
    while (true) {
      const text = await this.text();
      if (pattern.test(text)) return text;
      if (performance.now() > until) throw new Error(`${pattern} did not appear on: ${text}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux("kill-server");
    await this.#root[Symbol.asyncDispose]();
  }

  async #tmux(...args: string[]): Promise<string> {
    const socket = join(this.#root.path, "tmux");
    const { success, stdout, stderr } = await new Deno.Command("tmux", {
      args: ["-u", "-f", "/dev/null", "-S", socket, ...args],
      env: { LC_ALL: "C.UTF-8", TMUX: "" },
    }).output();
    const text = new TextDecoder();
    if (!success) throw new Error(`tmux ${args[0]}: ${text.decode(stderr)}`);
    return text.decode(stdout);
  }
}
