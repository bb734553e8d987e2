import { ConnectionLost } from "../protocol/mod.ts";
import { type Ahead, type Items, Queue } from "./queue.ts";

/** How one item of many went. */
export interface Outcome<T, R> {
  item: T;
  /** `undefined`: it failed. */
  result?: R | undefined;
  /** Why it failed. */
  error?: unknown;
  /** The others would fail of the same. */
  befallsAll?: boolean;
}

export interface ParallelOptions<T, R> {
  /** Items at once. */
  atOnce: number;
  signal?: AbortSignal | undefined;
  /** Told of items before their turn; without it they are read when their turn comes. */
  ahead?: Ahead<T>;
  /** As each is done. */
  onDone?: (outcome: Outcome<T, R>) => void;
  /** Whether every other item would fail of that as well. A depot that is gone is never asked about. */
  befallsAll?: (error: unknown) => boolean | Promise<boolean>;
  /** Items that a signal left are told of as well, as far as `items` go on giving them. */
  tellsRest?: boolean;
}

/** How many items went. */
export interface Many<T, R> {
  /** In the order of the items; failures are among them. */
  outcomes: Outcome<T, R>[];
  /** Those known of that were never begun. */
  notBegun: T[];
  /** What they would have failed of, as others did; `null`: nothing of that. */
  hopeless: { error: unknown } | null;
  /** Why not all were begun: what the items threw, the signal's reason; `null`: nothing of that. */
  stopped: { reason: unknown } | null;
}

/** Once a signal came, the depot is asked for the rest for so long. Milliseconds. */
const REST_MS = 5_000;

/**
 * Does `work` for each of `items`, several at once. Goes on after failures, except when the depot
 * cannot be reached any more, when a failure befalls all, or when the signal aborts. `items` may be
 * made with a signal, which aborts when the depot cannot be reached: who asks the depot for them then
 * stops. Throws only what `onDone` and `befallsAll` throw.
 */
export async function inParallel<T, R>(
  items: Items<T> | ((signal: AbortSignal) => Items<T>),
  options: ParallelOptions<T, R> & { work: (item: T) => Promise<R> },
): Promise<Many<T, R>> {
  const gone = new AbortController();
  using end = delayed(options.signal, options.tellsRest ? REST_MS : 0);
  const either = AbortSignal.any([gone.signal, end.signal]);
  const made = typeof items === "function" ? items(either) : items;
  using queue = new Queue(made, options.ahead);
  const outcomes: { index: number; outcome: Outcome<T, R> }[] = [];
  let failed: { reason: unknown } | null = null;
  let hopeless: { error: unknown } | null = null;
  const isOver = () => failed ?? hopeless ?? options.signal?.aborted;
  const worker = async () => {
    while (!isOver()) {
      const next = await queue.next();
      if (!next) return;
      if (isOver()) return queue.giveBack(next.item);
      try {
        const outcome = await attempt(next.item, options);
        outcomes.push({ index: next.index, outcome });
        if (outcome.befallsAll) hopeless ??= { error: outcome.error };
        if (outcome.error instanceof ConnectionLost) gone.abort();
        options.onDone?.(outcome);
      } catch (reason) {
        failed ??= { reason };
      }
    }
  };
  await Promise.all(Array.from({ length: options.atOnce }, worker));
  if (failed) throw (failed as { reason: unknown }).reason;
  const isStopped = options.signal?.aborted ?? false;
  const isRestTold = isStopped ? options.tellsRest : hopeless !== null;
  const notBegun = isRestTold ? await queue.rest() : [];
  const broken = gone.signal.aborted ? null : queue.broken;
  return {
    outcomes: outcomes.sort((a, b) => a.index - b.index).map(({ outcome }) => outcome),
    notBegun,
    hopeless: isStopped ? null : hopeless,
    stopped: isStopped ? { reason: options.signal!.reason } : broken,
  };
}

/** Aborts as `signal` does, so much later. */
function delayed(
  signal: AbortSignal | undefined,
  ms: number,
): Disposable & { signal: AbortSignal } {
  const late = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const begin = () => timer = setTimeout(() => late.abort(signal?.reason), ms);
  const abort = () => ms > 0 ? begin() : late.abort(signal?.reason);
  if (signal?.aborted) abort();
  else signal?.addEventListener("abort", abort, { once: true });
  return {
    signal: late.signal,
    [Symbol.dispose]() {
      signal?.removeEventListener("abort", abort);
      clearTimeout(timer);
    },
  };
}

async function attempt<T, R>(
  item: T,
  { work, befallsAll }: {
    work: (item: T) => Promise<R>;
    befallsAll?: ParallelOptions<T, R>["befallsAll"];
  },
): Promise<Outcome<T, R>> {
  try {
    return { item, result: await work(item) };
  } catch (error) {
    const isAlike = error instanceof ConnectionLost || await befallsAll?.(error);
    return { item, error, ...isAlike ? { befallsAll: true } : {} };
  }
}
