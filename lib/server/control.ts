/**
 * What the operator's commands and a running depot say to each other: one line of JSON there, one
 * line of JSON back, and the connection ends.
 *
 *     → {"version":1,"token":"…","command":"drain","words":["disk1"],"flags":{"undo":false}}
 *     ← {"version":1,"result":…}
 *     ← {"version":1,"error":{"code":"nao_encontrado","message":"There is no place disk1"}}
 *
 * `token` only where control_socket.ts says so. `"ask":true`: do nothing, and answer with the
 * question that the operator should be asked first, as a text, or null. A request is at most 8,192
 * bytes with its LF; an answer is as long as it is.
 */
import { timingSafeEqual } from "node:crypto";
import { type Log, messageOf } from "../depot/log.ts";
import { BadLine, Connection, ConnectionLost, Refusal } from "../protocol/mod.ts";
import { acceptAll } from "./accepting.ts";
import { refusalOf } from "./answers.ts";
import { type ControlSocket, openControlSocket } from "./control_socket.ts";

export const CONTROL_VERSION = 1;

/** Connections at once. */
const MOST_CONNECTIONS = 16;
/** A request must be there within this time, and its answer must be taken within it. Milliseconds. */
const PATIENCE_MS = 10_000;

/** A command as its operator gave it. */
export interface ControlRequest {
  command: string;
  words: string[];
  flags: Record<string, unknown>;
  /** Only resolve to the question that should be asked first. */
  ask: boolean;
}

export interface ControlOptions {
  /** Resolves to what can be said as JSON. Throws `Refusal`, or what `refusalOf` understands. */
  answer(request: ControlRequest): Promise<unknown>;
  log: Log;
  patienceMs?: number;
}

/** Answers the operator of this process's depot. Disposing it ends all connections at once. */
export class Control implements AsyncDisposable {
  #open = new Set<Connection>();
  #accepting: Promise<void>;

  private constructor(
    private readonly socket: ControlSocket,
    private readonly options: ControlOptions,
  ) {
    this.#accepting = this.#accept();
  }

  /** `directory`: the data directory, which this process has locked. */
  static async open(directory: string, options: ControlOptions): Promise<Control> {
    return new Control(await openControlSocket(directory), options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.socket[Symbol.asyncDispose]();
    for (const connection of this.#open) connection.close();
    await this.#accepting;
  }

  #accept(): Promise<void> {
    return acceptAll(this.socket.listener, {
      serve: (conn) => this.#serve(conn),
      onError: (error) =>
        this.options.log.warn("Could not accept the operator", { why: messageOf(error) }),
    });
  }

  #serve(conn: Deno.Conn): void {
    const connection = new Connection(conn, { patienceMs: this.#patienceMs });
    // Who knows no token could keep the operator out, but not for longer than the patience.
    if (this.#open.size >= MOST_CONNECTIONS) return connection.close();
    this.#open.add(connection);
    this.#exchange(connection).catch((error) => {
      if (error instanceof ConnectionLost) return;
      this.options.log.error("The operator could not be answered", { why: messageOf(error) });
    }).finally(() => {
      this.#open.delete(connection);
      connection.close();
    });
  }

  async #exchange(connection: Connection): Promise<void> {
    const line = await this.#answer(connection);
    // Who takes the answer byte by byte is not waited for either.
    const timer = setTimeout(() => connection.close(), this.#patienceMs);
    try {
      await connection.writeLine(line);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Throws `ConnectionLost`. */
  async #answer(connection: Connection): Promise<string> {
    try {
      const request = this.#request(await connection.readLine());
      const result = await this.options.answer(request);
      return JSON.stringify({ version: CONTROL_VERSION, result: result ?? null });
    } catch (error) {
      const { code, message } = error instanceof BadLine
        ? new Refusal("mensagem_invalida", error.message)
        : refusalOf(error, this.options.log);
      return JSON.stringify({ version: CONTROL_VERSION, error: { code, message } });
    }
  }

  /** Throws `Refusal`. */
  #request(line: string | null): ControlRequest {
    const { version, token, command, words, flags, ask } = parseObject(line ?? "");
    if (version !== CONTROL_VERSION) {
      throw new Refusal(
        "versao_desconhecida",
        `Refused the request: this depot's operator speaks version ${CONTROL_VERSION}; use the ` +
          "same program as the depot",
      );
    }
    if (this.socket.token !== null && !isEqual(this.socket.token, token)) {
      throw new Refusal("id_desconhecido", "Refused the request: its token is wrong");
    }
    const isWhole = typeof command === "string" && Array.isArray(words) &&
      words.every((word) => typeof word === "string") && isObject(flags) &&
      (ask === undefined || typeof ask === "boolean");
    if (!isWhole) throw invalid("it is no command");
    return { command, words, flags, ask: ask ?? false };
  }

  get #patienceMs(): number {
    return this.options.patienceMs ?? PATIENCE_MS;
  }
}

function parseObject(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (isObject(value)) return value;
  } catch {
    // It is said below what it is not.
  }
  throw invalid("it is no JSON object in one line");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isEqual(token: string, given: unknown): boolean {
  if (typeof given !== "string") return false;
  const [mine, theirs] = [token, given].map((text) => new TextEncoder().encode(text));
  return mine!.length === theirs!.length && timingSafeEqual(mine!, theirs!);
}

function invalid(why: string): Refusal {
  return new Refusal("mensagem_invalida", `Refused the request: ${why}`);
}
