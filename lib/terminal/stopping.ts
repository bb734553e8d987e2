/** Why a signal is aborted: the user, or the system, ended the command. */
export class Stopped extends Error {
  override readonly name = "Stopped";
  /** `status`: what the program exits with. */
  constructor(readonly status: number) {
    super("Stopped");
  }
}

/**
 * A Ctrl-C reaches a program that `deno task` runs twice: from the terminal, and from the task. So
 * soon after the first one another is the same. Milliseconds.
 */
const SAME_MS = 500;

/** SIGINT and SIGTERM as an abort signal; the second one ends the process at once. */
export class Stopping implements Disposable {
  /** Monotonic milliseconds. */
  #stoppedAt = 0;
  #controller = new AbortController();
  /** What SIGINT does; a terminal in raw mode sends Ctrl-C as a key instead. */
  readonly interrupt = (): void => this.#stop(new Stopped(130));
  #terminate = () => this.#stop(new Stopped(1));

  constructor() {
    Deno.addSignalListener("SIGINT", this.interrupt);
    if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", this.#terminate);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    Deno.removeSignalListener("SIGINT", this.interrupt);
    if (Deno.build.os !== "windows") Deno.removeSignalListener("SIGTERM", this.#terminate);
  }

  #stop(reason: Stopped): void {
    const now = performance.now();
    if (!this.#controller.signal.aborted) {
      this.#stoppedAt = now;
      this.#controller.abort(reason);
    } else if (now - this.#stoppedAt >= SAME_MS) Deno.exit(reason.status);
  }
}

/** The exit status of what a signal ended; `otherwise` where none did. */
export function stoppedStatus({ aborted, reason }: AbortSignal, otherwise: number): number {
  return aborted && reason instanceof Stopped ? reason.status : otherwise;
}

/** What is said then. `goesOn`: the same command takes up what this one left. */
export function stoppedWords(goesOn: boolean): string {
  return goesOn ? "stopped; the same command goes on where it was" : "stopped";
}
