/**
 * Weeks of a depot among machines that come and go, in seconds: the real depot, keeper, placement
 * and catalog, over places that keep no bytes and a clock that runs as fast as there is work.
 */
import { digestOf } from "../../../lib/content/digest.ts";
import type { Catalog } from "../../../lib/depot/catalog/catalog.ts";
import type { DepotSettings } from "../../../lib/depot/core.ts";
import { Depot } from "../../../lib/depot/depot.ts";
import { seeded } from "../../seeded.ts";
import { memoryCatalog } from "../memory_catalog.ts";
import { QUIET, SETTINGS } from "../test_depot.ts";
import { VirtualClock } from "../virtual_clock.ts";
import { type Machines, schedule, type Step } from "./households.ts";
import { type Library, LightPlace } from "./light_place.ts";
import { LightStore } from "./light_store.ts";

const DAY = 24 * 3_600_000;
const REPLICAS = 3;
/** Contents have 4 to 60 bytes, which stand for 10 MB on average. */
const MEAN_BYTES = 32;
const BYTES_STAND_FOR = 10_000_000;
/** What is really asked of `--repair-rate`. Bytes a second. */
const REPAIR_RATE = 50_000_000;
/** Room of all places together, compared with what is deposited. */
const ROOM = 4;
/** Deposits at once. */
const DEPOSITORS = 50;

export interface SimulationOptions extends Machines {
  contents: number;
  seed: number;
  settings?: Partial<DepotSettings>;
}

/** What became of it. Bytes stand for `BYTES_STAND_FOR / MEAN_BYTES` as many. */
export interface Outcome {
  /** Bytes on machines when they left for good. */
  leftBytes: number;
  /** Bytes that the keeper moved. */
  movedBytes: number;
  /** Contents of which no machine that did not leave for good has a copy. */
  lost: number;
  /** The least copies of any content on machines that did not leave for good, ever. */
  fewestCopies: number;
  /** At the end, contents with fewer copies than wanted, and copies above what is wanted. */
  short: number;
  surplus: number;
  steps: number;
}

/** Runs it to the end of the last day. */
export async function simulate(options: SimulationOptions): Promise<Outcome> {
  const { seed, contents } = options;
  await using world = await World.open(options);
  await world.deposit(contents);
  const steps = schedule(options, seeded(seed + 1));
  for (const step of steps) await world.take(step);
  await world.rest(options.days * DAY);
  return world.outcome(steps.length);
}

class World implements AsyncDisposable {
  readonly #gone = new Set<LightPlace>();
  #leftBytes = 0;
  #depositedBytes = 0;
  #fewest = Infinity;

  private constructor(
    private readonly library: Library,
    private readonly machines: LightPlace[],
    private readonly parts: {
      store: LightStore;
      clock: VirtualClock;
      catalog: Catalog;
      depot: Depot;
      random: () => number;
    },
  ) {}

  static async open(options: SimulationOptions): Promise<World> {
    const count = options.steady + options.laptops + options.leavers;
    const library: Library = new Map();
    const capacity = ROOM * REPLICAS * options.contents * MEAN_BYTES / count;
    const machines = Array.from(
      { length: count },
      (_, machine) => new LightPlace(`m${machine}`, library, capacity),
    );
    const clock = new VirtualClock();
    const random = seeded(options.seed);
    const store = new LightStore(machines);
    const catalog = memoryCatalog();
    const depot = await Depot.open({
      catalog,
      stores: [store],
      settings: {
        ...SETTINGS,
        settleMs: 120_000,
        lingerMs: 60_000,
        repairRate: REPAIR_RATE * MEAN_BYTES / BYTES_STAND_FOR,
        // Verifying is another matter, and takes longer than all the rest.
        keepRemovedMs: 0,
        scrubMs: 365 * DAY,
        ...options.settings,
      },
      clock,
      random,
      log: QUIET,
      acceptOldCatalog: false,
    });
    await clock.advance(0);
    return new World(library, machines, { store, clock, catalog, depot, random });
  }

  async deposit(contents: number): Promise<void> {
    const { depot } = this.parts;
    const owner = await depot.identify(await depot.register());
    let next = 0;
    const depositor = async () => {
      while (next < contents) await this.#depositOne(owner, next++);
    };
    await Promise.all(Array.from({ length: DEPOSITORS }, depositor));
    this.#depositedBytes = this.#written();
  }

  /** Lets time go by until the step, and takes it. */
  async take({ at, machine, does, forGood }: Step): Promise<void> {
    const place = this.machines[machine]!;
    await this.rest(at);
    const { store } = this.parts;
    if (does === "comes") store.comeBack(place);
    else store.leave(place, does === "says goodbye" ? "goodbye" : "lost");
    if (!forGood) return;
    this.#gone.add(place);
    this.#leftBytes += place.used;
    for (const digest of place.digests) {
      this.#fewest = Math.min(this.#fewest, this.#copies(digest));
    }
  }

  /** Lets time go by until so many milliseconds after the start. */
  async rest(until: number): Promise<void> {
    const { clock } = this.parts;
    await clock.advance(until - clock.monotonic());
  }

  outcome(steps: number): Outcome {
    const copies = [...this.library.keys()].map((digest) => this.#copies(digest));
    const sum = (numbers: number[]) => numbers.reduce((all, one) => all + one, 0);
    return {
      leftBytes: this.#leftBytes,
      movedBytes: this.#written() - this.#depositedBytes,
      lost: copies.filter((count) => count === 0).length,
      fewestCopies: Math.min(this.#fewest, REPLICAS),
      short: copies.filter((count) => count < REPLICAS).length,
      surplus: sum(copies.map((count) => Math.max(0, count - REPLICAS))),
      steps,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.parts.depot[Symbol.asyncDispose]();
    await this.parts.catalog[Symbol.asyncDispose]();
  }

  async #depositOne(owner: string, number: number): Promise<void> {
    const { depot, random } = this.parts;
    const bytes = new Uint8Array(4 + Math.floor(random() * (2 * MEAN_BYTES - 7)));
    new DataView(bytes.buffer).setUint32(0, number);
    const digest = digestOf(bytes);
    this.library.set(digest, bytes);
    await using offer = await depot.offer({
      owner,
      name: String(number),
      replicas: REPLICAS,
      minimum: null,
      wait: null,
      size: bytes.length,
      digest: null,
      upload: null,
      attributes: { modifiedAt: null, executable: false },
    }, new AbortController().signal);
    await using incoming = await offer.receive(0);
    await incoming.write(bytes);
    await incoming.finish(digest);
  }

  /** On machines that did not leave for good. */
  #copies(digest: string): number {
    let copies = 0;
    for (const place of this.machines) {
      if (place.digests.has(digest) && !this.#gone.has(place)) copies++;
    }
    return copies;
  }

  #written(): number {
    return this.machines.reduce((sum, { written }) => sum + written, 0);
  }
}
