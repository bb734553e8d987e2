import { Budget } from "../content/budget.ts";

/** Memory that is had at once or not at all, and of which no owner has more than is left to others. */
export class FairMemory {
  #budget: Budget;
  #held = new Map<string, number>();

  /** Bytes. */
  constructor(bytes: number) {
    this.#budget = new Budget(bytes);
  }

  /**
   * Holds so much for an owner until the result is disposed; `null` where too little is left, or the
   * owner would have more than what is left then: alone it has a half, beside another a third.
   */
  tryTake(owner: string, bytes: number): Disposable | null {
    const taken = this.#budget.tryTake(bytes, this.#of(owner) + bytes);
    if (!taken) return null;
    this.#change(owner, bytes);
    let held = bytes;
    return {
      [Symbol.dispose]: () => {
        taken[Symbol.dispose]();
        this.#change(owner, -held);
        held = 0;
      },
    };
  }

  #of(owner: string): number {
    return this.#held.get(owner) ?? 0;
  }

  #change(owner: string, bytes: number): void {
    const its = this.#of(owner) + bytes;
    if (its > 0) this.#held.set(owner, its);
    else this.#held.delete(owner);
  }
}
