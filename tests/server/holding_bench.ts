/** A depot that listens on loopback, and holders in this process that lend to it. */
import { join } from "node:path";
import { Holder, type HoldEvent, type HoldOptions } from "../../lib/client/holder/holder.ts";
import { Session } from "../../lib/client/session.ts";
import type { DepotSettings } from "../../lib/depot/core.ts";
import { openCatalog } from "../../lib/depot/catalog/open.ts";
import { SYSTEM_CLOCK } from "../../lib/depot/clock.ts";
import { Depot } from "../../lib/depot/depot.ts";
import { Holders, type HoldersOptions } from "../../lib/server/holders.ts";
import { Listener } from "../../lib/server/listener.ts";
import { clientsStore } from "../../stores/clients.ts";
import type { Store } from "../../stores/store.ts";
import { QUIET, SETTINGS } from "../depot/test_depot.ts";
import type { Catalog } from "../../lib/depot/catalog/catalog.ts";

export interface ListeningOptions {
  /** Stores beside `clients`. */
  stores?: Store[];
  settings?: Partial<DepotSettings>;
  holders?: Partial<HoldersOptions>;
  /** Whether the depot itself uses the store `clients`. */
  clients?: boolean;
}

/** A running depot with a listener. Disposing it ends all of it. */
export class ListeningDepot implements AsyncDisposable {
  private constructor(
    readonly depot: Depot,
    readonly catalog: Catalog,
    readonly holders: Holders,
    readonly listener: Listener,
    private readonly resources: AsyncDisposableStack,
  ) {}

  static async open(options: ListeningOptions = {}): Promise<ListeningDepot> {
    await using stack = new AsyncDisposableStack();
    const directory = await Deno.makeTempDir();
    stack.defer(() => Deno.remove(directory, { recursive: true }));
    const catalog = stack.use(await openCatalog(join(directory, "catalog.db")));
    const holders = stack.use(new Holders({ log: QUIET, ...options.holders }));
    const clients = options.clients === false ? [] : [stack.use(clientsStore(holders))];
    const stores = [...clients, ...options.stores ?? []];
    const depot = stack.use(
      await Depot.open({
        catalog,
        stores,
        settings: { ...SETTINGS, ...options.settings },
        clock: SYSTEM_CLOCK,
        random: Math.random,
        log: QUIET,
        acceptOldCatalog: false,
      }),
    );
    const listener = stack.use(
      new Listener({
        hostname: "127.0.0.1",
        port: 0,
        maxConnections: 1_000,
        patienceMs: 30_000,
        depot,
        log: QUIET,
        holders,
      }),
    );
    return new ListeningDepot(depot, catalog, holders, listener, stack.move());
  }

  /** A connection on which the depot knows a new client. */
  async connect(): Promise<Session> {
    return await Session.open(this.listener.address, { id: null });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.resources.disposeAsync();
  }
}

/** A holder in this process. Disposing it says goodbye and lets go of its directory. */
export class RunningHolder implements AsyncDisposable {
  readonly events: HoldEvent[] = [];
  #stop = new AbortController();
  #waiting = new Set<() => void>();
  #running: Promise<void> = Promise.resolve();

  private constructor(readonly directory: string) {}

  holder!: Holder;

  static async start(
    depot: ListeningDepot,
    directory: string,
    more: Partial<HoldOptions> = {},
  ): Promise<RunningHolder> {
    const running = new RunningHolder(directory);
    using session = await depot.connect();
    const peer = { address: depot.listener.address, id: session.id, depot: session.depot };
    running.holder = await Holder.open(peer, {
      directory,
      name: "laptop",
      zone: "home",
      machine: null,
      capacity: null,
      reserve: 0,
      signal: running.#stop.signal,
      onEvent: (event) => running.#note(event),
      ...more,
    });
    running.#running = running.holder.run();
    running.#running.catch(() => {});
    return running;
  }

  /** Resolves when an event of this type came, now or before. */
  async saw(type: HoldEvent["type"], count = 1): Promise<void> {
    while (this.events.filter((event) => event.type === type).length < count) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** Goodbye. Rejects with what ended the holder before. */
  async leave(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave().catch(() => {});
    await this.holder[Symbol.asyncDispose]();
  }

  #note(event: HoldEvent): void {
    this.events.push(event);
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}
