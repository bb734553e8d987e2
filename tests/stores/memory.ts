/**
 * A store in memory, for tests and simulations: cheap for each content, with switches for what can
 * go wrong. Passes the contract suite.
 */
import { randomUUID } from "node:crypto";
import type { PlaceEvent, Store } from "../../stores/store.ts";
import { MemoryPlace, type MemoryPlaceOptions } from "./memory_place.ts";

export class MemoryStore implements Store {
  readonly kind: string;
  readonly #places = new Map<string, MemoryPlace>();
  readonly #listeners = new Set<(event: PlaceEvent) => void>();
  readonly #closing = new AbortController();

  constructor(options: { kind?: string; places?: MemoryPlaceOptions[] } = {}) {
    this.kind = options.kind ?? "memory";
    for (const place of options.places ?? []) this.add(place);
  }

  /** Adds a place, which joins at once. */
  add(options: MemoryPlaceOptions = {}): MemoryPlace {
    const id = options.id ?? randomUUID();
    const place = new MemoryPlace({ ...options, id, name: options.name ?? `memory-${id}` });
    this.#places.set(id, place);
    this.#tell({ type: "joined", place });
    return place;
  }

  /** Of all places, there or away. */
  get ids(): string[] {
    return [...this.#places.keys()];
  }

  /** The place with this id, there or away. */
  place(id: string): MemoryPlace {
    const place = this.#places.get(id);
    if (!place) throw new Error(`Could not find the place ${id}: there is none`);
    return place;
  }

  /** The place goes: everything asked of it from now on, readers and writers too, fails. */
  leave(id: string, why: "goodbye" | "lost" = "lost"): void {
    this.place(id).leave();
    this.#tell({ type: "left", id, why });
  }

  /** The place comes back with all that it had; writers that were open stay dead. */
  comeBack(id: string): void {
    const place = this.place(id);
    place.comeBack();
    this.#tell({ type: "joined", place });
  }

  async *places(signal: AbortSignal): AsyncGenerator<PlaceEvent> {
    const ending = AbortSignal.any([signal, this.#closing.signal]);
    const queue: PlaceEvent[] = [...this.#places.values()]
      .filter((place) => !place.away).map((place) => ({ type: "joined", place }));
    queue.push({ type: "ready" });
    let wake = () => {};
    const listener = (event: PlaceEvent) => (queue.push(event), wake());
    const ended = () => wake();
    this.#listeners.add(listener);
    ending.addEventListener("abort", ended);
    try {
      while (!ending.aborted) {
        const event = queue.shift();
        if (event) yield event;
        else await new Promise<void>((resolve) => wake = resolve);
      }
    } finally {
      this.#listeners.delete(listener);
      ending.removeEventListener("abort", ended);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    return Promise.resolve();
  }

  #tell(event: PlaceEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
