/** Items that come while others are under way go on together. */

/** How one item of a group went. */
export type Settled<R> = { value: R } | { reason: unknown };

export interface GroupsOptions<T, R> {
  /** Groups under way at once. */
  atOnce: number;
  /** Items of a group, and what `size` makes of them together, at most. */
  most: { items: number; size: number };
  size: (item: T) => number;
  /** Does a group's work: resolves to how each item went, in their order. */
  work: (items: T[]) => Promise<Settled<R>[]>;
}

interface Waiting<T, R> {
  item: T;
  answer: PromiseWithResolvers<R>;
}

/** Gathers items into groups: one by one while there are few, many at once while there are many. */
export class Groups<T, R> {
  #waiting: Waiting<T, R>[] = [];
  #underWay = 0;

  constructor(private readonly options: GroupsOptions<T, R>) {}

  /** Resolves or rejects as `work` says of the item. */
  add(item: T): Promise<R> {
    const answer = Promise.withResolvers<R>();
    this.#waiting.push({ item, answer });
    if (this.#waiting.length === 1) this.#gather();
    return answer.promise;
  }

  /** What the end of one group lets come is waited for, so that it goes together. */
  #gather(): void {
    if (this.#underWay === 0) queueMicrotask(() => this.#begin());
    else setTimeout(() => this.#begin(), 0);
  }

  #begin(): void {
    while (this.#waiting.length > 0 && this.#underWay < this.options.atOnce) {
      void this.#run(this.#next());
    }
  }

  #next(): Waiting<T, R>[] {
    const { most, size } = this.options;
    let total = 0;
    const beyond = this.#waiting.findIndex(({ item }, index) =>
      index === most.items || ((total += size(item)) > most.size && index > 0)
    );
    return this.#waiting.splice(0, beyond === -1 ? this.#waiting.length : beyond);
  }

  async #run(group: Waiting<T, R>[]): Promise<void> {
    this.#underWay++;
    try {
      const settled = await this.options.work(group.map(({ item }) => item));
      group.forEach(({ answer }, index) => {
        const one = settled[index]!;
        if ("value" in one) answer.resolve(one.value);
        else answer.reject(one.reason);
      });
    } catch (error) {
      for (const { answer } of group) answer.reject(error);
    } finally {
      this.#underWay--;
      if (this.#waiting.length > 0) this.#gather();
    }
  }
}
