/** A holder that speaks the protocol as badly as a test wants. */
import type { Session } from "../../lib/client/session.ts";
import {
  type Connection,
  ConnectionLost,
  CONTROL,
  decodeHolderRequest,
  encode,
  encodeError,
  HOLDER_REPLIES,
  type HolderRequest,
  Refusal,
  REPLIES,
  REQUESTS,
} from "../../lib/protocol/mod.ts";
import { readReply } from "../../lib/client/peer.ts";
import type { ListeningDepot } from "./holding_bench.ts";

/** What the holder does with each request; without one it answers as an empty holder would. */
export type Manners = Partial<
  {
    [K in HolderRequest["kind"]]: (
      request: Extract<HolderRequest, { kind: K }>,
      connection: Connection,
    ) => Promise<void> | void;
  }
>;

export interface BadHolderOptions {
  name: string;
  secret?: string;
  zone?: string;
  changes?: number;
  manners?: Manners;
}

/** The marks that were set, by secret: what a holder has on its disk outlasts its sessions. */
const MARKS = new Map<string, string>();

/** Data connections, opened at once and never again. */
const LINES = 6;

/** Disposing it cuts its connections, without a goodbye. */
export class BadHolder implements Disposable {
  readonly secret: string;
  place = "";
  #open: Connection[] = [];
  #mark: string;

  private constructor(private readonly options: BadHolderOptions) {
    this.secret = options.secret ?? crypto.randomUUID();
    this.#mark = MARKS.get(this.secret) ?? ABSENT;
  }

  static async join(depot: ListeningDepot, options: BadHolderOptions): Promise<BadHolder> {
    const holder = new BadHolder(options);
    const session = await depot.connect();
    holder.#open.push(session.connection);
    try {
      await holder.#lend(session);
    } catch (error) {
      session.connection.close();
      throw error;
    }
    for (let line = 0; line < LINES; line++) {
      // One that was put out already gets no more.
      if (!await holder.#serve(depot).then(() => true, () => false)) break;
    }
    return holder;
  }

  /** The control connection. */
  get control(): Connection {
    return this.#open[0]!;
  }

  async sayAlive(): Promise<void> {
    await this.control.writeLine(encode(CONTROL.alive, { capacity: 1e12, free: 1e12 }));
    await readReply(this.control, HOLDER_REPLIES.alive);
  }

  [Symbol.dispose](): void {
    for (const connection of this.#open) connection.close();
  }

  async #lend({ connection }: Session): Promise<void> {
    const { name, zone = name } = this.options;
    await connection.writeLine(encode(REQUESTS.lend, {
      secret: this.secret,
      zone,
      machine: null,
      disk: null,
      capacity: 1e12,
      free: 1e12,
      changes: this.options.changes ?? 0,
      leaving: null,
      name,
    }));
    this.place = (await readReply(connection, REPLIES.lent)).place;
  }

  async #serve(depot: ListeningDepot): Promise<void> {
    const { connection } = await depot.connect();
    this.#open.push(connection);
    await connection.writeLine(encode(REQUESTS.serve, { secret: this.secret }));
    await readReply(connection, REPLIES.serving);
    this.#answer(connection).catch(() => connection.close());
  }

  async #answer(connection: Connection): Promise<void> {
    while (true) {
      const line = await connection.readLine({ idle: true });
      if (line === null) throw new ConnectionLost("Over");
      const request = decodeHolderRequest(line);
      if (request.kind === "setMark") {
        this.#mark = encode(HOLDER_REPLIES.mark, request);
        MARKS.set(this.secret, this.#mark);
      }
      if (request.kind === "mark" && !this.options.manners?.mark) {
        await connection.writeLine(this.#mark);
        continue;
      }
      const manner = (this.options.manners?.[request.kind] ?? POLITE[request.kind]) as (
        request: HolderRequest,
        connection: Connection,
      ) => Promise<void> | void;
      await manner(request, connection);
    }
  }
}

const DONE = encode(HOLDER_REPLIES.done, { done: true });
const ABSENT = encodeError(new Refusal("nao_encontrado", "It is not here"));
/** A page with nothing in it. */
export const NONE = encode(HOLDER_REPLIES.items, { count: 0, more: false });
const says = (line: string) => (_request: unknown, connection: Connection) =>
  connection.writeLine(line);

const POLITE: Record<HolderRequest["kind"], (request: never, connection: Connection) => unknown> = {
  store: says(encodeError(new Refusal("sem_espaco", "The disk is full"))),
  fetch: says(ABSENT),
  hash: says(ABSENT),
  delete: says(DONE),
  setAside: says(DONE),
  dropAside: says(DONE),
  discard: says(DONE),
  inventory: says(NONE),
  asides: says(NONE),
  uploads: says(NONE),
  mark: says(ABSENT),
  setMark: says(DONE),
};
