import { AskedWorker, type WorkerPort } from "./asked_worker.ts";

export interface LazyWorkerOptions<Request, Reply> {
  start: () => WorkerPort<Request, Reply>;
  /** The error of whatever is asked once the worker died of `why`. */
  died: (why: string) => Error;
  /** What it is told before anything else. One that throws is not used. */
  open: (worker: AskedWorker<Request, Reply>) => Promise<unknown>;
}

/**
 * A worker that is started when it is first of use, again after it died, and not any more once one
 * could not be had: its module may not be read here, or is not here, or there is no memory for it.
 */
export class LazyWorker<Request, Reply> {
  readonly #options: LazyWorkerOptions<Request, Reply>;
  #ready: Promise<AskedWorker<Request, Reply> | null> | null = null;
  /** The same, also while it is opened; `null` when there is none. */
  #asked: AskedWorker<Request, Reply> | null = null;
  #isOver = false;

  constructor(options: LazyWorkerOptions<Request, Reply>) {
    this.#options = options;
  }

  /** `null`: none can be had. */
  get(): Promise<AskedWorker<Request, Reply> | null> {
    if (this.#isOver) return Promise.resolve(null);
    // One that died between two requests has taken none with it.
    if (this.#asked?.death) this.rest();
    return this.#ready ??= this.#open();
  }

  /** Ends the one that there is, whatever it is doing; the next use starts another. */
  rest(): void {
    if (!this.#asked) return;
    this.#asked.end();
    this.#asked = null;
    this.#ready = null;
  }

  /** Ends the one that there is, for good. */
  end(): void {
    this.rest();
    this.#isOver = true;
  }

  async #open(): Promise<AskedWorker<Request, Reply> | null> {
    const { start, died, open } = this.#options;
    let asked: AskedWorker<Request, Reply> | null = null;
    try {
      asked = this.#asked = new AskedWorker(start(), died);
      await open(asked);
      return asked;
    } catch {
      asked?.end();
      if (this.#asked === asked) this.#asked = null;
      return null;
    }
  }
}
