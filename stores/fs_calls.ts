/**
 * The calls to one disk. A disk may hang, as one that dies, or as an NFS server's that is not there
 * any more: what is asked of it returns neither well nor badly, and each such call keeps one of the
 * few threads (32) that the runtime has for all disks. So of each kind only some are under way on a
 * disk at once, and the others wait for their turn. When it is let go of, all who wait for it are
 * told; the calls themselves cannot be ended, and it is told when none is left.
 */
import { Budget } from "../lib/content/budget.ts";

/**
 * So many are under way at once. What can last, a whole file's hash or a commit with its sync, is apart
 * from what others wait for. A commit can take two threads: all together leave some of a disk that
 * hangs for the others.
 */
const AT_ONCE = { ask: 1, read: 4, hash: 2, begin: 4, write: 3, commit: 6, change: 2, close: 1 };

export type CallKind = keyof typeof AT_ONCE;

/**
 * Of a disk that gave no answer for so long nothing is closed before it gives one: the runtime
 * closes files in the thread that has the sockets, and some file systems write then. Milliseconds.
 */
const QUIET_MS = 1_000;

interface UnderWay {
  kind: CallKind;
  /** Monotonic milliseconds. */
  since: number;
  reject(reason: Error): void;
}

export class DiskCalls {
  readonly #turns = new Map(
    Object.entries(AT_ONCE).map(([kind, most]) => [kind, new Budget(most)]),
  );
  /** The oldest first. */
  readonly #underWay = new Set<UnderWay>();
  /** Monotonic milliseconds. */
  #answeredAt = -Infinity;
  /** When the latest commit began that has an answer. Monotonic milliseconds. */
  #committedSince = -Infinity;
  #toClose: (() => PromiseLike<unknown>)[] = [];
  readonly #left = new AbortController();
  readonly #over = Promise.withResolvers<void>();

  /** `now`: monotonic milliseconds. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** For how long the oldest call under way has had no answer, of those that do not take long. */
  get waitingMs(): number {
    for (const { kind, since } of this.#underWay) if (kind !== "hash") return this.now() - since;
    return 0;
  }

  /** Whether a commit that began after `time` has its answer: the disk is slow, then. */
  hasCommittedSince(time: number): boolean {
    return this.#committedSince > time;
  }

  /** Aborted when the disk is let go of. */
  get left(): AbortSignal {
    return this.#left.signal;
  }

  /** Asks in turn. Throws what `call` throws, or why the disk was let go of. */
  async ask<T>(kind: CallKind, call: () => PromiseLike<T>): Promise<T> {
    const turns = this.#turns.get(kind)!;
    using _turn = turns.tryTake(1) ?? await turns.take(1, this.#left.signal);
    return await this.askNow(kind, call);
  }

  /** As `ask`, out of turn: for what keeps no thread, or comes one at a time. */
  askNow<T>(kind: CallKind, call: () => PromiseLike<T>): Promise<T> {
    const { signal } = this.#left;
    if (signal.aborted) return Promise.reject(signal.reason);
    const answer = Promise.withResolvers<T>();
    const underWay = { kind, since: this.now(), reject: answer.reject };
    this.#underWay.add(underWay);
    this.#follow(call, answer, underWay);
    return answer.promise;
  }

  /** Goes through a list, each step of which is a call of its own. */
  async *each<T>(list: () => AsyncGenerator<T>): AsyncGenerator<T> {
    const items = list();
    let isOver = false;
    try {
      while (true) {
        const { done, value } = await this.ask("read", () => items.next());
        if (done) {
          isOver = true;
          return;
        }
        yield value;
      }
    } finally {
      if (!isOver) await this.close(() => items.return(undefined));
    }
  }

  /**
   * Closes what is open, now or when the disk answers again. `inPlace`: the call is over when it
   * returns. Throws what `call` throws now.
   */
  async close(call: () => PromiseLike<unknown>, { inPlace = false } = {}): Promise<void> {
    const { signal } = this.#left;
    if (signal.aborted) return this.#closeAtEnd(call);
    if (this.#quietMs >= QUIET_MS) return void this.#toClose.push(call);
    if (inPlace) return void await call();
    let isBegun = false;
    try {
      await this.ask("close", () => {
        isBegun = true;
        return call();
      });
    } catch (error) {
      if (!signal.aborted) throw error;
      if (!isBegun) this.#closeAtEnd(call);
    }
  }

  /**
   * Whoever waits gets `why`, now and later. Resolves when nothing is under way any more, which a
   * disk that hangs decides.
   */
  letGo(why: Error): Promise<void> {
    this.#left.abort(why);
    for (const { reject } of this.#underWay) reject(why);
    for (const call of this.#toClose.splice(0)) this.#closeAtEnd(call);
    if (this.#underWay.size === 0) this.#over.resolve();
    return this.#over.promise;
  }

  /** For how long there was no answer, of those that are waited for. */
  get #quietMs(): number {
    return Math.min(this.waitingMs, this.now() - this.#answeredAt);
  }

  async #follow<T>(
    call: () => PromiseLike<T>,
    { resolve, reject }: PromiseWithResolvers<T>,
    underWay: UnderWay,
  ): Promise<void> {
    try {
      const value = await call();
      // Nobody has what it opened.
      if (this.#left.signal.aborted) await disposeOf(value);
      resolve(value);
    } catch (error) {
      reject(error);
    } finally {
      this.#answered(underWay);
    }
  }

  /** Never throws. */
  #answered(underWay: UnderWay): void {
    this.#underWay.delete(underWay);
    this.#answeredAt = this.now();
    const { kind, since } = underWay;
    if (kind === "commit") this.#committedSince = Math.max(this.#committedSince, since);
    if (this.#toClose.length > 0) this.#closeNow();
    if (this.#left.signal.aborted && this.#underWay.size === 0) this.#over.resolve();
  }

  #closeNow(): void {
    for (const call of this.#toClose.splice(0)) this.close(call).catch(() => {});
  }

  #closeAtEnd(call: () => PromiseLike<unknown>): void {
    this.#over.promise.then(call).catch(() => {});
  }
}

async function disposeOf(late: unknown): Promise<void> {
  await (late as Partial<AsyncDisposable> | null | undefined)?.[Symbol.asyncDispose]?.();
}
