/** Many small files at once share exchanges with the depot: what each would cost alone, all do. */
import { Budget } from "../content/budget.ts";
import { digestOf } from "../content/digest.ts";
import { AHEAD_BYTES, BATCH_BYTES, BATCH_ITEMS, Refusal } from "../protocol/mod.ts";
import { Groups, type Settled } from "../worker/groups.ts";
import { type BatchItem, depositItem, exchangeBatch, retrievalItem } from "./batch.ts";
import type { Receipt, StoredFile } from "./records.ts";
import { send, type SendOptions, type SendRequest } from "./send.ts";
import type { Session } from "./session.ts";
import type { Sessions } from "./sessions.ts";
import type { SmallSource } from "./source.ts";

/** So many exchanges at once: one is made or read while the depot works on the others. */
const EXCHANGES = 8;

/**
 * How many files are to be under way at once, so that exchanges over `connections` are full. Over a
 * single one the files go one after the other.
 */
export function filesAtOnce(connections: number): number {
  return connections === 1 ? 1 : BATCH_ITEMS * Math.min(EXCHANGES, connections);
}

export interface SmallFilesOptions {
  /** At once, at most. */
  connections: number;
  /** Ends every exchange. */
  signal?: AbortSignal | undefined;
}

/** How a file is sent, and the file: it is read in place only where it is small. */
export interface SmallOptions extends SendOptions {
  source: SmallSource;
}

interface Deposit {
  /** Of the source. */
  size: number;
  request: SendRequest;
  options: SmallOptions;
}

/** The small files of one command. */
export class SmallFiles {
  #sessions: Sessions;
  #signal: AbortSignal | undefined;
  /** A turn a connection. */
  #turns: Budget;
  #deposits: Groups<Deposit, Receipt>;
  #retrievals: Groups<StoredFile, Uint8Array | null>;

  constructor(sessions: Sessions, { connections, signal }: SmallFilesOptions) {
    this.#sessions = sessions;
    this.#signal = signal;
    this.#turns = new Budget(connections);
    const bounds = {
      atOnce: Math.min(EXCHANGES, connections),
      most: Math.min(BATCH_ITEMS, sessions.batch),
      size: { most: BATCH_BYTES, of: ({ size }: { size: number }) => size },
    };
    this.#deposits = new Groups<Deposit, Receipt>({
      ...bounds,
      work: (group) => this.#deposit(group),
    });
    this.#retrievals = new Groups<StoredFile, Uint8Array | null>({
      ...bounds,
      work: (group) => this.#retrieve(group),
    });
  }

  /** Deposits as `send` does; a small source together with others that come meanwhile. */
  deposit(request: SendRequest, options: SmallOptions): Promise<Receipt> {
    const { source: { size }, known } = options;
    if (known?.isWhole || !this.#mayShare(size)) return this.#depositAlone(request, options);
    return this.#deposits.add({ size, request, options });
  }

  /**
   * The bytes of a small file that is as it was listed, with the right SHA-256, together with others
   * that are asked for meanwhile. `null`: it is to be retrieved by itself, in a turn of `alone`.
   */
  retrieve(file: StoredFile): Promise<Uint8Array | null> {
    return this.#mayShare(file.size) ? this.#retrievals.add(file) : Promise.resolve(null);
  }

  /** Runs what needs a connection to itself when one is free. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    using _turn = await this.#turns.take(1, this.#signal);
    return await work();
  }

  #mayShare(size: number): boolean {
    return size <= AHEAD_BYTES && this.#sessions.batch > 1;
  }

  #depositAlone(request: SendRequest, options: SendOptions): Promise<Receipt> {
    return this.alone(() => send(this.#sessions, request, options));
  }

  async #deposit(group: Deposit[]): Promise<Settled<Receipt>[]> {
    if (group.length === 1) return [await this.#settleAlone(group[0]!)];
    const upload = crypto.randomUUID();
    // One buffer for all: as many small ones would keep the garbage collector busy.
    const bytes = new Uint8Array(group.reduce((sum, { size }) => sum + size, 0));
    let at = 0;
    const items = group.map((deposit) =>
      itemOf(deposit, upload, bytes.subarray(at, at += deposit.size))
    );
    const answers = await this.#exchange(items);
    return await Promise.all(
      answers.map((answer, index) => answer ?? this.#settleAlone(group[index]!)),
    );
  }

  async #settleAlone({ request, options }: Deposit): Promise<Settled<Receipt>> {
    try {
      return { value: await this.#depositAlone(request, options) };
    } catch (error) {
      return { error };
    }
  }

  async #retrieve(group: StoredFile[]): Promise<Settled<Uint8Array | null>[]> {
    const answers = await this.#exchange(group.map((file) => ({ value: retrievalItem(file) })));
    // What is wrong the retrieval by itself finds as well, and knows what to do.
    return answers.map((answer, index) => {
      const isRight = answer && "value" in answer &&
        digestOf(answer.value) === group[index]!.digest;
      return isRight ? answer : { value: null };
    });
  }

  /** What each came to; `null`: it is to be asked for by itself. */
  async #exchange<R>(items: Settled<BatchItem<R>>[]): Promise<(Settled<R> | null)[]> {
    const ready = items.flatMap((item) => "value" in item ? item.value : []);
    const answers = ready.length === 0 ? [] : await this.#send(ready);
    let next = 0;
    return items.map((item) => {
      if (!("value" in item)) return item;
      const answer = answers?.[next++] ?? null;
      return answer && "error" in answer && mayPass(answer.error) ? null : answer;
    });
  }

  /** `null`: the depot takes no such batch. */
  async #send<R>(items: BatchItem<R>[]): Promise<Settled<R>[] | null> {
    const signal = this.#signal;
    const attempt = async (session: Session) =>
      items.length > session.batch
        ? null
        : await session.run(signal, () => exchangeBatch(session, items));
    try {
      return await this.alone(() => this.#sessions.run(attempt, { signal }));
    } catch (error) {
      if (error instanceof Refusal) return null;
      throw error;
    }
  }
}

/** The file as it is sent, whose bytes are put into `data`, or why it cannot be read. */
function itemOf(
  { request, options: { source } }: Deposit,
  upload: string,
  data: Uint8Array,
): Settled<BatchItem<Receipt>> {
  try {
    source.readInto(data);
    return { value: depositItem({ ...request, upload }, source, data) };
  } catch (error) {
    return { error };
  }
}

/** Whether a request that was refused in a batch may be granted by itself. */
function mayPass(error: unknown): boolean {
  return error instanceof Refusal && (error.retry || error.code === "limite");
}
