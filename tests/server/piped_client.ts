/** Clients that are fed and drained piece by piece, so that something can happen in mid-file. */
import { Sha256 } from "../../lib/content/digest.ts";
import { assertEquals } from "../assert.ts";

const PIECE_BYTES = 256 * 1024;

/** How long the longest wait for the next step was, from now on. */
class Stopwatch {
  longest = 0;
  #last = performance.now();

  start(): void {
    this.#last = performance.now();
    this.longest = 0;
  }

  step(): void {
    this.longest = Math.max(this.longest, performance.now() - this.#last);
    this.#last = performance.now();
  }
}

/** A retrieval to standard output. */
export class ReadingClient {
  readonly watch = new Stopwatch();
  readonly #bytes: AsyncIterator<Uint8Array>;
  readonly #hash = new Sha256();
  #came = 0;

  constructor(private readonly child: Deno.ChildProcess) {
    this.#bytes = child.stdout[Symbol.asyncIterator]();
  }

  /** Takes what comes until so many bytes came, or all. */
  async take(upTo: number): Promise<void> {
    while (this.#came < upTo) {
      const { value, done } = await this.#bytes.next();
      if (done) return await this.#ended();
      this.watch.step();
      this.#hash.update(value);
      this.#came += value.length;
    }
  }

  /** The SHA-256 of everything, once the client has ended well. */
  async digest(): Promise<string> {
    await this.take(Infinity);
    return this.#hash.digest();
  }

  async #ended(): Promise<void> {
    const { code } = await this.child.status;
    assertEquals(code, 0, await new Response(this.child.stderr).text());
  }
}

/** A deposit, with --json, of what comes on standard input. */
export class WritingClient {
  readonly watch = new Stopwatch();
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;

  constructor(private readonly child: Deno.ChildProcess) {
    this.#stdin = child.stdin.getWriter();
  }

  async give(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      await this.#stdin.write(bytes.subarray(at, at + PIECE_BYTES));
      this.watch.step();
    }
  }

  /** The names of the places in the receipt. */
  async receipt(): Promise<string[]> {
    await this.#stdin.close();
    const { code, stdout } = await this.child.output();
    this.watch.step();
    assertEquals(code, 0);
    const [file] = JSON.parse(new TextDecoder().decode(stdout));
    return file.places.map(({ name }: { name: string }) => name).sort();
  }
}
