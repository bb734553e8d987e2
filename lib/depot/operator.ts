/** What the depot's operator sees and decides about places. */
import { PAGE_ROWS, type PlaceRecord } from "./catalog/catalog.ts";
import { type Core, livePlaces, Refused } from "./core.ts";
import type { Keeper } from "./keeper.ts";
import { roomOf } from "./rooms.ts";
import { surveyLists, weigh } from "./weighing.ts";

/** A place as the operator sees it. Bytes; `replicas` of all owners. */
export interface PlaceReport {
  place: PlaceRecord;
  free: number;
  capacity: number;
  replicas: number;
  /** While it is drained: contents there that have too few copies elsewhere. `null`: it is not. */
  remaining: number | null;
}

/** A copy that was moved out of the way. `size`, `good`: `null` when the catalog does not know the content. */
export interface AsideReport {
  digest: string;
  place: PlaceRecord | null;
  since: number;
  size: number | null;
  /** Good copies of the content that can be read now. */
  good: number | null;
}

export class Operator {
  constructor(private readonly core: Core, private readonly keeper: Keeper) {}

  /** Every place that is known, there or not. */
  places(): Promise<PlaceReport[]> {
    const { catalog, places } = this.core;
    return Promise.all(
      places.known().map(async (place) => {
        const there = places.get(place.id);
        const room = there && await roomOf(there);
        return {
          place,
          free: room?.free ?? 0,
          capacity: room?.capacity ?? 0,
          replicas: await catalog.replicaCount(place.id),
          remaining: place.draining ? await this.remaining(place.id) : null,
        };
      }),
    );
  }

  /**
   * Its copies do not count as wanted ones from now on, so that others are made elsewhere; they
   * can still be read. It is given no new ones. Holds over restarts. Throws `Refused`.
   */
  async drain(place: string): Promise<PlaceRecord> {
    return await this.#setDraining(place, true);
  }

  /** Its copies count again, and what was made instead is trimmed. Throws `Refused`. */
  async undrain(place: string): Promise<PlaceRecord> {
    return await this.#setDraining(place, false);
  }

  /**
   * The place is gone for good: its copies do not count. Should it come back it joins like any
   * other, or is still being drained. Throws `Refused`, also while it is there and not drained.
   */
  async forget(place: string): Promise<PlaceRecord> {
    const { places } = this.core;
    const { id, name, draining } = this.#find(place);
    const remaining = places.get(id) && (draining ? await this.remaining(id) : null);
    if (remaining === null) {
      throw new Refused("bad value", `Refused to forget ${name}: it is there; drain it first`);
    }
    if (remaining) {
      const state = `${remaining} contents have too few copies elsewhere`;
      throw new Refused("bad value", `Refused to forget ${name}: it is there and ${state} so far`);
    }
    await this.keeper.giveUp(id);
    return places.record(id)!;
  }

  /** Copies that were set aside, on all places that are known. */
  async asides(): Promise<AsideReport[]> {
    const { catalog, places } = this.core;
    const asides = await catalog.asides();
    return await Promise.all(asides.map(async ({ digest, place, since }) => {
      const content = await catalog.content(digest);
      return {
        digest,
        place: places.record(place) ?? null,
        since,
        size: content?.size ?? null,
        good: content && livePlaces(content, places).length,
      };
    }));
  }

  async #setDraining(place: string, draining: boolean): Promise<PlaceRecord> {
    const { id } = this.#find(place);
    await this.core.places.setDraining(id, draining);
    this.keeper.placeChanged(id);
    return this.core.places.record(id)!;
  }

  /** By identifier, or by a name that only one place has. */
  #find(place: string): PlaceRecord {
    const known = this.core.places.known();
    const byName = known.filter(({ name }) => name === place);
    const found = known.find(({ id }) => id === place) ?? byName[0];
    if (!found) throw new Refused("absent", `There is no place ${place}`);
    if (found.id === place || byName.length === 1) return found;
    const ids = byName.map(({ id }) => id).join(", ");
    throw new Refused("bad value", `Refused ${place}: several places have this name: ${ids}`);
  }

  /** Contents that would have too few copies without this place. */
  async remaining(place: string): Promise<number> {
    const { catalog } = this.core;
    let count = await this.#onlyAside(place);
    let after: string | null = null;
    do {
      const page = await catalog.survey({
        after,
        limit: PAGE_ROWS,
        place,
        ...surveyLists(this.core),
      });
      count += page.contents.filter((content) => weigh(content, this.core).missing > 0).length;
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
