import {
  BadPeer,
  Connection,
  ConnectionLost,
  type ConnectionOptions,
  encode,
  PAGE_ITEMS,
  PROTOCOL_VERSION,
  REPLIES,
  REQUESTS,
  requireName,
  Unanswered,
  type Values,
} from "../protocol/mod.ts";
import { Blocks } from "./blocks.ts";
import { machineName } from "./machine.ts";
import { readLateReply, readReply, type WorkProgress } from "./peer.ts";
import {
  type DepositedFile,
  type DepotStatus,
  depotStatus,
  fileOfContent,
  fileOfReceipt,
  type FileStatus,
  requireTime,
  type StoredFile,
} from "./records.ts";

/** A host and a TCP port. */
export interface Address {
  /** A name or an address. */
  hostname: string;
  /** The port; a depot's is 7420 when its operator chose no other. */
  port: number;
}

export interface SessionOptions extends ConnectionOptions {
  /** The identifier to come back with; `null`: a first connection, and the depot makes one. */
  id: string | null;
  signal?: AbortSignal | undefined;
}

/** How to change a number of copies. */
export interface ReplicasOptions {
  /** Resolve as soon as so many copies are on disk, 0 at once. All of them without. */
  wait?: number | null | undefined;
  /** Aborted: ends with the signal's reason. The number is changed all the same. */
  signal?: AbortSignal | undefined;
  /** Told how far the copies are. */
  onProgress?: ((progress: WorkProgress) => void) | undefined;
}

/** How to remove. */
export interface RemoveOptions {
  /** It cannot be restored, nor what was removed or replaced under the name before. */
  forever?: boolean | undefined;
  /** Aborted: the request ends, and rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

export interface PageOptions {
  prefix?: string;
  /** Only names that come after this one. */
  after?: string;
  signal?: AbortSignal | undefined;
}

/** A part of a listing. `more`: there are files after the last one. */
export interface Page {
  files: StoredFile[];
  more: boolean;
}

/** Lines of one answer that has no pages, at most. */
const LINES_OF_AN_ANSWER = 100_000;

const ENCODER = new TextEncoder();

/**
 * A connection on which a depot has accepted this client. One request at a time. After anything
 * but a `Refusal` was thrown the session is over. Aborting a request's signal ends the session.
 */
export class Session implements Disposable {
  readonly connection: Connection;
  /** The buffers that transfers on this session take turns with. */
  readonly blocks: Blocks = new Blocks();
  /** The identifier that this client has at this depot. */
  readonly id: string;
  /** The depot's own. */
  readonly depot: string;
  /** How many replicas a new file could have when this session began. */
  readonly available: number;
  /** So many requests the depot takes in one batch; 0: none. */
  readonly batch: number;

  private constructor(
    connection: Connection,
    answer: Values<typeof REPLIES.connected>,
  ) {
    this.connection = connection;
    this.id = answer.id;
    this.available = answer.available;
    this.depot = answer.depot;
    this.batch = answer.batch ?? 0;
  }

  /** Connects and says who it is. Throws `ConnectionLost`, `Refusal`, `BadPeer`. */
  static async open(address: Address, options: SessionOptions): Promise<Session> {
    const { id, signal, patienceMs } = options;
    const connection = await Connection.open(address, {
      ...(patienceMs === undefined ? {} : { patienceMs }),
      ...(signal ? { signal } : {}),
    });
    try {
      return await whileAlive(connection, signal, async () => {
        const hello = { id, version: PROTOCOL_VERSION, machine: machineName() };
        await connection.writeLine(encode(REQUESTS.connect, hello));
        const answer = await readReply(connection, REPLIES.connected).catch((error) => {
          throw error instanceof Unanswered ? nobodyAt(address, error) : error;
        });
        if (id !== null && answer.id !== id) {
          throw new BadPeer("The depot answered for another identifier than was asked for");
        }
        return new Session(connection, answer);
      });
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** Runs `work` on the connection; aborting `signal` closes it and rejects with the reason. */
  run<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    return whileAlive(this.connection, signal, work);
  }

  /** The next files whose names start with `prefix` and come after `after`, ascending. */
  page({ prefix = "", after = "", signal }: PageOptions = {}): Promise<Page> {
    return this.run(signal, async () => {
      const request = { after: after || null, limit: PAGE_ITEMS, prefix: prefix || null };
      await this.connection.writeLine(encode(REQUESTS.list, request));
      const { count, more } = await readReply(this.connection, REPLIES.items);
      if (count > PAGE_ITEMS) throw new BadPeer(`The depot announced ${count} files in a page`);
      if (more && count === 0) throw new BadPeer("The depot sent an empty page");
      let last = after;
      const files = await this.#lines(count, async () => {
        const line = await readReply(this.connection, REPLIES.file);
        if (!line.name.startsWith(prefix) || !comesAfter(line.name, last)) {
          throw new BadPeer("The depot listed a name that does not belong there");
        }
        last = line.name;
        return fileOfContent(line.name, line);
      });
      return { files, more };
    });
  }

  /** Changes how many replicas a file wants; resolves when `wait` of them are durable. */
  replicas(name: string, count: number, options: ReplicasOptions = {}): Promise<DepositedFile> {
    return this.run(options.signal, async () => {
      const request = { replicas: count, wait: options.wait ?? null, name: requireName(name) };
      await this.connection.writeLine(encode(REQUESTS.replicas, request));
      const onProgress = options.onProgress ?? (() => {});
      const receipt = await readLateReply(this.connection, REPLIES.receipt, onProgress);
      if (receipt.wanted !== count) {
        throw new BadPeer("The depot sent a receipt for another number than was asked for");
      }
      return fileOfReceipt(name, receipt);
    });
  }

  /**
   * Removes a file; resolves to until when it can be restored, in milliseconds since 1970, or
   * `null`. Throws `nao_encontrado` when there is none.
   */
  remove(name: string, { forever = false, signal }: RemoveOptions = {}): Promise<number | null> {
    return this.run(signal, async () => {
      const request = { forever: forever || null, name: requireName(name) };
      await this.connection.writeLine(encode(REQUESTS.remove, request));
      const { keptUntil } = await readReply(this.connection, REPLIES.removed);
      return keptUntil === null ? null : requireTime(keptUntil);
    });
  }

  /** What the owner has, and how the depot is. */
  status(signal?: AbortSignal): Promise<DepotStatus> {
    return this.run(signal, async () => {
      await this.connection.writeLine(encode(REQUESTS.status, {}));
      const line = await readReply(this.connection, REPLIES.status);
      const places = await this.#lines(line.places, async () => {
        const { label, draining, ...place } = await readReply(this.connection, REPLIES.place);
        return { ...place, draining: draining ?? false, name: label || place.id };
      });
      return depotStatus(line, places);
    });
  }

  /** One file, with each of its copies. */
  fileStatus(name: string, signal?: AbortSignal): Promise<FileStatus> {
    return this.run(signal, async () => {
      await this.connection.writeLine(encode(REQUESTS.fileStatus, { name: requireName(name) }));
      const { replicas, repair, repairInMs } = await readReply(
        this.connection,
        REPLIES.fileStatus,
      );
      const line = await readReply(this.connection, REPLIES.file);
      if (line.name !== name) throw new BadPeer("The depot told of another file");
      const copies = await this.#lines(replicas, async () => {
        const { label, draining, ...copy } = await readReply(this.connection, REPLIES.replica);
        if (copy.verifiedAt !== null) requireTime(copy.verifiedAt);
        return { ...copy, draining: draining ?? false, name: label || copy.place };
      });
      const file = fileOfContent(name, line);
      return { file, copies, repair: repair === null ? null : { state: repair, inMs: repairInMs } };
    });
  }

  [Symbol.dispose](): void {
    this.connection.close();
  }

  async #lines<T>(count: number, readOne: () => Promise<T>): Promise<T[]> {
    if (count > LINES_OF_AN_ANSWER) throw new BadPeer(`The depot announced ${count} lines`);
    const items: T[] = [];
    while (items.length < count) items.push(await readOne());
    return items;
  }
}

/** Whether `name` comes after `other`, compared as UTF-8 bytes. */
export function comesAfter(name: string, other: string): boolean {
  const [a, b] = [ENCODER.encode(name), ENCODER.encode(other)];
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    if (a[at] !== b[at]) return a[at]! > b[at]!;
  }
  return a.length > b.length;
}

/** Something took the connection and said nothing: another service, or a depot that is ending. */
function nobodyAt({ hostname, port }: Address, cause: Error): ConnectionLost {
  return new ConnectionLost(`No depot answers at ${hostname}:${port}`, { cause });
}

async function whileAlive<T>(
  connection: Connection,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const stop = () => connection.close();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    return await work();
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}
