/** Calls to the catalog's worker, a group of them in each transaction. */
import { AskedWorker, type WorkerPort } from "../../worker/asked_worker.ts";
import { Groups, type Settled } from "../../worker/groups.ts";
import { type Answer, type Call, type Reply, type Request, unpackError } from "./border.ts";

/** So that a burst does not make every caller wait for its last. */
const MAX_GROUP = 1_000;

/** What a worker is to the catalog; `Worker` is one. */
export type CatalogPort = WorkerPort<Request, Reply>;

/**
 * The only one who speaks to its worker. A worker that dies rejects whatever waits and whatever is
 * called later. A call's arguments must stay as they are until it is answered.
 */
export class GroupedCalls implements AsyncDisposable {
  readonly #worker: AskedWorker<Request, Reply>;
  readonly #groups = new Groups({ most: MAX_GROUP, work: (calls: Call[]) => this.#run(calls) });
  #disposal: Promise<void> | undefined;
  #sequence = 0;

  constructor(port: CatalogPort) {
    this.#worker = new AskedWorker(port, diedOf);
  }

  /** The sequence number of the last answer. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Opens the database, before any call. Rejects with the worker's reason when it cannot. */
  async open(path: string, depot: string): Promise<{ depot: string }> {
    const reply = await this.#worker.ask({ type: "open", path, depot });
    if (reply.type !== "opened") throw unexpected(reply);
    this.#sequence = reply.sequence;
    return reply;
  }

  /** Has the worker do it, with whatever else is called before the worker is free. */
  call(call: Call): Promise<unknown> {
    const { death } = this.#worker;
    if (death) return Promise.reject(death);
    if (this.#disposal) return Promise.reject(new Error("Cannot use the catalog: it is closed"));
    return this.#groups.add(call);
  }

  /** Waits for what was called, closes the database and ends the worker. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#disposal ??= this.#close();
  }

  async #close(): Promise<void> {
    await this.#groups.idle();
    // A worker that is dead has closed its database by dying.
    await this.#worker.ask({ type: "close" }).catch(() => {});
    this.#worker.end();
  }

  async #run(calls: Call[]): Promise<Settled<unknown>[]> {
    const reply = await this.#worker.ask({ type: "batch", calls });
    if (reply.type !== "batch") throw unexpected(reply);
    this.#sequence = reply.sequence;
    return reply.answers.map(settled);
  }
}

function settled(answer: Answer): Settled<unknown> {
  return "error" in answer ? { error: unpackError(answer.error) } : answer;
}

function unexpected(reply: Reply): Error {
  return reply.type === "failed"
    ? unpackError(reply.error)
    : new Error(`Cannot go on with the catalog: its worker answered "${reply.type}"`);
}

function diedOf(why: string): Error {
  return new Error(`Cannot use the catalog: its worker died (${why}). Start the depot again`);
}
