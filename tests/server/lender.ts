/** Another machine that lends disk, as far as one process can be one; for tests that kill it. */
import { join } from "node:path";
import { digestOf } from "../../lib/content/digest.ts";
import { assertEquals } from "../assert.ts";
import { Program } from "../client/program.ts";
import type { RunningServer } from "./running_server.ts";
import { filesBelow } from "./waiting.ts";

/** A real `client hold`, in a zone of its own. Disposing it kills it. */
export class Lender implements AsyncDisposable {
  #program: Program | null = null;

  constructor(readonly server: RunningServer, readonly name: string) {}

  /** Resolves when the depot knows it. */
  async start(): Promise<void> {
    const { root, port } = this.server;
    const directory = join(root, this.name);
    const lent = [directory, "--name", this.name, "--zone", this.name, "--reserve", "0"];
    const home = join(root, `home of ${this.name}`);
    this.#program = new Program("client", ["--server", `127.0.0.1:${port}`, "hold", ...lent], {
      home,
    });
    await this.#program.line("lending");
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    await this.#program?.[Symbol.asyncDispose]();
    this.#program = null;
  }

  /** The digests of what is on its disk, ascending. */
  contents(): string[] {
    return this.#below("contents").map((path) => path.slice(3));
  }

  /** Every file's bytes are what its name says. */
  check(): void {
    for (const digest of this.contents()) {
      const path = this.server.inside(this.name, "contents", digest.slice(0, 2), digest);
      assertEquals(digestOf(Deno.readFileSync(path)), digest, path);
    }
  }

  /** Names of what it keeps besides whole contents: parts of copies, and copies set aside. */
  leftovers(): string[] {
    return [...this.#below("parts"), ...this.#below("aside")];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  #below(folder: string): string[] {
    return filesBelow(this.server.inside(this.name, folder));
  }
}
