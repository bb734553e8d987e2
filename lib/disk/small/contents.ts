/**
 * A disk's small contents. Where several come at once a worker writes them in groups: handing each
 * of their calls to a thread costs the thread that has the sockets more than anything else that it
 * does for them. One that comes alone shares nothing, and is sooner done without the worker.
 */
import { AskedWorker, beforeLeaving, type WorkerPort } from "../../worker/asked_worker.ts";
import { Groups, type Settled } from "../../worker/groups.ts";
import { restoreError } from "../../worker/packed_error.ts";
import type { Layout } from "../layout.ts";
import type { MovedBytes, Outcome, Reply, Request, SmallContent } from "./border.ts";

/** More share no more, and at 128 KiB each they are 8 MiB. */
const MAX_GROUP = 64;

/** What a worker is to its disk; `Worker` is one. */
export type SmallPort = WorkerPort<Request, Reply>;

type Asked = AskedWorker<Request, Reply>;

/** Makes small contents durable. The worker is started when it is first of use, and after it died. */
export class SmallContents implements AsyncDisposable {
  readonly #layout: Layout;
  readonly #start: () => SmallPort;
  readonly #groups = new Groups({
    most: MAX_GROUP,
    work: (contents: SmallContent[]) => this.#commit(contents),
  });
  /** The worker that is there; `null` where none can be had. */
  #worker: Promise<Asked | null> | null = null;
  /** The same, also while it starts. */
  #asked: Asked | null = null;
  #underWay = 0;

  constructor(layout: Layout, start: () => SmallPort = startWorker) {
    this.#layout = layout;
    this.#start = start;
  }

  /**
   * Makes a content durable; by way of `alone` when no other is under way, a folder is missing, or no
   * worker can be had. Throws `Full`, `Unreachable`, an `Error`, or what `alone` throws.
   */
  async commit(content: SmallContent, alone: (bytes: MovedBytes) => Promise<void>): Promise<void> {
    const isAlone = this.#underWay++ === 0;
    try {
      const left = isAlone ? content.bytes : await this.#groups.add(content);
      if (left) await alone(left);
    } finally {
      this.#underWay--;
    }
  }

  /** Waits for what the worker is doing, but not for ever: its disk may hang. Then ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    const worker = this.#worker;
    await beforeLeaving(this.#groups.idle());
    this.#worker = Promise.resolve(null);
    this.#asked?.end();
    await worker;
  }

  async #commit(contents: SmallContent[]): Promise<Settled<MovedBytes | null>[]> {
    // One that died between two groups has taken none with it.
    if (this.#asked?.death) this.#worker = null;
    const worker = await (this.#worker ??= this.#open());
    if (!worker) return contents.map(({ bytes }) => ({ value: bytes }));
    const moved = contents.map(({ bytes }) => bytes.buffer);
    try {
      const { outcomes } = await worker.ask({ type: "commit", contents }, moved);
      return outcomes.map(settled);
    } catch (error) {
      this.#worker = null;
      worker.end();
      throw error;
    }
  }

  /** `null` where it cannot be started: its module may not be read here, or is not here. */
  async #open(): Promise<Asked | null> {
    const { directory, depot } = this.#layout;
    try {
      this.#asked = new AskedWorker(this.#start(), (why) => diedOf(why, directory));
      await this.#asked.ask({ type: "open", directory, depot });
      return this.#asked;
    } catch {
      this.#asked?.end();
      this.#asked = null;
      return null;
    }
  }
}

function startWorker(): SmallPort {
  return new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "disk" });
}

function diedOf(why: string, directory: string): Error {
  return new Error(`Could not write to ${directory}: the worker that does it died (${why})`);
}

function settled(outcome: Outcome): Settled<MovedBytes | null> {
  return "error" in outcome ? { error: restoreError(outcome.error) } : outcome;
}
