/** A running depot: what sessions ask of it. Knows no socket and no terminal. */
import type { Place, Store } from "../../stores/store.ts";
import { digestOf } from "../content/digest.ts";
import { Budget } from "../content/budget.ts";
import type { Catalog, FileRecord } from "./catalog/catalog.ts";
import type { Clock } from "./clock.ts";
import type { OnFileCopies } from "./copy_progress.ts";
import { type Copies, copiesOf, type Core, type DepotSettings, Refused } from "./core.ts";
import type { DepositRequest, Receipt } from "./deposit_plan.ts";
import { Doubts } from "./doubts.ts";
import { Deposits } from "./deposits.ts";
import type { Offer } from "./offer.ts";
import { Keeper } from "./keeper.ts";
import { Locks, Pins } from "./locks.ts";
import { Hashers } from "./hashing/hashers.ts";
import type { Log } from "./log.ts";
import { Names } from "./names.ts";
import { Operator } from "./operator.ts";
import { type FileStatus, fileStatus, type OwnerStatus, ownerStatus } from "./owner_status.ts";
import { Places } from "./places.ts";
import { Retrieval, type RetrievalRequest } from "./retrieval.ts";
import { Rooms } from "./rooms.ts";
import type { CopyCheck, Verifying } from "./verification.ts";

/** What small deposits and retrievals hold in memory together. Bytes. */
const MEMORY_BYTES: number = 96 * 1024 * 1024;

export interface DepotOptions {
  catalog: Catalog;
  stores: Store[];
  settings: DepotSettings;
  clock: Clock;
  random: () => number;
  log: Log;
  acceptOldCatalog: boolean;
  /** As of `Operator`; without it nothing is lent. */
  lentAt?: (address: string) => Promise<number>;
}

export class Depot implements AsyncDisposable {
  private constructor(
    private readonly core: Core,
    private readonly keeper: Keeper,
    private readonly deposits: Deposits,
    /** What the operator sees and decides. */
    readonly operator: Operator,
  ) {}

  /** Opens the places and begins to keep them. Throws what `Places.open` throws. */
  static async open(options: DepotOptions): Promise<Depot> {
    const { catalog, stores, clock, log, acceptOldCatalog, settings, random } = options;
    // The keeper needs the places and is told of them: what comes before it is there is told after.
    let keeper: Keeper | null = null;
    const early: [place: Place, unchanged: boolean][] = [];
    const places = await Places.open({
      catalog,
      stores,
      clock,
      log,
      acceptOldCatalog,
      onJoined: (...joined) => keeper ? keeper.placeJoined(...joined) : void early.push(joined),
      onLeft: (id) => keeper?.placeLeft(id),
    });
    const core: Core = {
      catalog,
      places,
      rooms: new Rooms(settings.reserve, () => clock.monotonic()),
      doubts: new Doubts(clock),
      locks: new Locks(),
      reading: new Pins(),
      active: new Set(),
      memory: new Budget(MEMORY_BYTES),
      hashers: new Hashers(),
      clock,
      random,
      log,
      settings,
    };
    keeper = new Keeper(core);
    for (const joined of early) keeper.placeJoined(...joined);
    keeper.start();
    const operator = new Operator(core, keeper, options.lentAt ?? (() => Promise.resolve(0)));
    return new Depot(core, keeper, new Deposits(core, keeper), operator);
  }

  /** The depot's identifier. */
  get id(): string {
    return this.core.catalog.depot;
  }

  /** Rejects with `CatalogIsOld` when that turns out later: the depot must be stopped at once. */
  get failed(): Promise<never> {
    return this.core.places.failed;
  }

  /** Makes an owner; resolves to its identifier, which is told once and not kept. */
  async register(): Promise<string> {
    const id = crypto.randomUUID();
    await this.core.catalog.addOwner(digestOf(id), this.core.clock.wall());
    return id;
  }

  /** The owner of an identifier. Throws `Refused`. */
  async identify(id: string): Promise<string> {
    const owner = digestOf(id);
    if (await this.core.catalog.hasOwner(owner)) return owner;
    throw new Refused(
      "unknown owner",
      "Refused the identifier: this depot never gave it out; check it and the depot's address",
    );
  }

  /** The places of a kind that are there now. `leaving`: the operator empties them. */
  placesOf(kind: string): (Pick<Place, "address" | "name" | "zone"> & { leaving: boolean })[] {
    const { places } = this.core;
    return places.online().filter(({ id }) => places.record(id)?.kind === kind)
      .map(({ id, address, name, zone }) => (
        { address, name, zone, leaving: places.isLeaving(id) }
      ));
  }

  /** How many replicas a new file could have now. */
  available(): Promise<number> {
    return this.deposits.available();
  }

  offer(request: DepositRequest, signal: AbortSignal): Promise<Offer> {
    return this.deposits.offer(request, signal);
  }

  retrieve(request: RetrievalRequest, signal: AbortSignal): Promise<Retrieval> {
    return Retrieval.open(request, { core: this.core, keeper: this.keeper, signal });
  }

  /** Makes the file want `wanted` replicas; resolves when `wait` of them (`null`: all) are durable. */
  setReplicas(
    change: { owner: string; name: string; wanted: number; wait: number | null },
    onCopies?: OnFileCopies,
  ): Promise<Receipt> {
    return this.deposits.change({ ...change, minimum: null }, onCopies);
  }

  /** What an owner does to names: renames, removes, restores. */
  get names(): Names {
    return new Names(this.core, this.keeper);
  }

  async list(
    query: { owner: string; prefix: string; after: string; limit: number },
  ): Promise<{ files: { file: FileRecord; copies: Copies }[]; more: boolean }> {
    const { files, more } = await this.core.catalog.listFiles(query);
    return {
      files: files.map((file) => ({ file, copies: copiesOf(file, this.core.places) })),
      more,
    };
  }

  status(owner: string): Promise<OwnerStatus> {
    return ownerStatus(owner, { core: this.core, keeper: this.keeper });
  }

  fileStatus(owner: string, name: string): Promise<FileStatus> {
    return fileStatus({ owner, name }, { core: this.core, keeper: this.keeper });
  }

  /** Looks at each copy of a file that its owner is told of, now. Throws `Refused`. */
  async verify(
    owner: string,
    name: string,
    verifying: Verifying,
  ): Promise<{ file: FileRecord; copies: Copies; checks: CopyCheck[] }> {
    const { file, replicas } = await this.fileStatus(owner, name);
    const content = await this.core.catalog.content(file.digest);
    const places = replicas.filter(({ state }) => state === "good").map(({ place }) => place);
    const checks = content
      ? await this.keeper.verifier.verify({ owner, content, places }, verifying)
      : [];
    const now = await this.core.catalog.file(owner, name) ?? file;
    return { file: now, copies: copiesOf(now, this.core.places), checks };
  }

  /** The depot is about to stop: who waits for copies is answered with what there is. */
  stopWaiting(): void {
    this.keeper.stopWaiting();
  }

  /**
   * How many contents still need their copy at a place: those that are not elsewhere as often as
   * their files want.
   */
  needed(place: string): Promise<number> {
    return this.operator.remaining(place);
  }

  /** Stops the keeper and tells the places where the catalog stands. Catalog and stores stay open. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.keeper[Symbol.asyncDispose]();
    this.core.hashers[Symbol.dispose]();
    await this.core.places.refreshMarks();
    await this.core.places.close();
  }
}
