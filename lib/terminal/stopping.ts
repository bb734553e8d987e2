/** Why a signal is aborted: the user, or the system, ended the command. */
export class Stopped extends Error {
  override readonly name = "Stopped";
  /** `status`: what the program exits with. */
  constructor(readonly status: number) {
    super("Stopped");
  }
}

/** SIGINT and SIGTERM as an abort signal; the second one ends the process at once. */
export class Stopping implements Disposable {
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
    if (this.#controller.signal.aborted) Deno.exit(reason.status);
    this.#controller.abort(reason);
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
