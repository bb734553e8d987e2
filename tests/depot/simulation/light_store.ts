import type { PlaceEvent, Store } from "../../../stores/store.ts";
import type { LightPlace } from "./light_place.ts";

/** Tells the depot of places that come and go as the simulation says. */
export class LightStore implements Store {
  readonly kind = "light";
  readonly #queue: PlaceEvent[];
  #wake = () => {};

  constructor(places: Iterable<LightPlace>) {
    this.#queue = [...places].map((place) => ({ type: "joined", place }));
    this.#queue.push({ type: "ready" });
  }

  leave(place: LightPlace, why: "goodbye" | "lost"): void {
    if (place.isAway) return;
    place.isAway = true;
    this.#tell({ type: "left", id: place.id, why });
  }

  comeBack(place: LightPlace): void {
    if (!place.isAway) return;
    place.isAway = false;
    this.#tell({ type: "joined", place });
  }

  async *places(signal: AbortSignal): AsyncGenerator<PlaceEvent> {
    signal.addEventListener("abort", () => this.#wake());
    while (!signal.aborted) {
      const event = this.#queue.shift();
      if (event) yield event;
      else await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #tell(event: PlaceEvent): void {
    this.#queue.push(event);
    this.#wake();
  }
}
