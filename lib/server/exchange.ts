import type { Depot } from "../depot/depot.ts";
import type { Log } from "../depot/log.ts";
import type { Holders } from "./holders.ts";
import type { Connection } from "../protocol/mod.ts";
import type { BodyMemory } from "./body_memory.ts";

/** Who is at the other end. */
export interface Client {
  /** The identifier, as the client knows it. Never logged. */
  id: string;
  /** Its hash, as the depot knows it. */
  owner: string;
  /** The name of its machine, when it said so. */
  machine?: string;
}

/** What a request's handler works with. */
export interface Exchange {
  connection: Connection;
  depot: Depot;
  log: Log;
  /** Shared by all connections. */
  memory: BodyMemory;
  /** Aborts when the session has ended in the middle of the answer: ends what is left under way. */
  signal: AbortSignal;
  client: Client | null;
  /** `null`: this depot takes no places of clients. */
  holders: Holders | null;
  /** The connection is somebody else's from now on: the session ends and leaves it open. */
  give(): void;
  /** Set by `conectar`. */
  become(client: Client): void;
}
