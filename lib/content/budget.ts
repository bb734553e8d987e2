/**
 * What many share, such as memory or turns: who comes when it is used up waits, in the order of
 * coming.
 */
export class Budget {
  #left: number;
  #waiting: { wish: number; enter: () => void }[] = [];

  /** A single wish of more than all of `amount` is granted when nobody else has any. */
  constructor(readonly amount: number) {
    this.#left = amount;
  }

  /** Whether somebody waits. */
  get isShort(): boolean {
    return this.#waiting.length > 0;
  }

  /** Waits until so much is free, and holds it until the result is disposed. Throws when aborted. */
  async take(amount: number, signal?: AbortSignal): Promise<Disposable> {
    signal?.throwIfAborted();
    const wish = Math.min(amount, this.amount);
    if (this.#waiting.length > 0 || this.#left < wish) await this.#wait(wish, signal);
    else this.#left -= wish;
    return this.#held(wish);
  }

  /** Holds so much if it is free now, and `leaving` more besides; `null` when it is not. */
  tryTake(amount: number, leaving = 0): Disposable | null {
    if (this.isShort || this.#left < amount + leaving) return null;
    this.#left -= amount;
    return this.#held(amount);
  }

  #held(amount: number): Disposable {
    let held = amount;
    return {
      [Symbol.dispose]: () => {
        this.#left += held;
        held = 0;
        this.#letIn();
      },
    };
  }

  #wait(wish: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter = {
        wish,
        enter: () => {
          signal?.removeEventListener("abort", leave);
          resolve();
        },
      };
      const leave = () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiter);
        reject(signal!.reason);
        this.#letIn();
      };
      signal?.addEventListener("abort", leave, { once: true });
      this.#waiting.push(waiter);
    });
  }

  #letIn(): void {
    for (let next = this.#waiting[0]; next && next.wish <= this.#left; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#left -= next.wish;
      next.enter();
    }
  }
}
