import type { Place, PlaceEvent, Store } from "../../stores/store.ts";
import type { AwayState, Catalog, PlaceRecord } from "./catalog/catalog.ts";
import { type Clock, inTime } from "./clock.ts";
import { Absences } from "./absences.ts";
import type { Absence } from "./judgement.ts";
import { type Log, messageOf } from "./log.ts";

/** A place that does not take its mark within this time is not told. Milliseconds. */
const MARK_MS = 10_000;

/** The catalog is older than a place's mark: it was put back from a copy, and must not decide. */
export class CatalogIsOld extends Error {
  override readonly name = "CatalogIsOld";
}

/** A place holds another depot's mark. */
export class ForeignPlace extends Error {
  override readonly name = "ForeignPlace";
}

export interface PlacesOptions {
  catalog: Catalog;
  stores: Store[];
  clock: Clock;
  log: Log;
  /** The operator said that an older catalog is to be used. */
  acceptOldCatalog: boolean;
  /** A place came: compare what it has with the catalog. */
  onJoined(place: Place): void;
  /** A place went away. */
  onLeft(id: string): void;
}

/** Which places are there now, and since when the others are away. */
export class Places {
  #online = new Map<string, Place>();
  #known = new Map<string, PlaceRecord>();
  #absences: Absences;
  #marked = new Map<string, number>();
  #failed = Promise.withResolvers<never>();
  #stop = new AbortController();
  #following: Promise<void>[] = [];

  /** Monotonic milliseconds. */
  readonly openedAt: number;

  private constructor(private readonly options: PlacesOptions) {
    this.openedAt = options.clock.monotonic();
    this.#absences = new Absences(options.clock);
    this.#failed.promise.catch(() => {});
  }

  /** Resolves when every store has told of the places that are there. Throws `CatalogIsOld`, `ForeignPlace`. */
  static async open(options: PlacesOptions): Promise<Places> {
    const places = new Places(options);
    for (const record of await options.catalog.places()) {
      places.#known.set(record.id, record);
      places.#absences.begin(record.id, record.state);
    }
    try {
      await Promise.all(options.stores.map((store) => places.#follow(store)));
    } catch (error) {
      await places.close();
      throw error;
    }
    await places.#noteAbsent();
    return places;
  }

  /** Rejects with `CatalogIsOld` when a place shows it that joins later: nothing may be done then. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  get(id: string): Place | undefined {
    return this.#online.get(id);
  }

  online(): Place[] {
    return [...this.#online.values()];
  }

  onlineIds(): string[] {
    return [...this.#online.keys()];
  }

  /** All that are known, online or not. */
  known(): PlaceRecord[] {
    return [...this.#known.values()];
  }

  record(id: string): PlaceRecord | undefined {
    return this.#known.get(id);
  }

  /** Those that may be given copies. */
  takers(): Place[] {
    return this.online().filter(({ id }) => !this.record(id)?.draining);
  }

  /**
   * How a place is or was away, as far as this process knows; one that was not seen since the
   * start counts from the start. `null`: it is there and was compared with the catalog.
   */
  absence(id: string): Absence | null {
    return this.#absences.get(id);
  }

  /** What the catalog says of this place is what it has: its absence is over. */
  reconciled(place: Place): void {
    if (this.#online.get(place.id) === place) this.#absences.end(place.id);
  }

  /** The place will not come back, or is not expected to: its replicas do not count any more. */
  async giveUp(id: string): Promise<void> {
    this.#online.delete(id);
    this.#absences.leave(id, "gone");
    await this.#note(id, "gone");
  }

  /** The operator empties a place, or does not any more. */
  async setDraining(id: string, draining: boolean): Promise<void> {
    await this.options.catalog.setDraining(id, draining);
    const record = this.#known.get(id);
    if (record) this.#known.set(id, { ...record, draining });
  }

  /** Tells the places the catalog's sequence number, where they do not have it. */
  async refreshMarks(): Promise<void> {
    await Promise.all(this.online().map((place) => this.refreshMark(place)));
  }

  /** Tells one place. False when it could not be told. */
  async refreshMark(place: Place): Promise<boolean> {
    const { depot, sequence } = this.options.catalog;
    if (this.#marked.get(place.id) === sequence) return true;
    try {
      await inTime(place.setMark({ depot, sequence }), MARK_MS);
      this.#marked.set(place.id, sequence);
      return true;
    } catch (error) {
      const why = messageOf(error);
      this.options.log.warn("Could not write the mark", { place: place.name, why });
      return false;
    }
  }

  /** Ends following; the stores stay open. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#following);
  }

  /** Resolves at the store's `ready`, and goes on in the background. */
  #follow(store: Store): Promise<void> {
    const ready = Promise.withResolvers<void>();
    let isReady = false;
    const complain = (error: unknown) => {
      if (!isReady) throw error;
      this.options.log.error("Refused a place", { store: store.kind, why: messageOf(error) });
    };
    const following = (async () => {
      for await (const event of store.places(this.#stop.signal)) {
        if (event.type !== "ready") await this.#take(store, event).catch(complain);
        else ready.resolve(void (isReady = true));
      }
    })();
    this.#following.push(following.catch(complain).catch(() => {}));
    following.then(() => ready.resolve(), ready.reject);
    return ready.promise;
  }

  async #take(store: Store, event: Exclude<PlaceEvent, { type: "ready" }>): Promise<void> {
    if (event.type === "joined") return await this.#join(store, event.place);
    if (!this.#online.delete(event.id)) return;
    await this.#note(event.id, this.#absences.leave(event.id, event.why));
    this.options.log.warn("A place went away", { place: this.#known.get(event.id)?.name ?? "" });
    this.options.onLeft(event.id);
  }

  async #join(store: Store, place: Place): Promise<void> {
    const { catalog, log } = this.options;
    const mark = await place.mark();
    if (mark && mark.depot !== catalog.depot) {
      throw new ForeignPlace(`Refused ${place.address}: it belongs to depot ${mark.depot}`);
    }
    if (mark && mark.sequence > catalog.sequence) await this.#judgeOldCatalog(place, mark.sequence);
    await place.setMark({ depot: catalog.depot, sequence: catalog.sequence });
    this.#marked.set(place.id, catalog.sequence);
    const { id, name, zone, address } = place;
    const record = { id, kind: store.kind, address, name, zone };
    const now = this.options.clock.wall();
    await catalog.placeJoined(record, now);
    const draining = this.#known.get(id)?.draining ?? false;
    this.#absences.comeBack(id);
    this.#known.set(id, { ...record, state: "online", since: now, draining });
    this.#online.set(id, place);
    log.info("A place is there", { place: name, id, address });
    this.options.onJoined(place);
  }

  async #judgeOldCatalog(place: Place, sequence: number): Promise<void> {
    const { catalog, acceptOldCatalog } = this.options;
    if (acceptOldCatalog) return await catalog.raiseSequence(sequence);
    const error = new CatalogIsOld(
      `Refused to go on: the catalog is at transaction ${catalog.sequence}, but ${place.address} ` +
        `has seen ${sequence}, so the catalog is an older copy. Put the newer one back, or start ` +
        `once with --accept-old-catalog: files deposited since then are lost to their owners, ` +
        `and their bytes are set aside`,
    );
    // On a medium that others look after, the mark is only what they say.
    if (place.trusted) this.#failed.reject(error);
    throw error;
  }

  /** What was online when the depot stopped and is not there now is lost, not forgotten. */
  async #noteAbsent(): Promise<void> {
    for (const record of this.known()) {
      if (!this.#online.has(record.id) && record.state === "online") {
        await this.#note(record.id, "lost");
      }
    }
  }

  async #note(id: string, state: AwayState): Promise<void> {
    const record = this.#known.get(id);
    if (!record) return;
    const since = this.options.clock.wall();
    // At once, so that whoever joins meanwhile is not taken for away afterwards.
    this.#known.set(id, { ...record, state, since });
    await this.options.catalog.placeLeft(id, state, since);
  }
}
