/**
 * Locks by key, in the order of asking. What they protect is also written in the catalog: they keep
 * two works of one process apart, and a process that dies leaves nothing locked.
 */
export class Locks {
  #tails = new Map<string, Promise<void>>();

  /** Waits for its turn; disposing the result lets the next one in. */
  async take(key: string): Promise<Disposable> {
    const before = this.#tails.get(key);
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const tail = before ? before.then(() => released) : released;
    this.#tails.set(key, tail);
    if (before) await before;
    return {
      [Symbol.dispose]: () => {
        release();
        if (this.#tails.get(key) === tail) this.#tails.delete(key);
      },
    };
  }

  /** Several keys, sorted first, so that two takers never wait for each other. */
  async takeAll(keys: Iterable<string>): Promise<Disposable> {
    const all = [...new Set(keys)].sort();
    if (all.length === 1) return await this.take(all[0]!);
    using stack = new DisposableStack();
    for (const key of all) stack.use(await this.take(key));
    return stack.move();
  }
}

/** Counts who is using what, such as reading a content, so that its bytes are not deleted. */
export class Pins {
  #counts = new Map<string, number>();

  pin(key: string): Disposable {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    return {
      [Symbol.dispose]: () => {
        const left = (this.#counts.get(key) ?? 1) - 1;
        if (left > 0) this.#counts.set(key, left);
        else this.#counts.delete(key);
      },
    };
  }

  has(key: string): boolean {
    return this.#counts.has(key);
  }

  count(key: string): number {
    return this.#counts.get(key) ?? 0;
  }
}

/** The lock of one replica: a deposit, a copy, a delete of the same bytes take turns. */
export function replicaKey(digest: string, place: string): string {
  return `${digest}@${place}`;
}
