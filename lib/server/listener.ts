import type { Depot } from "../depot/depot.ts";
import type { Log } from "../depot/log.ts";
import { messageOf } from "../depot/log.ts";
import { Connection, encodeError, Refusal } from "../protocol/mod.ts";
import { acceptAll } from "./accepting.ts";
import { BodyMemory } from "./body_memory.ts";
import type { Holders } from "./holders.ts";
import { Session, type Shared } from "./session.ts";

/** Requests under way get this long to end when the depot stops. Milliseconds. */
const STOP_MS = 10_000;

/** The address cannot be listened on, such as one that another process has. */
export class ListenRefused extends Error {
  override readonly name = "ListenRefused";
}

export interface ListenerOptions {
  hostname: string;
  /** 0: any free one. */
  port: number;
  /** Connections at once; more are refused with `ocupado`. */
  maxConnections: number;
  /** As `ConnectionOptions.patienceMs`. */
  patienceMs: number;
  depot: Depot;
  log: Log;
  /** Who lends room; without it, nobody may. */
  holders?: Holders;
}

/** Accepts connections and runs a session on each. Disposing it lets running requests end. */
export class Listener implements AsyncDisposable {
  #listener: Deno.TcpListener;
  #sessions = new Map<Session, Promise<void>>();
  #shared: Shared;
  #accepting: Promise<void>;

  /** Throws `ListenRefused`. */
  constructor(private readonly options: ListenerOptions) {
    this.#listener = listen(options);
    const { depot, log, holders = null } = options;
    const ended = (session: Session) => void this.#sessions.delete(session);
    this.#shared = { depot, log, holders, memory: new BodyMemory(), ended };
    this.#accepting = this.#accept();
  }

  /** Where it listens; the port is the one that was taken. */
  get address(): { hostname: string; port: number } {
    const { hostname, port } = this.#listener.addr;
    return { hostname, port };
  }

  /** Open connections. */
  get connections(): number {
    return this.#sessions.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#accepting;
    for (const session of this.#sessions.keys()) session.stop();
    this.options.depot.stopWaiting();
    const timer = setTimeout(() => {
      for (const session of this.#sessions.keys()) session.cut();
    }, STOP_MS);
    await Promise.all(this.#sessions.values());
    clearTimeout(timer);
  }

  #accept(): Promise<void> {
    return acceptAll(this.#listener, {
      serve: (conn) => this.#serve(conn),
      onError: (error) =>
        this.options.log.warn("Could not accept a connection", { why: messageOf(error) }),
    });
  }

  #serve(conn: Deno.TcpConn): void {
    const { patienceMs, maxConnections } = this.options;
    const connection = new Connection(conn, { patienceMs });
    if (this.#sessions.size >= maxConnections) return refuse(connection);
    const session = new Session(connection, this.#shared);
    this.#sessions.set(session, session.run());
  }
}

function listen({ hostname, port }: ListenerOptions): Deno.TcpListener {
  try {
    return Deno.listen({ hostname, port });
  } catch (cause) {
    const words = `Could not listen on ${hostname}, port ${port}: ${messageOf(cause)}`;
    throw new ListenRefused(`${words}. ${adviceOn(cause)}`, { cause });
  }
}

function adviceOn(cause: unknown): string {
  if (cause instanceof Deno.errors.AddrInUse) {
    return "Another program has it: stop that one, or give another --port, or 0 for any free one";
  }
  if (cause instanceof Deno.errors.PermissionDenied) {
    return "Ports below 1024 are the system's own: give another --port";
  }
  return "Give an address of this machine with --host";
}

function refuse(connection: Connection): void {
  const refusal = new Refusal("ocupado", "Refused the connection: too many; try again later");
  connection.writeLine(encodeError(refusal)).catch(() => {}).finally(() => connection.close());
}
