/** Calls to a worker in groups: one group is under way, what arrives meanwhile goes into the next. */
import { type Answer, type Call, type Reply, type Request, unpackError } from "./border.ts";

/** So that a burst does not make every caller wait for its last. */
const MAX_GROUP = 1_000;

/** What a worker is to its caller; `Worker` is one. */
export interface WorkerPort {
  postMessage(message: Request): void;
  terminate(): void;
  onmessage: ((event: MessageEvent<Reply>) => void) | null;
  onmessageerror: ((event: MessageEvent) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
}

interface Waiting {
  call: Call;
  answer: PromiseWithResolvers<unknown>;
}

/**
 * The only one who speaks to its worker. A worker that dies rejects whatever waits and whatever is
 * called later. A call's arguments must stay as they are until it is answered.
 */
export class GroupedCalls implements AsyncDisposable {
  readonly #worker: WorkerPort;
  #waiting: Waiting[] = [];
  #reply: PromiseWithResolvers<Reply> | undefined;
  #sending: Promise<void> | undefined;
  #dead: Error | undefined;
  #disposal: Promise<void> | undefined;
  #sequence = 0;

  constructor(worker: WorkerPort) {
    this.#worker = worker;
    worker.onmessage = ({ data }) => this.#reply?.resolve(data);
    worker.onmessageerror = () => this.#die("a message could not be read");
    worker.onerror = (event) => {
      event.preventDefault();
      this.#die(event.message);
    };
  }

  /** The sequence number of the last answer. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Opens the database, before any call. Rejects with the worker's reason when it cannot. */
  async open(path: string, depot: string): Promise<{ depot: string }> {
    const reply = await this.#ask({ type: "open", path, depot });
    if (reply.type !== "opened") throw unexpected(reply);
    this.#sequence = reply.sequence;
    return reply;
  }

  /** Has the worker do it, with whatever else is called before the worker is free. */
  call(call: Call): Promise<unknown> {
    if (this.#dead) return Promise.reject(this.#dead);
    if (this.#disposal) return Promise.reject(new Error("Cannot use the catalog: it is closed"));
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.push({ call, answer });
    this.#sending ??= this.#send();
    return answer.promise;
  }

  /** Waits for what was called, closes the database and ends the worker. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#disposal ??= this.#close();
  }

  async #close(): Promise<void> {
    await this.#sending;
    // A worker that is dead has closed its database by dying.
    if (!this.#dead) await this.#ask({ type: "close" }).catch(() => {});
    this.#worker.terminate();
  }

  async #send(): Promise<void> {
    await null; // lets the calls of one turn share the first group
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, MAX_GROUP);
      try {
        this.#settle(group, await this.#ask({ type: "batch", calls: group.map(callOf) }));
      } catch (error) {
        for (const { answer } of group) answer.reject(error);
      }
    }
    this.#sending = undefined;
  }

  #settle(group: Waiting[], reply: Reply): void {
    if (reply.type !== "batch") throw unexpected(reply);
    this.#sequence = reply.sequence;
    group.forEach(({ answer }, index) => settle(answer, reply.answers[index]!));
  }

  #ask(request: Request): Promise<Reply> {
    this.#reply = Promise.withResolvers<Reply>();
    if (this.#dead) this.#reply.reject(this.#dead);
    else this.#worker.postMessage(request);
    return this.#reply.promise;
  }

  #die(why: string): void {
    this.#dead = new Error(
      `Cannot use the catalog: its worker died (${why}). Start the depot again`,
    );
    this.#reply?.reject(this.#dead);
  }
}

function callOf({ call }: Waiting): Call {
  return call;
}

function settle(answer: PromiseWithResolvers<unknown>, result: Answer): void {
  if ("error" in result) answer.reject(unpackError(result.error));
  else answer.resolve(result.value);
}

function unexpected(reply: Reply): Error {
  return reply.type === "failed"
    ? unpackError(reply.error)
    : new Error(`Cannot go on with the catalog: its worker answered "${reply.type}"`);
}
