/** How long a server leaves a newcomer without an answer: its event loop's pauses, from outside. */
import { delay } from "./processes.ts";

/** Between two questions. Milliseconds. */
const EVERY_MS = 5;
/** No request: it is refused by whoever reads it first, and nothing behind that is asked. */
const NONSENSE = new TextEncoder().encode("?\n");

/** Asks again and again until it is disposed, each time over a new connection. */
export class PauseProbe implements AsyncDisposable {
  /** The longest time until an answer. Milliseconds. */
  longest = 0;
  #stopped = false;
  #asking: Promise<void>;

  constructor(private readonly port: number) {
    this.#asking = this.#ask();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#asking;
  }

  async #ask(): Promise<void> {
    const answer = new Uint8Array(1_024);
    while (!this.#stopped) {
      const begun = performance.now();
      using connection = await Deno.connect({ hostname: "127.0.0.1", port: this.port });
      await connection.write(NONSENSE);
      await connection.read(answer);
      this.longest = Math.max(this.longest, performance.now() - begun);
      await delay(EVERY_MS);
    }
  }
}
