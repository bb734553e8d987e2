/** A client that retrieves every file, again and again, and takes nothing but the right bytes. */
import { digestOf } from "../../lib/content/digest.ts";
import { ConnectionLost, Refusal } from "../../lib/protocol/mod.ts";
import { assertEquals } from "../assert.ts";
import type { RunningServer } from "./running_server.ts";
import type { WireClient } from "./wire_client.ts";

/** Before it tries again. Milliseconds. */
const AGAIN_MS = 20;

/** What may go wrong now; at any other time an error is one. */
export interface Weather {
  /** The depot was killed and does not listen yet: connections break. */
  depotDown: boolean;
  /** It was killed, and the holders are on their way back: nothing can be read yet. */
  holdersAway: boolean;
}

export class Reader {
  retrieved = 0;
  retries = 0;
  #stop = false;
  #client: WireClient | null = null;
  #running: Promise<void>;

  /** `files`: the digest that each name has. */
  constructor(
    private readonly server: RunningServer,
    private readonly reading: {
      owner: string;
      files: ReadonlyMap<string, string>;
      weather: Readonly<Weather>;
    },
  ) {
    this.#running = this.#run();
    this.#running.catch(() => {});
  }

  /** Rejects with the error that ended it. */
  get failed(): Promise<void> {
    return this.#running;
  }

  /** Rejects with what went wrong. */
  async stop(): Promise<void> {
    this.#stop = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (!this.#stop) {
        for (const [name, digest] of this.reading.files) await this.#retrieve(name, digest);
      }
    } finally {
      this.#hangUp();
    }
  }

  async #retrieve(name: string, digest: string): Promise<void> {
    while (true) {
      const before = { ...this.reading.weather };
      try {
        this.#client ??= await this.server.client({ id: this.reading.owner });
        assertEquals(digestOf(await this.#client.retrieve(name)), digest, name);
        this.retrieved++;
        return;
      } catch (error) {
        if (!this.#mayBe(error, before)) {
          throw new Error(`The reader failed at ${name}: ${error}`, { cause: error });
        }
      }
      this.retries++;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }

  /** `before`: how things were when it asked. */
  #mayBe(error: unknown, before: Weather): boolean {
    if (error instanceof ConnectionLost) {
      this.#hangUp();
      return before.depotDown || this.reading.weather.depotDown;
    }
    return error instanceof Refusal && error.code === "indisponivel" && before.holdersAway;
  }

  #hangUp(): void {
    this.#client?.[Symbol.dispose]();
    this.#client = null;
  }
}
