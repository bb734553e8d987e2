/** SIGINT and SIGTERM as an abort signal; the second one ends the process at once. */
export class Stopping implements Disposable {
  #controller = new AbortController();
  #signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  #stop = () => {
    if (this.#controller.signal.aborted) Deno.exit(1);
    this.#controller.abort(new Error("Stopped"));
  };

  constructor() {
    for (const signal of this.#signals) Deno.addSignalListener(signal, this.#stop);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    for (const signal of this.#signals) Deno.removeSignalListener(signal, this.#stop);
  }
}

/** What is said then. `goesOn`: the same command takes up what this one left. */
export function stoppedWords(goesOn: boolean): string {
  return goesOn ? "stopped; the same command goes on where it was" : "stopped";
}
