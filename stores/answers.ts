/** Asking a plugin: every call is answered in time or fails, and fails with an `Error`. */
import { Unreachable } from "./store.ts";

/** Calls `late` after so many milliseconds, unless what it answers is called before. */
export type Timer = (late: () => void, ms: number) => () => void;

/** How long a plugin may take. Milliseconds. */
export interface PluginLimits {
  /** Importing the module and making the store. */
  openMs: number;
  /** From the start to `ready`, in all. */
  readyMs: number;
  /** Any call that moves at most a piece of a content. */
  answerMs: number;
  /** Calls that may have to sync or copy a whole content. */
  workMs: number;
  /** Ending the events, and the store. */
  closeMs: number;
  /** What measures them. */
  timer: Timer;
}

export const PLUGIN_LIMITS: PluginLimits = {
  openMs: 30_000,
  readyMs: 30_000,
  // Less than the patience of clients, so that a deposit goes on elsewhere before they give up.
  answerMs: 20_000,
  workMs: 600_000,
  closeMs: 5_000,
  timer(late, ms) {
    const timer = setTimeout(late, ms);
    return () => clearTimeout(timer);
  },
};

/** A call that was given up. */
class NoAnswer extends Error {}

/** Resolves to what `call` does; rejects when that takes longer than `ms`, and always with an `Error`. */
export async function inTime<T>(
  call: () => T | PromiseLike<T>,
  ms: number,
  { timer }: { timer: Timer },
): Promise<T> {
  const late = Promise.withResolvers<never>();
  const stop = timer(() => late.reject(new NoAnswer(`no answer within ${ms / 1000} s`)), ms);
  try {
    // What is thrown at once is a rejection, too.
    return await Promise.race([(async () => await call())(), late.promise]);
  } catch (error) {
    throw asError(error);
  } finally {
    stop();
  }
}

/** What a plugin threw, which may be anything. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}

/** An error's message as one line without control characters. */
export function reasonOf(error: unknown): string {
  // deno-lint-ignore no-control-regex
  const text = asError(error).message.replace(/[\s\x00-\x1f\x7f-\x9f]+/g, " ").trim();
  return text.slice(0, 500) || "it gave no reason";
}

export interface AnswersOptions {
  limits: PluginLimits;
  /** A call was given up (true), or the last one that was given up has come to an end (false). */
  onHanging(hanging: boolean, verb: string): void;
}

/**
 * The calls to one place. After one that was given up the place counts as unreachable, and every
 * other call fails at once, until that one comes to an end: nobody waits for the same place twice.
 */
export class Answers {
  readonly #options: AnswersOptions;
  #hanging = 0;

  constructor(readonly name: string, options: AnswersOptions) {
    this.#options = options;
  }

  /** A call that moves at most a piece of a content. */
  ask<T>(verb: string, call: () => T | PromiseLike<T>): Promise<T> {
    this.#refuseHanging(verb);
    return this.#bounded(verb, call, this.#options.limits.answerMs);
  }

  /** A call that may have to sync or copy a whole content. */
  work<T>(verb: string, call: () => T | PromiseLike<T>): Promise<T> {
    this.#refuseHanging(verb);
    return this.#bounded(verb, call, this.#options.limits.workMs);
  }

  /** A call that may take as long as its signal allows. */
  async until<T>(signal: AbortSignal, verb: string, call: () => PromiseLike<T>): Promise<T> {
    signal.throwIfAborted();
    this.#refuseHanging(verb);
    const stopped = Promise.withResolvers<never>();
    const stop = () => stopped.reject(signal.reason);
    signal.addEventListener("abort", stop);
    try {
      return await Promise.race([(async () => await call())(), stopped.promise]);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** As `ask`, also while another call hangs: what was opened must be closed. */
  close(verb: string, call: () => PromiseLike<void>): Promise<void> {
    return this.#bounded(verb, call, this.#options.limits.answerMs);
  }

  /** Goes through what a plugin lists; `check` judges each item and throws. */
  async *each<T>(
    verb: string,
    list: () => AsyncIterable<T>,
    check: (item: T) => T,
  ): AsyncGenerator<T> {
    const iterator = await this.ask(verb, () => list()[Symbol.asyncIterator]());
    let ended = false;
    try {
      while (true) {
        ended = true;
        const { done, value } = await this.ask(verb, () => iterator.next());
        if (done) return;
        ended = false;
        yield check(value);
      }
    } finally {
      // An iterator that ended, threw or hangs has nothing to be told.
      if (!ended) await this.close(verb, async () => void await iterator.return?.());
    }
  }

  #refuseHanging(verb: string): void {
    if (this.#hanging === 0) return;
    throw new Unreachable(`Could not ask ${this.name} to ${verb}: an earlier call hangs`);
  }

  async #bounded<T>(verb: string, call: () => T | PromiseLike<T>, ms: number): Promise<T> {
    const answer = (async () => await call())();
    try {
      return await inTime(() => answer, ms, this.#options.limits);
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      this.#giveUp(verb, answer);
      throw new Unreachable(`Could not ask ${this.name} to ${verb}: ${error.message}`);
    }
  }

  #giveUp(verb: string, answer: Promise<unknown>): void {
    if (this.#hanging++ === 0) this.#options.onHanging(true, verb);
    const end = () => {
      if (--this.#hanging === 0) this.#options.onHanging(false, verb);
    };
    // Nobody waits any more for what a late answer may have opened.
    answer.then(dispose).catch(() => {}).then(end);
  }
}

async function dispose(late: unknown): Promise<void> {
  await (late as Partial<AsyncDisposable> | null | undefined)?.[Symbol.asyncDispose]?.();
}
