/** A worker that answers what it is asked, in that order, or dies. */
import { soon } from "./soon.ts";

/** Who ends a worker waits so long for what it is doing. Milliseconds. */
const LEAVE_MS = 1_000;

/** What a worker is to its caller; `Worker` is one. */
export interface WorkerPort<Request, Reply> {
  postMessage(message: Request, moved: Transferable[]): void;
  terminate(): void;
  onmessage: ((event: MessageEvent<Reply>) => void) | null;
  onmessageerror: ((event: MessageEvent) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
}

/** The only one who speaks to its worker. One that died rejects what it is asked, then and later. */
export class AskedWorker<Request, Reply> {
  readonly #port: WorkerPort<Request, Reply>;
  readonly #died: (why: string) => Error;
  #replies: PromiseWithResolvers<Reply>[] = [];
  #death: Error | undefined;

  /** `died`: the error of whatever is asked once the worker died of `why`. */
  constructor(port: WorkerPort<Request, Reply>, died: (why: string) => Error) {
    this.#port = port;
    this.#died = died;
    port.onmessage = ({ data }) => this.#replies.shift()?.resolve(data);
    port.onmessageerror = () => this.#die("a message could not be read");
    port.onerror = (event) => {
      event.preventDefault();
      this.#die(event.message);
    };
  }

  /** What it died of. */
  get death(): Error | undefined {
    return this.#death;
  }

  /**
   * The buffers in `moved` are the worker's then. Not to be called before the last answer where the
   * worker does not answer in the order of the requests.
   */
  ask(request: Request, moved: Transferable[] = []): Promise<Reply> {
    const reply = Promise.withResolvers<Reply>();
    if (this.#death) {
      reply.reject(this.#death);
    } else {
      this.#replies.push(reply);
      this.#port.postMessage(request, moved);
    }
    return reply.promise;
  }

  /** Ends it, whatever it is doing: what it was asked and has not answered is rejected. */
  end(): void {
    this.#port.terminate();
    this.#die("it was ended");
  }

  #die(why: string): void {
    this.#death ??= this.#died(why);
    for (const reply of this.#replies.splice(0)) reply.reject(this.#death);
  }
}

/** Waits for what a worker is doing, but not for ever: what it does it to may hang. */
export async function beforeLeaving(work: Promise<unknown>): Promise<void> {
  await soon(work, LEAVE_MS);
}
