/** A worker that is asked one thing at a time, and answers or dies. */

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
  #reply: PromiseWithResolvers<Reply> | undefined;
  #death: Error | undefined;

  /** `died`: the error of whatever is asked once the worker died of `why`. */
  constructor(port: WorkerPort<Request, Reply>, died: (why: string) => Error) {
    this.#port = port;
    this.#died = died;
    port.onmessage = ({ data }) => this.#reply?.resolve(data);
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

  /** Not to be called before the last answer. The buffers in `moved` are the worker's then. */
  ask(request: Request, moved: Transferable[] = []): Promise<Reply> {
    this.#reply = Promise.withResolvers<Reply>();
    if (this.#death) this.#reply.reject(this.#death);
    else this.#port.postMessage(request, moved);
    return this.#reply.promise;
  }

  /** Ends it, whatever it is doing: what it was asked and has not answered is rejected. */
  end(): void {
    this.#port.terminate();
    this.#die("it was ended");
  }

  #die(why: string): void {
    this.#death ??= this.#died(why);
    this.#reply?.reject(this.#death);
  }
}
