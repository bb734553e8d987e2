import type { Place, PlaceEvent, Store } from "../../stores/store.ts";
import type { AwayState, Catalog, PlaceRecord } from "./catalog/catalog.ts";
import { type Clock, inTime } from "./clock.ts";
import { Absences } from "./absences.ts";
import type { Absence } from "./judgement.ts";
import { type Log, messageOf } from "./log.ts";
import { CatalogIsOld, ForeignPlace, MARK_MS, readMark } from "./marks.ts";
import { Turns } from "./turns.ts";

/** A place that could not be taken up is tried again after this. Milliseconds. */
const AGAIN_MS = 5_000;

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
  #absences: Absences;
  #marked = new Map<string, number>();
  /** Why places do not take their marks. */
  #unmarked = new Map<string, string>();
  #failed = Promise.withResolvers<never>();
  /** The places that are there at the start have joined. */
  #begun = Promise.withResolvers<void>();
  /** Places that have what the catalog says. */
  #compared = new WeakSet<Place>();
  /** Places that could not be taken up yet. */
  #waiting = new Map<string, Place>();
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
      const first = (await Promise.all(options.stores.map((store) => places.#follow(store))))
        .flat();
      // All marks are read before anything is written: a refused start leaves no trace.
      await places.#judgeMarks(first.map(({ place }) => place));
      for (const { store, place } of first) await places.#join(store, place);
    } catch (error) {
      await places.close();
      throw error;
    }
    await places.#noteAbsent();
    places.#begun.resolve();
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

  /** Whether a place that is there is about to go for good. */
  isLeaving(id: string): boolean {
    return this.record(id)?.draining === true || this.#online.get(id)?.leaving === true;
  }

  /** All that are known, online or not. */
  known(): PlaceRecord[] {
    return [...this.#known.values()];
  }

  record(id: string): PlaceRecord | undefined {
    return this.#known.get(id);
  }

  /** The store of that kind. */
  storeFor(kind: string): Store | undefined {
    return this.options.stores.find((store) => store.kind === kind);
  }

  /** Those that may be given copies. */
  takers(): Place[] {
    return this.online().filter(({ id }) => !this.isLeaving(id));
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
      this.#unmarked.delete(place.id);
      return true;
    } catch (error) {
      const why = messageOf(error);
      // Said once: a full disk is tried again all the time.
      if (this.#unmarked.get(place.id) !== why) {
        this.options.log.warn("Could not write the mark", { place: place.name, why });
      }
      this.#unmarked.set(place.id, why);
      return false;
    }
  }

  /** What the place has is from now on what the catalog says. */
  compared(place: Place): void {
    this.#compared.add(place);
  }

  /** Ends following; the stores stay open. */
  async close(): Promise<void> {
    await Promise.all(this.online().map((place) => this.#rememberChanges(place)));
    this.#stop.abort();
    this.#begun.resolve();
    await Promise.all(this.#following);
  }

  /** Resolves at the store's `ready` to the places that are there, and goes on in the background. */
  #follow(store: Store): Promise<Joining[]> {
    const ready = Promise.withResolvers<Joining[]>();
    let isReady = false;
    const following = this.#followEvents(store, (first) => {
      isReady = true;
      ready.resolve(first);
    });
    following.then(() => ready.resolve([]), ready.reject);
    this.#following.push(following.catch((error) => {
      // Before that it is the start that fails.
      if (!isReady) return;
      this.options.log.error("A store stopped", { store: store.kind, why: messageOf(error) });
    }));
    return ready.promise;
  }

  async #followEvents(store: Store, onReady: (first: Joining[]) => void): Promise<void> {
    let first: Joining[] | null = [];
    const turns = new Turns();
    for await (const event of store.places(this.#stop.signal)) {
      if (event.type === "ready") {
        onReady(first ?? []);
        first = null;
      } else if (first) {
        if (event.type === "joined") first.push({ store, place: event.place });
        else first = first.filter(({ place }) => place.id !== event.id);
      } else {
        await this.#begun.promise;
        // A place that does not answer holds up nobody else's coming and going.
        turns.add(idOf(event), () => this.#take(store, event));
      }
    }
    await turns.done();
  }

  /** Never rejects. */
  async #take(store: Store, event: Exclude<PlaceEvent, { type: "ready" }>): Promise<void> {
    try {
      if (event.type === "left") return await this.#leave(event);
      await this.#judgeMarks([event.place]);
      await this.#join(store, event.place);
    } catch (error) {
      const why = messageOf(error);
      this.options.log.error("Could not take up a place", { store: store.kind, why });
    }
  }

  async #leave({ id, why }: Extract<PlaceEvent, { type: "left" }>): Promise<void> {
    this.#waiting.delete(id);
    const place = this.#online.get(id);
    if (!place) return;
    this.#online.delete(id);
    // Who was about to leave for good, and says goodbye, does not come back.
    const state = this.#absences.leave(id, place.leaving && why === "goodbye" ? "gone" : why);
    // Called together, they are one transaction.
    await Promise.all([this.#rememberChanges(place), this.#note(id, state)]);
    this.options.log.warn("A place went away", { place: this.#known.get(id)?.name ?? "" });
    this.options.onLeft(id);
  }

  async #join(store: Store, place: Place): Promise<void> {
    const { catalog, log } = this.options;
    const { id, name, zone, address } = place;
    if (!await this.#isMarked(place)) return this.#tryAgain(store, place);
    this.#waiting.delete(id);
    const record = { id, kind: store.kind, address, name, zone };
    const now = this.options.clock.wall();
    const changes = await catalog.knownChanges(id);
    // As long as it is there the number says nothing: a depot that dies must ask again.
    await Promise.all([
      catalog.placeJoined(record, now),
      changes === null ? null : catalog.setKnownChanges(id, null),
    ]);
    const before = this.#known.get(id);
    const since = before?.state === "online" ? before.since : now;
    const draining = before?.draining ?? false;
    this.#absences.comeBack(id);
    this.#known.set(id, { ...record, state: "online", since, draining });
    this.#online.set(id, place);
    log.info("A place is there", { place: name, id, address });
    this.options.onJoined(place, changes !== null && place.changes === changes);
  }

  /**
   * Whether a place may be taken for what it says it is: one that is known and has no mark is away,
   * whatever its store says. A new one gets its mark; one that cannot take it, for its disk is
   * full, can still be read.
   */
  async #isMarked(place: Place): Promise<boolean> {
    const mark = await readMark(place);
    if (mark || (mark === null && !this.#known.has(place.id))) {
      await this.refreshMark(place);
      return true;
    }
    const what = { place: place.name, address: place.address };
    this.options.log.warn("A place does not show its mark, and is taken for away", what);
    return false;
  }

  /** Its store has told of the place and will not tell again. */
  #tryAgain(store: Store, place: Place): void {
    const { clock } = this.options;
    this.#waiting.set(place.id, place);
    clock.sleep(AGAIN_MS, this.#stop.signal).then(async () => {
      if (this.#stop.signal.aborted || this.#waiting.get(place.id) !== place) return;
      await this.#take(store, { type: "joined", place });
    });
  }

  /** Throws `ForeignPlace`, `CatalogIsOld`. */
  async #judgeMarks(places: Place[]): Promise<void> {
    const { catalog } = this.options;
    let newest = catalog.sequence;
    for (const place of places) {
      const mark = await readMark(place);
      if (mark && mark.depot !== catalog.depot) {
        throw new ForeignPlace(`Refused ${place.address}: it belongs to depot ${mark.depot}`);
      }
      if (mark && mark.sequence > catalog.sequence) this.#judgeOldCatalog(place, mark.sequence);
      newest = Math.max(newest, mark?.sequence ?? 0);
    }
    if (newest > catalog.sequence) await catalog.raiseSequence(newest);
  }

  async #rememberChanges(place: Place): Promise<void> {
    if (!this.#compared.delete(place) || place.changes === undefined) return;
    await this.options.catalog.setKnownChanges(place.id, place.changes);
  }

  #judgeOldCatalog(place: Place, sequence: number): void {
    const { catalog, acceptOldCatalog } = this.options;
    if (acceptOldCatalog) return;
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

/** A place that was there when the depot started, before it is taken up. */
interface Joining {
  store: Store;
  place: Place;
}

function idOf(event: Exclude<PlaceEvent, { type: "ready" }>): string {
  return event.type === "joined" ? event.place.id : event.id;
}
