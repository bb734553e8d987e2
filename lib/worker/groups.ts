/** Work that is done in groups: what arrives while some are under way goes together into the next. */

/** What became of one item of a group. */
export type Settled<Result> = { value: Result } | { error: unknown };

export interface GroupsOptions<Item, Result> {
  /** Items of a group, at most, so that a burst does not make every caller wait for its last. */
  most: number;
  /** What a group's items come to together, at most; one that is larger goes by itself. */
  size?: { most: number; of: (item: Item) => number };
  /** Groups under way at once; 1 when not given. */
  atOnce?: number;
  /** Does a group; resolves to an answer for each item, in their order. Where it rejects, all fail. */
  work: (items: Item[]) => Promise<Settled<Result>[]>;
}

interface Waiting<Item, Result> {
  item: Item;
  size: number;
  answer: PromiseWithResolvers<Result>;
}

/**
 * Items from many callers, done a group at a time: one by one while few come, many at once while
 * many do. An item must stay as it is until its answer.
 */
export class Groups<Item, Result> {
  readonly #most: { items: number; size: number };
  readonly #sizeOf: (item: Item) => number;
  readonly #atOnce: number;
  readonly #work: GroupsOptions<Item, Result>["work"];
  #waiting: Waiting<Item, Result>[] = [];
  /** Of all that wait. */
  #size = 0;
  #underWay = new Set<Promise<void>>();
  #isGathering = false;

  constructor({ most, size, atOnce = 1, work }: GroupsOptions<Item, Result>) {
    this.#most = { items: most, size: size?.most ?? Infinity };
    this.#sizeOf = size?.of ?? (() => 0);
    this.#atOnce = atOnce;
    this.#work = work;
  }

  /** Has it done, with whatever else comes before there is a group for it. */
  add(item: Item): Promise<Result> {
    const answer = Promise.withResolvers<Result>();
    const size = this.#sizeOf(item);
    this.#waiting.push({ item, size, answer });
    this.#size += size;
    this.#gather();
    return answer.promise;
  }

  /** Resolves when all that was added is done. */
  async idle(): Promise<void> {
    while (this.#waiting.length > 0 || this.#underWay.size > 0) {
      if (this.#underWay.size === 0) this.#begin();
      await Promise.all(this.#underWay);
    }
  }

  /** Lets the items of one turn share a group; while others are under way, those of an event. */
  #gather(): void {
    if (this.#isGathering || this.#underWay.size === this.#atOnce) return;
    this.#isGathering = true;
    const begin = () => {
      this.#isGathering = false;
      this.#begin();
    };
    if (this.#underWay.size === 0) queueMicrotask(begin);
    else setTimeout(begin, 0);
  }

  #begin(): void {
    while (this.#underWay.size < this.#atOnce && this.#isWorthIt()) {
      const group = this.#run(this.#next());
      this.#underWay.add(group);
      group.then(() => {
        this.#underWay.delete(group);
        if (this.#waiting.length > 0) this.#gather();
      });
    }
  }

  /** Few items wait for more while others are under way. */
  #isWorthIt(): boolean {
    const { items, size } = this.#most;
    const { length } = this.#waiting;
    return length > 0 && (
      this.#underWay.size === 0 || length * 2 >= items || this.#size * 2 >= size
    );
  }

  #next(): Waiting<Item, Result>[] {
    let count = 0;
    let size = 0;
    for (const { size: more } of this.#waiting) {
      if (count === this.#most.items || (count > 0 && size + more > this.#most.size)) break;
      count++;
      size += more;
    }
    this.#size -= size;
    return this.#waiting.splice(0, count);
  }

  async #run(group: Waiting<Item, Result>[]): Promise<void> {
    try {
      const settled = await this.#work(group.map(({ item }) => item));
      group.forEach(({ answer }, index) => settle(answer, settled[index]!));
    } catch (error) {
      for (const { answer } of group) answer.reject(error);
    }
  }
}

function settle<Result>(answer: PromiseWithResolvers<Result>, settled: Settled<Result>): void {
  if ("error" in settled) answer.reject(settled.error);
  else answer.resolve(settled.value);
}
