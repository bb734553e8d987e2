import type { Place, PlaceEvent, Store } from "../../stores/store.ts";
import type { Catalog, PlaceRecord } from "./catalog/catalog.ts";
import type { Clock } from "./clock.ts";
import { type Log, messageOf } from "./log.ts";

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
  /** A place came: compare what it has with the catalog, unless it is known to be `unchanged`. */
  onJoined(place: Place, unchanged: boolean): void;
  /** A place went away. */
  onLeft(id: string): void;
}

/** Which places are there now, and since when the others are away. */
export class Places {
  #online = new Map<string, Place>();
  #known = new Map<string, PlaceRecord>();
  /** Monotonic milliseconds; a place that was never seen since the start counts from the start. */
  #awaySince = new Map<string, number>();
  #marked = new Map<string, number>();
  /** Places that have what the catalog says. */
  #compared = new WeakSet<Place>();
  #stop = new AbortController();
  #following: Promise<void>[] = [];

  private constructor(private readonly options: PlacesOptions) {}

  /** Resolves when every store has told of the places that are there. Throws `CatalogIsOld`, `ForeignPlace`. */
  static async open(options: PlacesOptions): Promise<Places> {
    const places = new Places(options);
    const now = options.clock.monotonic();
    for (const record of await options.catalog.places()) {
      places.#known.set(record.id, record);
      places.#awaySince.set(record.id, now);
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

  get(id: string): Place | undefined {
    return this.#online.get(id);
  }

  online(): Place[] {
    return [...this.#online.values()];
  }

  onlineIds(): string[] {
    return [...this.#online.keys()];
  }

  /** Whether a place that is there is about to go for good. */
  isLeaving(id: string): boolean {
    return this.#online.get(id)?.leaving === true;
  }

  /** All that are known, online or not. */
  known(): PlaceRecord[] {
    return [...this.#known.values()];
  }

  record(id: string): PlaceRecord | undefined {
    return this.#known.get(id);
  }

  /** Milliseconds that a place has been away as far as this process knows; 0 when it is online. */
  awayFor(id: string): number {
    if (this.#online.has(id)) return 0;
    return this.options.clock.monotonic() - (this.#awaySince.get(id) ?? 0);
  }

  /** Tells the places the catalog's sequence number, where they do not have it. */
  async refreshMarks(): Promise<void> {
    const { depot, sequence } = this.options.catalog;
    await Promise.all(
      this.online().map(async (place) => {
        if (this.#marked.get(place.id) === sequence) return;
        try {
          await place.setMark({ depot, sequence });
          this.#marked.set(place.id, sequence);
        } catch (error) {
          this.options.log.warn("Could not write the mark", {
            place: place.name,
            why: messageOf(error),
          });
        }
      }),
    );
  }

  /** What the place has is from now on what the catalog says. */
  compared(place: Place): void {
    this.#compared.add(place);
  }

  /** Ends following; the stores stay open. */
  async close(): Promise<void> {
    await Promise.all(this.online().map((place) => this.#rememberChanges(place)));
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
      const turns = new Turns();
      for await (const event of store.places(this.#stop.signal)) {
        if (event.type === "ready") ready.resolve(void (isReady = true));
        else if (!isReady) await this.#take(store, event);
        // A place that does not answer holds up nobody else's coming and going.
        else turns.add(idOf(event), () => this.#take(store, event).catch(complain));
      }
      await turns.done();
    })();
    this.#following.push(following.catch(complain).catch(() => {}));
    following.then(() => ready.resolve(), ready.reject);
    return ready.promise;
  }

  async #take(store: Store, event: Exclude<PlaceEvent, { type: "ready" }>): Promise<void> {
    if (event.type === "joined") return await this.#join(store, event.place);
    const place = this.#online.get(event.id);
    if (!place) return;
    this.#online.delete(event.id);
    this.#awaySince.set(event.id, this.options.clock.monotonic());
    const state = event.why === "goodbye" ? "goodbye" : "lost";
    // Called together, they are one transaction.
    await Promise.all([this.#rememberChanges(place), this.#note(event.id, state)]);
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
    const known = await catalog.knownChanges(id);
    // As long as it is there the number says nothing: a depot that dies must ask again.
    await Promise.all([
      catalog.placeJoined(record, now),
      known === null ? null : catalog.setKnownChanges(id, null),
    ]);
    this.#known.set(id, { ...record, state: "online", since: now });
    this.#online.set(id, place);
    this.#awaySince.delete(id);
    log.info("A place is there", { place: name, id, address });
    this.options.onJoined(place, known !== null && place.changes === known);
  }

  async #rememberChanges(place: Place): Promise<void> {
    if (!this.#compared.delete(place) || place.changes === undefined) return;
    await this.options.catalog.setKnownChanges(place.id, place.changes);
  }

  async #judgeOldCatalog(place: Place, sequence: number): Promise<void> {
    const { catalog, acceptOldCatalog } = this.options;
    if (!acceptOldCatalog) {
      throw new CatalogIsOld(
        `Refused to start: the catalog is at transaction ${catalog.sequence}, but ${place.address} ` +
          `has seen ${sequence}, so the catalog is an older copy. Put the newer one back, or start ` +
          `once with --accept-old-catalog: files deposited since then are lost to their owners, ` +
          `and their bytes are set aside`,
      );
    }
    await catalog.raiseSequence(sequence);
  }

  /** What was online when the depot stopped and is not there now is lost, not forgotten. */
  async #noteAbsent(): Promise<void> {
    for (const record of this.known()) {
      if (!this.#online.has(record.id) && record.state === "online") {
        await this.#note(record.id, "lost");
      }
    }
  }

  async #note(id: string, state: "goodbye" | "lost"): Promise<void> {
    const record = this.#known.get(id);
    if (!record) return;
    const since = this.options.clock.wall();
    await this.options.catalog.placeLeft(id, state, since);
    this.#known.set(id, { ...record, state, since });
  }
}

function idOf(event: Exclude<PlaceEvent, { type: "ready" }>): string {
  return event.type === "joined" ? event.place.id : event.id;
}

/** Work in the order of coming for each key, and side by side for different ones. */
class Turns {
  #last = new Map<string, Promise<void>>();

  /** `work` must not reject. */
  add(key: string, work: () => Promise<void>): void {
    const turn: Promise<void> = (this.#last.get(key) ?? Promise.resolve()).then(work).then(() => {
      if (this.#last.get(key) === turn) this.#last.delete(key);
    });
    this.#last.set(key, turn);
  }

  async done(): Promise<void> {
    await Promise.all(this.#last.values());
  }
}
