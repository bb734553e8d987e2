/** A depot over places in memory and a real catalog, driven without sockets. */
import { join } from "node:path";
import { ChunkChecks } from "../../lib/content/chunk_checks.ts";
import { digestOf } from "../../lib/content/digest.ts";
import { openCatalog } from "../../lib/depot/catalog/open.ts";
import type { Catalog } from "../../lib/depot/catalog/catalog.ts";
import { SYSTEM_CLOCK } from "../../lib/depot/clock.ts";
import type { DepotSettings } from "../../lib/depot/core.ts";
import type { DepositRequest, Receipt } from "../../lib/depot/deposit_plan.ts";
import { Depot } from "../../lib/depot/depot.ts";
import type { Log } from "../../lib/depot/log.ts";
import type { MemoryPlaceOptions } from "../stores/memory_place.ts";
import { eventually, patience } from "../server/waiting.ts";
import type { Store } from "../../stores/store.ts";
import { MemoryStore } from "../stores/memory.ts";
import { memoryCatalog } from "./memory_catalog.ts";
import type { VirtualClock } from "./virtual_clock.ts";

export const QUIET: Log = { info() {}, warn() {}, error() {} };

export const SETTINGS: DepotSettings = {
  defaultReplicas: 2,
  graceMs: 3_600_000,
  graceLastMs: 600_000,
  goodbyeGraceMs: 24 * 3_600_000,
  goneAfterMs: 30 * 24 * 3_600_000,
  settleMs: 0,
  lingerMs: 0,
  repairRate: 1e12,
  keepRemovedMs: 0,
  scrubMs: 7 * 24 * 3_600_000,
  reserve: () => 0,
};

export interface TestDepotOptions {
  /** Places by name; a number stands for that many without wishes. */
  places: number | MemoryPlaceOptions[];
  /** A store beside the one in memory, made for this depot. */
  beside?: (depot: string) => Promise<Store>;
  settings?: Partial<DepotSettings>;
  log?: Log;
  /** Time goes on only when the test says so; the catalog is in memory then. */
  clock?: VirtualClock;
  random?: () => number;
}

/** A running depot with one owner. Disposing it stops it and removes its catalog. */
export class TestDepot implements AsyncDisposable {
  readonly owner = digestOf("the owner");

  private constructor(
    readonly depot: Depot,
    readonly store: MemoryStore,
    readonly catalog: Catalog,
    private readonly resources: AsyncDisposableStack,
  ) {}

  static async open(options: TestDepotOptions): Promise<TestDepot> {
    const places = typeof options.places === "number"
      ? Array.from({ length: options.places }, (_, index) => ({ name: `p${index}` }))
      : options.places;
    await using stack = new AsyncDisposableStack();
    const catalog = stack.use(options.clock ? memoryCatalog() : await diskCatalog(stack));
    const store = stack.use(
      new MemoryStore({
        places: places.map((place) => ({ id: place.name ?? crypto.randomUUID(), ...place })),
      }),
    );
    const beside = await options.beside?.(catalog.depot);
    if (beside) stack.use(beside);
    const depot = stack.use(
      await Depot.open({
        catalog,
        stores: beside ? [store, beside] : [store],
        settings: { ...SETTINGS, ...options.settings },
        clock: options.clock ?? SYSTEM_CLOCK,
        random: options.random ?? Math.random,
        log: options.log ?? QUIET,
        acceptOldCatalog: false,
      }),
    );
    const opened = new TestDepot(depot, store, catalog, stack.move());
    await catalog.addOwner(opened.owner, 0);
    return opened;
  }

  request(name: string, more: Partial<DepositRequest> = {}): DepositRequest {
    return {
      owner: this.owner,
      name,
      replicas: 2,
      minimum: null,
      wait: null,
      size: null,
      digest: null,
      upload: null,
      attributes: { modifiedAt: null, executable: false },
      ...more,
    };
  }

  /** Deposits `bytes` in one go. */
  async deposit(
    name: string,
    bytes: Uint8Array,
    more: Partial<DepositRequest> = {},
  ): Promise<Receipt> {
    const request = this.request(name, { size: bytes.length, ...more });
    await using offer = await this.depot.offer(request, patience());
    await using incoming = await offer.receive(0);
    for (let at = 0; at < bytes.length; at += 300_000) {
      await incoming.write(bytes.subarray(at, at + 300_000));
    }
    return await incoming.finish(digestOf(bytes));
  }

  /** Reads a file whole. */
  async retrieve(name: string, range: { from?: number; length?: number } = {}) {
    using retrieval = await this.depot.retrieve({
      owner: this.owner,
      name,
      from: range.from ?? 0,
      length: range.length ?? null,
      digest: null,
      avoid: [],
    }, patience());
    const pieces: Uint8Array[] = [];
    for await (const piece of retrieval.pieces()) pieces.push(piece.slice());
    return new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer());
  }

  /** Names of places with a good replica of the file's content. */
  async goodPlaces(name: string): Promise<string[]> {
    return (await this.catalog.file(this.owner, name))!.places;
  }

  /** Waits for a state. */
  async until(what: string, reached: () => Promise<boolean> | boolean): Promise<void> {
    await eventually(what, reached);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.resources.disposeAsync();
  }
}

/** A catalog in a directory that goes with it. */
async function diskCatalog(stack: AsyncDisposableStack): Promise<Catalog> {
  const directory = await Deno.makeTempDir();
  stack.defer(() => Deno.remove(directory, { recursive: true }));
  return await openCatalog(join(directory, "catalog.db"));
}

/** `size` bytes that differ from seed to seed, and from chunk to chunk. */
export function someBytes(size: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = seed * 2654435761 >>> 0 || 1;
  for (let at = 0; at < size; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state;
  }
  return bytes;
}

export function checksOf(bytes: Uint8Array): Uint8Array {
  return new ChunkChecks().update(bytes).bytes();
}
