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
  /** Of all that wait. */
  #size = 0;
  #underWay = 0;
  #isGathering = false;

  constructor(private readonly options: GroupsOptions<T, R>) {}

  /** Resolves or rejects as `work` says of the item. */
  add(item: T): Promise<R> {
    const answer = Promise.withResolvers<R>();
    this.#waiting.push({ item, answer });
    this.#size += this.options.size(item);
    this.#gather();
    return answer.promise;
  }

  /** What the end of one group lets come is waited for, so that it goes together. */
  #gather(): void {
    if (this.#isGathering) return;
    this.#isGathering = true;
    if (this.#underWay === 0) queueMicrotask(() => this.#begin());
    else setTimeout(() => this.#begin(), 0);
  }

  #begin(): void {
    this.#isGathering = false;
    while (this.#isWorthIt() && this.#underWay < this.options.atOnce) void this.#run(this.#next());
  }

  /** Few items wait for more while others are under way. */
  #isWorthIt(): boolean {
    const { length } = this.#waiting;
    const { items, size } = this.options.most;
    return length > 0 && (this.#underWay === 0 || length * 2 >= items || this.#size * 2 >= size);
  }

  #next(): Waiting<T, R>[] {
    const { most, size } = this.options;
    const group: Waiting<T, R>[] = [];
    for (let left = most.size; group.length < most.items && this.#waiting.length > 0;) {
      const bytes = size(this.#waiting[0]!.item);
      if (bytes > left && group.length > 0) break;
      left -= bytes;
      this.#size -= bytes;
      group.push(this.#waiting.shift()!);
    }
    return group;
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
