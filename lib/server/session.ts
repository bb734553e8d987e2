import { messageOf } from "../depot/log.ts";
import {
  BadLine,
  BadPeer,
  belongsToBody,
  bytesBehind,
  type Connection,
  ConnectionLost,
  decodeRequest,
  encodeError,
  Refusal,
  type Request,
} from "../protocol/mod.ts";
import { refusalOf } from "./answers.ts";
import { drainBlocks, drainRaw } from "./body.ts";
import type { Client, Exchange } from "./exchange.ts";
import { HANDLERS } from "./handlers.ts";
import { logRefused } from "./journal.ts";

/** So many refused lines in a row, and the peer is no client: the connection is closed. */
const REFUSALS_IN_A_ROW = 100;

/** What all sessions of a listener work with. */
export interface Shared extends Pick<Exchange, "depot" | "holders" | "log" | "memory"> {
  /** Told when a session has ended. */
  ended(session: Session): void;
}

/** One connection: reads a request, has it handled, and so on until the client leaves. */
export class Session {
  // Thousands may wait for a line: what each of them holds meanwhile counts.
  #client: Client | null = null;
  #refusals = 0;
  /** Of the line that is being answered: ends what is still done for it when the session has ended. */
  #answering: AbortController | null = null;
  #stopping = false;
  #given = false;

  constructor(
    private readonly connection: Connection,
    private readonly shared: Shared,
  ) {}

  /** Resolves when the connection has ended, for whatever reason, or is somebody else's. */
  async run(): Promise<void> {
    try {
      while (!this.#stopping && !this.#given && this.#refusals < REFUSALS_IN_A_ROW) {
        try {
          // Who has not said who they are does not sit here for ever.
          const line = await this.connection.readLine({ idle: this.#client !== null });
          if (line === null) return;
          this.#answering = new AbortController();
          await this.#answer(line, this.#answering.signal);
          this.#answering = null;
        } catch (error) {
          if (!(error instanceof BadLine)) throw error;
          const code = error.reason === "long" ? "linha_longa" : "mensagem_invalida";
          await this.#refuse(new Refusal(code, error.message, { cause: error }));
        }
      }
    } catch (error) {
      if (error instanceof ConnectionLost || error instanceof BadPeer) return;
      this.shared.log.error("A session failed", { why: messageOf(error) });
    } finally {
      if (!this.#given) this.connection.close();
      this.#answering?.abort();
      this.shared.ended(this);
    }
  }

  /** Ends the connection once the request that is being answered is done. */
  stop(): void {
    this.#stopping = true;
    if (!this.#answering) this.connection.close();
  }

  /** Ends the connection, also in the middle of an answer. */
  cut(): void {
    this.connection.close();
  }

  async #answer(line: string, signal: AbortSignal): Promise<void> {
    if (belongsToBody(line)) return await this.#passOver(line);
    try {
      const request = await this.#decode(line);
      if (!request) return;
      // A client may well get a hundred refusals in a row: it speaks the language.
      if (this.#client) this.#refusals = 0;
      await this.#handle(request, signal);
      this.#refusals = 0;
    } catch (error) {
      await this.#refuse(refusalOf(error, this.shared.log));
    }
  }

  /** `null`: refused already. Bytes that come behind a line are no lines, whatever is wrong with it. */
  async #decode(line: string): Promise<Request | null> {
    try {
      return decodeRequest(line);
    } catch (error) {
      const bytes = bytesBehind(line);
      if (bytes === 0 || !(error instanceof Refusal)) throw error;
      await this.#refuse(error);
      if (bytes === null) throw new BadPeer("Nobody knows where the next request begins");
      await drainRaw(this.connection, bytes);
      return null;
    }
  }

  async #handle(request: Request, signal: AbortSignal): Promise<void> {
    const handler = HANDLERS[request.kind] as (
      request: Request,
      exchange: Exchange,
    ) => Promise<void>;
    await handler(request, {
      ...this.shared,
      connection: this.connection,
      signal,
      client: this.#client,
      give: () => void (this.#given = true),
      become: (client) => this.#client = client,
    });
  }

  /** Blocks that a client sent ahead of an answer that turned out to be a refusal. */
  async #passOver(line: string): Promise<void> {
    if (line.startsWith("acao:enviar|")) await drainBlocks(this.connection);
    else if (!line.startsWith("acao:")) {
      await this.#refuse(new Refusal("mensagem_invalida", "Refused the line: no deposit is open"));
    }
  }

  async #refuse(refusal: Refusal): Promise<void> {
    this.#refusals++;
    logRefused(this.shared.log, refusal);
    await this.connection.writeLine(encodeError(refusal));
  }
}
