/** Items that several workers take, one after the other, known of before their turn. */

/** So many items are known of before their turn comes. */
const ITEMS_AHEAD = 10_000;

/** After so many that came without waiting, whatever else is to be done has its turn. */
const ITEMS_IN_A_ROW = 64;

export type Items<T> = AsyncIterable<T> | Iterable<T>;

/** Who is told of items that are read as far ahead as memory allows. */
export interface Ahead<T> {
  /** Told of each item as soon as it is known. */
  onItem(item: T): void;
  /** Told when there are no more. */
  onEnd(): void;
}

/** An item, and how many came before it. */
export interface Next<T> {
  index: number;
  item: T;
}

/** The items, in their order. Without somebody to tell of them they are read when they are asked for. */
export class Queue<T> implements Disposable {
  /** What the items threw; it comes after the items before it, and none come after it. */
  broken: { reason: unknown } | null = null;
  readonly #iterator: AsyncIterator<T> | Iterator<T>;
  readonly #told: Ahead<T> | undefined;
  /** So many are to be known of. */
  #most: number;
  /** All that were read. */
  #items: T[] = [];
  /** How many of them were given away. */
  #given = 0;
  #returned: T[] = [];
  #waiting: ((next: Next<T> | null) => void)[] = [];
  #isReading = false;
  #isAtEnd = false;

  constructor(items: Items<T>, ahead?: Ahead<T>) {
    this.#iterator = Symbol.asyncIterator in items
      ? items[Symbol.asyncIterator]()
      : items[Symbol.iterator]();
    this.#told = ahead;
    this.#most = ahead ? ITEMS_AHEAD : 0;
  }

  /** `null`: no more. */
  next(): Promise<Next<T> | null> | Next<T> | null {
    const next = this.#take();
    if (next || this.#isAtEnd) {
      if (this.#ahead * 2 < this.#most) this.#read();
      return next;
    }
    const { promise, resolve } = Promise.withResolvers<Next<T> | null>();
    this.#waiting.push(resolve);
    this.#read();
    return promise;
  }

  /** It was taken and not begun. */
  giveBack(item: T): void {
    this.#returned.push(item);
  }

  /** What nobody took. */
  async rest(): Promise<T[]> {
    for (let next = await this.next(); next; next = await this.next()) this.giveBack(next.item);
    return this.#returned;
  }

  /** Nothing more is read. */
  [Symbol.dispose](): void {
    this.#most = 0;
  }

  get #ahead(): number {
    return this.#items.length - this.#given;
  }

  #take(): Next<T> | null {
    if (this.#ahead === 0) return null;
    const index = this.#given++;
    return { index, item: this.#items[index]! };
  }

  async #read(): Promise<void> {
    if (this.#isReading || this.#isAtEnd) return;
    this.#isReading = true;
    try {
      for (let count = 1; this.#waiting.length > 0 || this.#ahead < this.#most; count++) {
        const read = this.#iterator.next();
        const { done, value } = read instanceof Promise ? await read : read;
        if (done) {
          this.#told?.onEnd();
          this.#end();
          break;
        }
        this.#told?.onItem(value);
        this.#items.push(value);
        this.#waiting.shift()?.(this.#take());
        if (count % ITEMS_IN_A_ROW === 0) await new Promise((resolve) => setTimeout(resolve, 0));
      }
    } catch (reason) {
      this.broken = { reason };
      this.#end();
    }
    this.#isReading = false;
  }

  #end(): void {
    this.#isAtEnd = true;
    for (const give of this.#waiting.splice(0)) give(null);
  }
}
