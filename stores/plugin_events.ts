/** What a plugin tells of its places, as the depot may rely on it. */
import { setTimeout as sleep } from "node:timers/promises";
import { Answers, inTime, type PluginLimits, reasonOf } from "./answers.ts";
import { PluginPlace } from "./plugin_place.ts";
import { isId, requireMethods, requirePlace, requireThat } from "./plugin_shapes.ts";
import { type PlaceEvent, type Store, StoreRefused } from "./store.ts";

/** After an event that is none, so that a flood of them stops nothing. Milliseconds. */
const PAUSE_MS = 1_000;

export interface PluginEventsOptions {
  /** The module's. */
  path: string;
  /** For what an operator should read. */
  warn(message: string): void;
  limits: PluginLimits;
  /** By id, which store has a place. */
  taken: Map<string, Store>;
}

/** What the plugin's iterator answered. */
type Step = { result: IteratorResult<unknown> } | { error: unknown };

/**
 * One iteration over a plugin's places. A place that hangs is told of as lost, and as joined when it
 * answers again, whatever the plugin says of it.
 */
export class PluginEvents {
  readonly #store: Store;
  readonly #options: PluginEventsOptions;
  readonly #places = new Map<string, PluginPlace>();
  /** Events of our own making. */
  readonly #own: PlaceEvent[] = [];
  #iterator: AsyncIterator<unknown> | null = null;
  /** What was asked of the iterator, until it answers. */
  #asked: Promise<void> | null = null;
  #step: Step | null = null;
  #ready = false;
  #late = false;
  #news = Promise.withResolvers<void>();

  constructor(store: Store, options: PluginEventsOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** The events until `signal` aborts. Throws `StoreRefused` for what is wrong before `ready`. */
  async *until(signal: AbortSignal): AsyncGenerator<PlaceEvent> {
    const stopping = new AbortController();
    const ending = AbortSignal.any([signal, stopping.signal]);
    const look = () => this.#news.resolve();
    const { limits } = this.#options;
    const stopWaiting = limits.timer(() => {
      this.#late = true;
      look();
    }, limits.readyMs);
    ending.addEventListener("abort", look);
    try {
      this.#begin(ending);
      while (!ending.aborted) {
        this.#news = Promise.withResolvers();
        const event = this.#own.shift() ?? await this.#take(ending);
        if (event) yield event;
        else if (!ending.aborted) await this.#news.promise;
      }
    } finally {
      stopWaiting();
      stopping.abort();
      for (const id of this.#places.keys()) this.#options.taken.delete(id);
      await this.#end();
    }
  }

  #begin(signal: AbortSignal): void {
    try {
      const events = this.#store.places(signal);
      requireMethods(events, [Symbol.asyncIterator], "what places() answers");
      this.#iterator = events[Symbol.asyncIterator]();
    } catch (error) {
      throw this.#refused(error);
    }
  }

  /** What the plugin told since it was asked; `null` when nothing is there before the next news. */
  async #take(signal: AbortSignal): Promise<PlaceEvent | null> {
    while (this.#step && !signal.aborted) {
      const step = this.#step;
      this.#step = null;
      try {
        const event = this.#judge(step);
        if (event) return event;
      } catch (error) {
        if (!this.#ready) throw this.#refused(error);
        this.#options.warn(`The store ${this.#options.path} is wrong: ${reasonOf(error)}`);
        await sleep(PAUSE_MS, null, { signal }).catch(() => {});
      }
    }
    if (this.#late && !this.#ready) {
      const seconds = this.#options.limits.readyMs / 1_000;
      throw this.#refused(new Error(`places() did not say ready within ${seconds} s`));
    }
    this.#ask();
    return null;
  }

  /** Nothing is asked before the depot has dealt with what was told. */
  #ask(): void {
    const iterator = this.#iterator;
    if (!iterator || this.#asked) return;
    const answered = (step: Step) => {
      this.#step = step;
      this.#asked = null;
      this.#news.resolve();
    };
    this.#asked = (async () => await iterator.next())()
      .then((result) => answered({ result }), (error) => answered({ error }));
  }

  #judge(step: Step): PlaceEvent | null {
    if ("error" in step || step.result.done) {
      this.#iterator = null;
      if ("error" in step) throw step.error;
      requireThat(this.#ready, "places() ended before it said ready");
      return null;
    }
    const event = Object(step.result.value) as Record<string, unknown>;
    if (event.type === "ready") return this.#judgeReady();
    if (event.type === "joined") return this.#judgeJoined(event.place);
    if (event.type === "left") return this.#judgeLeft(event);
    throw new Error(`places() told of ${JSON.stringify(event.type)}, which is no event`);
  }

  #judgeReady(): PlaceEvent | null {
    if (this.#ready) return null;
    this.#ready = true;
    return { type: "ready" };
  }

  #judgeJoined(place: unknown): PlaceEvent {
    requirePlace(place);
    const { limits, taken } = this.#options;
    const { id, name } = place;
    requireThat(!taken.has(id), `two places have the id ${id}: one of them may be a copy`);
    const onHanging = (hanging: boolean, verb: string) => this.#hangs(id, hanging, verb);
    const answers = new Answers(name, { limits, onHanging });
    const explain = (error: unknown) => this.#ready ? error : this.#refused(error, `of ${name}`);
    const joined = new PluginPlace(place, { answers, explain });
    taken.set(id, this.#store);
    this.#places.set(id, joined);
    return { type: "joined", place: joined };
  }

  #judgeLeft({ id, why }: Record<string, unknown>): PlaceEvent | null {
    requireThat(why === "goodbye" || why === "lost", "a place left, neither goodbye nor lost");
    requireThat(isId(id) && this.#places.has(id), `a place left that never joined: ${id}`);
    this.#places.delete(id);
    this.#options.taken.delete(id);
    return { type: "left", id, why };
  }

  /** Nothing may be decided on account of copies that nobody can read. */
  #hangs(id: string, hanging: boolean, verb: string): void {
    const place = this.#places.get(id);
    if (!place || !this.#ready) return;
    const { path, warn } = this.#options;
    if (hanging) warn(`${place.name} of the store ${path} does not answer to ${verb}()`);
    this.#own.push(hanging ? { type: "left", id, why: "lost" } : { type: "joined", place });
    this.#news.resolve();
  }

  #refused(cause: unknown, which = ""): StoreRefused {
    const { path } = this.#options;
    const what = which === "" ? path : `${path}, ${which}`;
    return new StoreRefused(`Could not use the store ${what}: ${reasonOf(cause)}`, { cause });
  }

  /** Lets the plugin close what its iteration has open; it heard from its signal before. */
  async #end(): Promise<void> {
    const iterator = this.#iterator;
    if (!iterator) return;
    const { limits, path, warn } = this.#options;
    try {
      await inTime(
        async () => {
          await this.#asked;
          await iterator.return?.();
        },
        limits.closeMs,
        limits,
      );
    } catch (error) {
      warn(`The store ${path} did not end what it tells of its places: ${reasonOf(error)}`);
    }
  }
}
