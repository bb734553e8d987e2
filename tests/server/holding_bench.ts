/** A depot that listens on loopback, and holders in this process that lend to it. */
import { join } from "node:path";
import { Holder, type HoldEvent, type HoldOptions } from "../../lib/client/holder/holder.ts";
import { digestOf } from "../../lib/content/digest.ts";
import type { Receipt } from "../../lib/depot/deposit_plan.ts";
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
import { eventually } from "./waiting.ts";

const MIB = 1024 * 1024;
const OWNER = digestOf("the owner");
const { signal } = new AbortController();

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
  readonly owner = OWNER;

  private constructor(
    readonly depot: Depot,
    readonly catalog: Catalog,
    readonly holders: Holders,
    /** Of a holder that joins from now on. */
    readonly terms: HoldersOptions,
    readonly listener: Listener,
    /** The catalog's database. */
    readonly database: string,
    private readonly resources: AsyncDisposableStack,
  ) {}

  static async open(options: ListeningOptions = {}): Promise<ListeningDepot> {
    await using stack = new AsyncDisposableStack();
    const directory = await Deno.makeTempDir();
    stack.defer(() => Deno.remove(directory, { recursive: true }));
    const database = join(directory, "catalog.db");
    const catalog = stack.use(await openCatalog(database));
    const terms = { log: QUIET, ...options.holders };
    const holders = stack.use(new Holders(terms));
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
    await catalog.addOwner(OWNER, 0);
    return new ListeningDepot(depot, catalog, holders, terms, listener, database, stack.move());
  }

  /** A connection on which the depot knows a new client. */
  async connect(): Promise<Session> {
    return await Session.open(this.listener.address, { id: null });
  }

  /** Deposits `bytes` in one go. `minimum`: accepts so few copies. */
  async deposit(
    name: string,
    bytes: Uint8Array,
    replicas = 2,
    minimum: number | null = null,
  ): Promise<Receipt> {
    const attributes = { modifiedAt: null, executable: false };
    const wishes = { digest: null, minimum, wait: null, upload: null, attributes };
    const { owner } = this;
    await using offer = await this.depot.offer(
      { owner, name, replicas, size: bytes.length, ...wishes },
      signal,
    );
    await using incoming = await offer.receive(0);
    for (let at = 0; at < bytes.length; at += MIB) {
      await incoming.write(bytes.subarray(at, at + MIB));
    }
    return await incoming.finish(digestOf(bytes));
  }

  /** Reads a file whole; `onPiece` is called before each piece. */
  async retrieve(name: string, onPiece?: (index: number) => Promise<void>): Promise<Uint8Array> {
    const { owner } = this;
    const all = { from: 0, length: null, digest: null, avoid: [] };
    using retrieval = await this.depot.retrieve({ owner, name, ...all }, signal);
    const pieces: Uint8Array[] = [];
    for await (const piece of retrieval.pieces()) {
      await onPiece?.(pieces.length);
      pieces.push(piece.slice());
    }
    return new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer());
  }

  /** Names of the places with a good replica of a content. */
  async goodPlaces(digest: string): Promise<string[]> {
    const names = new Map((await this.catalog.places()).map(({ id, name }) => [id, name]));
    const content = await this.catalog.content(digest);
    const good = content?.replicas.filter(({ state }) => state === "good") ?? [];
    return good.map(({ place }) => names.get(place) ?? "").sort();
  }

  /** The state of the place with this name. */
  async stateOf(name: string): Promise<string | undefined> {
    return (await this.catalog.places()).find((place) => place.name === name)?.state;
  }

  /** Waits until so many places are online. */
  async online(count: number): Promise<void> {
    await until(`${count} places are online`, async () => {
      const places = await this.catalog.places();
      return places.filter(({ state }) => state === "online").length === count;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.resources.disposeAsync();
  }
}

/** Waits for a state. */
export async function until(what: string, reached: () => Promise<boolean> | boolean) {
  await eventually(what, reached);
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
    /** Where it finds the depot. */
    address = depot.listener.address,
  ): Promise<RunningHolder> {
    const running = new RunningHolder(directory);
    using session = await depot.connect();
    const peer = { address, id: session.id, depot: session.depot };
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

  get signal(): AbortSignal {
    return this.#stop.signal;
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
