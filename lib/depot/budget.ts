/** Memory that many transfers share: who comes when it is used up waits, in the order of coming. */
export class Budget {
  #left: number;
  #waiting: { bytes: number; enter: () => void }[] = [];

  /** A single wish of more than all of `bytes` is granted when nobody else has any. */
  constructor(readonly bytes: number) {
    this.#left = bytes;
  }

  /** Whether somebody waits. */
  get isShort(): boolean {
    return this.#waiting.length > 0;
  }

  /** Waits until `bytes` are free, and holds them until the result is disposed. Throws when aborted. */
  async take(bytes: number, signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    const wish = Math.min(bytes, this.bytes);
    if (this.#waiting.length > 0 || this.#left < wish) await this.#wait(wish, signal);
    else this.#left -= wish;
    return this.#held(wish);
  }

  /** Holds `bytes` if they are free now, and `leaving` more besides; `null` when they are not. */
  tryTake(bytes: number, leaving = 0): Disposable | null {
    if (this.isShort || this.#left < bytes + leaving) return null;
    this.#left -= bytes;
    return this.#held(bytes);
  }

  #held(bytes: number): Disposable {
    let held = bytes;
    return {
      [Symbol.dispose]: () => {
        this.#left += held;
        held = 0;
        this.#letIn();
      },
    };
  }

  #wait(bytes: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter = {
        bytes,
        enter: () => {
          signal.removeEventListener("abort", leave);
          resolve();
        },
      };
      const leave = () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiter);
        reject(signal.reason);
        this.#letIn();
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.push(waiter);
    });
  }

  #letIn(): void {
    for (let next = this.#waiting[0]; next && next.bytes <= this.#left; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#left -= next.bytes;
      next.enter();
    }
  }
}
