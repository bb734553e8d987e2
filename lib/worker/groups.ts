/** Work that is done in groups: one is under way, what arrives meanwhile goes into the next. */

/** What became of one item of a group. */
export type Settled<Result> = { value: Result } | { error: unknown };

/** Does a group; resolves to an answer for each item, in their order. Where it rejects, all fail. */
export type GroupWork<Item, Result> = (items: Item[]) => Promise<Settled<Result>[]>;

interface Waiting<Item, Result> {
  item: Item;
  answer: PromiseWithResolvers<Result>;
}

/** Items from many callers, done a group at a time. An item must stay as it is until its answer. */
export class Groups<Item, Result> {
  readonly #most: number;
  readonly #work: GroupWork<Item, Result>;
  #waiting: Waiting<Item, Result>[] = [];
  #sending: Promise<void> | undefined;

  /** `most`: items in a group, so that a burst does not make every caller wait for its last. */
  constructor(most: number, work: GroupWork<Item, Result>) {
    this.#most = most;
    this.#work = work;
  }

  /** Has it done, with whatever else comes before there is a group for it. */
  add(item: Item): Promise<Result> {
    const answer = Promise.withResolvers<Result>();
    this.#waiting.push({ item, answer });
    this.#sending ??= this.#send();
    return answer.promise;
  }

  /** Resolves when all that was added is done. */
  async idle(): Promise<void> {
    await this.#sending;
  }

  async #send(): Promise<void> {
    await null; // lets the items of one turn share the first group
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, this.#most);
      try {
        const settled = await this.#work(group.map(({ item }) => item));
        group.forEach(({ answer }, index) => settle(answer, settled[index]!));
      } catch (error) {
        for (const { answer } of group) answer.reject(error);
      }
    }
    this.#sending = undefined;
  }
}

function settle<Result>(answer: PromiseWithResolvers<Result>, settled: Settled<Result>): void {
  if ("error" in settled) answer.reject(settled.error);
  else answer.resolve(settled.value);
}
