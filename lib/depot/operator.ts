/** What the depot's operator sees and decides about places. */
import { StoreRefused } from "../../stores/store.ts";
import { type AsideReport, asideReports, dropAsides, droppable } from "./asides.ts";
import { type ContentRecord, PAGE_ROWS, type PlaceRecord, type Tally } from "./catalog/catalog.ts";
import { type Core, Refused } from "./core.ts";
import type { Keeper } from "./keeper.ts";
import { weigh } from "./weighing.ts";

/** So much of a place's identifier tells it from others. */
export const SHORT_ID_LETTERS = 8;

/** A place as the operator sees it. Bytes; `replicas` of all owners. */
export interface PlaceReport {
  place: PlaceRecord;
  /** What can be used, as of `Usable`. */
  free: number;
  capacity: number;
  replicas: number;
  /** While it is emptied: contents there that have too few copies elsewhere. `null`: it is not. */
  remaining: number | null;
  /** Those of them that are other depots'. */
  lent: number;
}

/** A place that is being emptied. */
export interface Draining {
  place: PlaceRecord;
  /** As of `PlaceReport`. */
  remaining: number;
  lent: number;
  /** Other places that may be given copies now. */
  takers: number;
}

/** What is there of a place that is about to be given up. */
export interface Stake {
  place: PlaceRecord;
  replicas: number;
  /** Contents of which no other good copy is known. */
  sole: number;
}

/** The whole depot. */
export interface DepotReport extends Tally {
  /** Set-aside copies. */
  aside: number;
  /** Contents that wait for care, and that are being cared for. */
  queued: number;
  running: number;
  places: PlaceRecord[];
  /** Since the depot was opened. Milliseconds. */
  uptimeMs: number;
}

export class Operator {
  /** `lentAt`: contents that other depots keep in a directory, by its address, and need there. */
  constructor(
    private readonly core: Core,
    private readonly keeper: Keeper,
    private readonly lentAt: (address: string) => Promise<number>,
  ) {}

  /** Every place that is known, there or not. */
  places(): Promise<PlaceReport[]> {
    const { catalog, places, rooms } = this.core;
    return Promise.all(
      places.known().map(async (place) => {
        const there = places.get(place.id);
        const room = there && await rooms.usable(there);
        return {
          place,
          free: room?.free ?? 0,
          capacity: room?.capacity ?? 0,
          replicas: await catalog.replicaCount(place.id),
          ...await this.#toGo(place),
        };
      }),
    );
  }

  /** What all files come to, and how they are. */
  async status(): Promise<DepotReport> {
    const { catalog, places, clock } = this.core;
    return {
      ...await this.#tally(),
      ...this.keeper.counts(),
      aside: (await catalog.asides()).length,
      places: places.known(),
      uptimeMs: clock.monotonic() - places.openedAt,
    };
  }

  /**
   * Its copies do not count as wanted ones from now on, so that others are made elsewhere; they
   * can still be read. It is given no new ones. Holds over restarts. Throws `Refused`.
   */
  async drain(place: string): Promise<Draining> {
    return await this.#setDraining(place, true);
  }

  /** Its copies count again, and what was made instead is trimmed. Throws `Refused`. */
  async undrain(place: string): Promise<Draining> {
    return await this.#setDraining(place, false);
  }

  /**
   * The place is gone for good: its copies do not count. Should it come back it joins like any
   * other, or is still being drained. Throws `Refused`, also while it is there and not drained.
   */
  async forget(place: string): Promise<PlaceRecord> {
    const { id } = await this.forgettable(place);
    return await this.#giveUp(id);
  }

  /** The place, when it may be forgotten. Throws `Refused`. */
  async forgettable(place: string): Promise<PlaceRecord> {
    const { places } = this.core;
    const record = this.#find(place);
    const { id, name, draining } = record;
    const remaining = places.get(id) && (draining ? (await this.#toGo(record)).remaining : null);
    if (remaining === null) {
      throw new Refused("bad value", `Refused to forget ${name}: it is there; drain it first`);
    }
    if (!remaining) return record;
    const contents = remaining === 1 ? "1 content has" : `${remaining} contents have`;
    const state = `${contents} too few copies elsewhere`;
    throw new Refused("bad value", `Refused to forget ${name}: it is there and ${state} so far`);
  }

  /**
   * The medium of a place is gone for good, and there is a new one at its address: that becomes a
   * new place, and the copies of the old one do not count any more. Resolves to the new place's
   * id; it joins within seconds. Throws `Refused`, and then nothing has changed.
   */
  async replace(place: string): Promise<{ old: PlaceRecord; id: string }> {
    const { id: old, kind, address } = this.replaceable(place);
    const id = await this.#renew(kind, address);
    return { old: await this.#giveUp(old), id };
  }

  /** The place, when its medium may be replaced. Throws `Refused`. */
  replaceable(place: string): PlaceRecord {
    const record = this.#find(place);
    const { id, name, kind } = record;
    if (this.core.places.get(id)) {
      const advice = "unmount its disk, or drain and forget it first";
      throw new Refused("bad value", `Refused to replace ${name}: it is there; ${advice}`);
    }
    if (this.core.places.storeFor(kind)?.renew) return record;
    const advice = "forget it; what is lent or mounted instead joins as a new place by itself";
    throw new Refused("bad value", `Could not replace ${name}, a place of ${kind}: ${advice}`);
  }

  /** What would be given up with a place. Throws `Refused`. */
  async stake(place: string): Promise<Stake> {
    const { catalog, places } = this.core;
    const record = this.#find(place);
    const isSole = ({ replicas }: ContentRecord) =>
      !replicas.some(({ place: id, state }) =>
        id !== record.id && state === "good" && places.record(id)?.state !== "gone"
      );
    return {
      place: record,
      replicas: await catalog.replicaCount(record.id),
      sole: await this.#count({ place: record.id, counted: [] }, isSole),
    };
  }

  /** Copies that were set aside, on all places that are known. */
  asides(): Promise<AsideReport[]> {
    return asideReports(this.core);
  }

  /** Those that `dropAsides` would remove. Throws `Refused`. */
  droppable(digests: string[] | "spare"): Promise<AsideReport[]> {
    return droppable(digests, this.core);
  }

  /** Removes set-aside copies: see `dropAsides`. Throws `Refused`. */
  dropAsides(digests: string[] | "spare"): Promise<AsideReport[]> {
    return dropAsides(digests, this.core);
  }

  /** Contents that have too few copies that can be read now without this place. */
  async remaining(place: string): Promise<number> {
    const counted = this.core.places.takers().map(({ id }) => id);
    const tooFew = (content: ContentRecord) => weigh(content, this.core).missingNow > 0;
    return await this.#onlyAside(place) + await this.#count({ place, counted }, tooFew);
  }

  async #toGo({ id, address }: PlaceRecord): Promise<Pick<PlaceReport, "remaining" | "lent">> {
    const { places } = this.core;
    if (!places.isLeaving(id)) return { remaining: null, lent: 0 };
    const lent = places.get(id) ? await this.lentAt(address) : 0;
    return { remaining: await this.remaining(id) + lent, lent };
  }

  async #setDraining(place: string, draining: boolean): Promise<Draining> {
    const { places } = this.core;
    const { id, name, state, draining: before } = this.#find(place);
    if (state === "gone") {
      throw new Refused(
        "bad value",
        `Refused to drain ${name}: it is gone, and nothing counts there`,
      );
    }
    if (before !== draining) {
      await places.setDraining(id, draining);
      this.keeper.placeChanged(id);
    }
    const record = places.record(id)!;
    const { remaining, lent } = await this.#toGo(record);
    return {
      place: record,
      remaining: remaining ?? 0,
      lent,
      takers: places.takers().filter((taker) => taker.id !== id).length,
    };
  }

  async #giveUp(id: string): Promise<PlaceRecord> {
    await this.keeper.giveUp(id);
    return this.core.places.record(id)!;
  }

  async #renew(kind: string, address: string): Promise<string> {
    try {
      return await this.core.places.storeFor(kind)!.renew!(address);
    } catch (error) {
      if (!(error instanceof StoreRefused)) throw error;
      throw new Refused("bad value", error.message);
    }
  }

  /** By identifier or its beginning, or by a name that only one place has; one that is gone leaves its name to others. */
  #find(place: string): PlaceRecord {
    const known = this.core.places.known();
    const byId = known.find(({ id }) => id === place);
    if (byId) return byId;
    const named = known.filter(({ name }) => name === place);
    const here = named.filter(({ state }) => state !== "gone");
    const begun = place.length < SHORT_ID_LETTERS
      ? []
      : known.filter(({ id }) => id.startsWith(place));
    // Somebody else may have called a place as another's identifier begins.
    const meant = [...new Set([...begun, ...here.length > 0 ? here : named])];
    const [found, ...others] = meant;
    if (!found) throw new Refused("absent", `There is no place ${place}: it has a name or an id`);
    if (others.length === 0) return found;
    const ids = meant.map(({ id }) => id).join(", ");
    throw new Refused("bad value", `Refused ${place}: several places are called so: ${ids}`);
  }

  async #tally(): Promise<Tally> {
    const { catalog, places } = this.core;
    const sum = { files: 0, bytes: 0, contents: 0, contentBytes: 0, deficit: 0, damaged: 0 };
    let after: string | null = null;
    do {
      const page = await catalog.tally({ after, limit: PAGE_ROWS, live: places.onlineIds() });
      for (const key of Object.keys(sum) as (keyof Tally)[]) sum[key] += page.tally[key];
      after = page.next;
    } while (after !== null);
    return sum;
  }

  /** Counts those of a survey of which `is` holds. */
  async #count(
    survey: { place: string; counted: string[] },
    is: (content: ContentRecord) => boolean,
  ): Promise<number> {
    let count = 0;
    let after: string | null = null;
    do {
      const page = await this.core.catalog.survey({ after, limit: PAGE_ROWS, ...survey });
      count += page.contents.filter(is).length;
      after = page.next;
    } while (after !== null);
    return count;
  }

  /** Contents of which nothing is left but bytes that were set aside, some of them here. */
  async #onlyAside(place: string): Promise<number> {
    const { catalog } = this.core;
    let count = 0;
    for (const aside of await catalog.asides()) {
      const content = aside.place === place ? await catalog.content(aside.digest) : null;
      const isGood = content?.replicas.some(({ state }) => state === "good");
      if (content && content.wanted > 0 && !isGood) count++;
    }
    return count;
  }
}
