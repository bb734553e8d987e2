/**
 * A disk's small contents. Where several come at once a worker writes them in groups: handing each
 * of their calls to a thread costs the thread that has the sockets more than anything else that it
 * does for them. One that comes alone shares nothing, and is sooner done without the worker.
 */
import { beforeLeaving, type WorkerPort } from "../../worker/asked_worker.ts";
import { Groups, type Settled } from "../../worker/groups.ts";
import { LazyWorker } from "../../worker/lazy_worker.ts";
import { restoreError } from "../../worker/packed_error.ts";
import type { Layout } from "../layout.ts";
import {
  type Fate,
  type Outcome,
  packContents,
  type Reply,
  type Request,
  type SmallContent,
} from "./border.ts";

/**
 * The more there are, the more of them share a folder's sync; but as many files are open at once. What
 * they come to is bounded by what a disk holds in memory.
 */
const MAX_GROUP = 256;

/** What a worker is to its disk; `Worker` is one. */
export type SmallPort = WorkerPort<Request, Reply>;

/** Makes small contents durable. */
export class SmallContents implements AsyncDisposable {
  readonly #groups = new Groups({
    most: MAX_GROUP,
    work: (contents: SmallContent[]) => this.#commit(contents),
  });
  readonly #worker: LazyWorker<Request, Reply>;
  #underWay = 0;

  constructor(layout: Layout, start: () => SmallPort = startWorker) {
    const { directory, depot } = layout;
    this.#worker = new LazyWorker({
      start,
      died: (why) => diedOf(why, directory),
      open: (worker) => worker.ask({ type: "open", directory, depot }),
    });
  }

  /**
   * Makes a content durable; by way of `alone` when no other is under way, a folder is missing, or no
   * worker can be had. Throws `Full`, `Unreachable`, an `Error`, or what `alone` throws.
   */
  async commit(content: SmallContent, alone: () => Promise<void>): Promise<void> {
    const isAlone = this.#underWay++ === 0;
    try {
      if (isAlone || await this.#groups.add(content) === "left") await alone();
    } finally {
      this.#underWay--;
    }
  }

  /** Waits for what the worker is doing, but not for ever: its disk may hang. Then ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await beforeLeaving(this.#groups.idle());
    this.#worker.end();
  }

  async #commit(contents: SmallContent[]): Promise<Settled<Fate>[]> {
    const worker = await this.#worker.get();
    if (!worker) return contents.map(() => ({ value: "left" }));
    const request = packContents(contents);
    const { outcomes } = await worker.ask(request, [request.bytes.buffer]);
    return outcomes.map(settled);
  }
}

function startWorker(): SmallPort {
  return new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "disk" });
}

function diedOf(why: string, directory: string): Error {
  return new Error(`Could not write to ${directory}: the worker that does it died (${why})`);
}

function settled(outcome: Outcome): Settled<Fate> {
  return "error" in outcome ? { error: restoreError(outcome.error) } : outcome;
}
