/** Work in the order of coming for each key, and side by side for different ones. */
export class Turns {
  #last = new Map<string, Promise<void>>();

  /** `work` must not reject. */
  add(key: string, work: () => Promise<void>): void {
    const turn: Promise<void> = (this.#last.get(key) ?? Promise.resolve()).then(work).then(() => {
      if (this.#last.get(key) === turn) this.#last.delete(key);
    });
    this.#last.set(key, turn);
  }

  async done(): Promise<void> {
    await Promise.all(this.#last.values());
  }
}
