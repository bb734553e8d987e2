/** Lets so many through at a time; the others wait, in the order of their coming. */
export class Gate {
  #free: number;
  #waiting = new Set<() => void>();

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /** Resolves when it is its turn, which lasts until the result is disposed. Throws the signal's reason. */
  async enter(signal?: AbortSignal): Promise<Disposable> {
    signal?.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else await this.#turn(signal);
    let inside = true;
    return {
      [Symbol.dispose]: () => {
        if (inside) this.#leave();
        inside = false;
      },
    };
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        this.#waiting.delete(go);
        reject(signal!.reason);
      };
      const go = () => {
        signal?.removeEventListener("abort", stop);
        resolve();
      };
      this.#waiting.add(go);
      signal?.addEventListener("abort", stop, { once: true });
    });
  }

  /** The turn goes to who has waited longest. */
  #leave(): void {
    const [next] = this.#waiting;
    if (!next) return void this.#free++;
    this.#waiting.delete(next);
    next();
  }
}
