/** A holder's data connections: two more than are at work, each turned round to be asked on. */
import { Unreachable } from "../../disk/mod.ts";
import {
  BadPeer,
  type Connection,
  ConnectionLost,
  decodeHolderRequest,
  encode,
  encodeError,
  HOLDER_LINES,
  REPLIES,
  REQUESTS,
} from "../../protocol/mod.ts";
import { messageOf } from "../errors.ts";
import { readReply } from "../peer.ts";
import { ANSWERS } from "./answers.ts";
import type { Serving } from "./serving.ts";
import { refusalOf } from "./refusal.ts";
import type { Shelf } from "./shelf.ts";
import type { Traffic } from "./traffic.ts";

/** Connections that wait for work. */
const SPARE = 2;
/** After one that could not be opened. Milliseconds. */
const AGAIN_MS = 1_000;

/** The depot may read no faster than its own client does. Milliseconds. */
const PATIENCE_MS = 120_000;

export interface LinesOptions {
  shelf: Shelf;
  traffic: Traffic;
  /** Opens a connection on which the depot knows this client. */
  open(signal: AbortSignal): Promise<Connection>;
  /** The directory is not there any more: there is nothing left to lend. */
  onDiskLost(error: Error): void;
}

export class Lines implements AsyncDisposable {
  #closing = new AbortController();
  #running = new Set<Promise<void>>();
  #busy = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: LinesOptions) {
    this.#ensure();
  }

  /** Ends all of them; what is under way breaks. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#timer);
    await Promise.all(this.#running);
  }

  #ensure(): void {
    if (this.#closing.signal.aborted) return;
    while (
      this.#running.size - this.#busy < SPARE && this.#running.size < HOLDER_LINES
    ) {
      const running = this.#run().then((again) => {
        this.#running.delete(running);
        if (again) this.#ensure();
        else this.#ensureLater();
      });
      this.#running.add(running);
    }
  }

  #ensureLater(): void {
    if (this.#closing.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ensure(), AGAIN_MS);
  }

  /** One connection from its beginning to its end. Resolves to whether another may be opened at once. */
  async #run(): Promise<boolean> {
    const { signal } = this.#closing;
    let served = false;
    try {
      const connection = await this.options.open(signal);
      const close = () => connection.close();
      signal.addEventListener("abort", close);
      try {
        signal.throwIfAborted();
        await this.#turnRound(connection);
        while (await this.#serveOne(connection)) served = true;
      } finally {
        signal.removeEventListener("abort", close);
        connection.close();
      }
    } catch {
      // Lost or refused: if it was the depot, the control connection says so.
    }
    return served;
  }

  async #turnRound(connection: Connection): Promise<void> {
    const { secret } = this.options.shelf;
    await connection.writeLine(encode(REQUESTS.serve, { secret }));
    await readReply(connection, REPLIES.serving);
    connection.setPatience(PATIENCE_MS);
  }

  /** False at the connection's end. */
  async #serveOne(connection: Connection): Promise<boolean> {
    const line = await connection.readLine({ idle: true });
    if (line === null) return false;
    this.#busy++;
    this.#ensure();
    try {
      const { shelf, traffic } = this.options;
      await this.#answer(line, { connection, shelf, traffic, signal: this.#closing.signal });
      return true;
    } finally {
      this.#busy--;
    }
  }

  async #answer(line: string, serving: Serving): Promise<void> {
    // A line that is no request: nobody knows what comes after it.
    const request = decodeHolderRequest(line);
    try {
      const answer = ANSWERS[request.kind] as (
        asked: typeof request,
        serving: Serving,
      ) => Promise<void>;
      await answer(request, serving);
    } catch (error) {
      if (error instanceof ConnectionLost || error instanceof BadPeer) throw error;
      if (error instanceof Unreachable) {
        this.options.onDiskLost(error);
        throw new ConnectionLost(messageOf(error), { cause: error });
      }
      await serving.connection.writeLine(encodeError(refusalOf(error)));
    }
  }
}
