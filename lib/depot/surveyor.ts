import { PAGE_ROWS } from "./catalog/catalog.ts";
import { type Core, livePlaces } from "./core.ts";
import { turningPoints } from "./judgement.ts";
import { QUEUE_LIMIT } from "./repair_queue.ts";
import { Wakeup } from "./wakeup.ts";
import { surveyLists } from "./weighing.ts";

/** The whole catalog is walked over this often, whatever happened or not. Milliseconds. */
const EVERYTHING_EVERY_MS = 6 * 3_600_000;
/** Where this part of all places needs a look at once, the whole catalog is walked over instead. */
const MANY = 1 / 4;
/** What could not be finished is tried again after this, then after twice as long, … Milliseconds. */
const RETRY_FROM_MS = 60_000;
const RETRY_TO_MS = 3_600_000;
/** So many contents that could not be finished are remembered; of more, a survey finds them again. */
const UNFINISHED_LIMIT = 10_000;

export interface SurveyorOptions {
  core: Core;
  signal: AbortSignal;
  /** A content may need care; `copies` of it can be read. */
  attend(digest: string, copies: number): void;
  /** Contents that wait for care. */
  queued(): number;
  /** A place has been away for so long that it is gone. */
  onGone(place: string): void;
}

/** A place that is away. Monotonic milliseconds. */
interface Absentee {
  id: string;
  from: number;
  /** When its replicas may stop to count, for some contents or for all. */
  at: number[];
  isGone: boolean;
  goneAt: number;
}

/**
 * Finds the contents that need care: those of a place when its absence comes to a turning point,
 * or when it is back after one; what could not be finished, again and again; and everything at a
 * start and now and then. A place that is away for a moment is no reason to look at anything.
 */
export class Surveyor {
  #wakeup = new Wakeup();
  #everything = true;
  #everythingAt = 0;
  #due = new Set<string>();
  /** Of places that are away: since when, and how many turning points were acted upon. */
  #turned = new Map<string, { from: number; count: number }>();
  /** With how many copies each could be read then. */
  #unfinished = new Map<string, number>();
  /** The next turning point, as of the last look: one that passes during it is not passed over. */
  #turnsAt = Infinity;
  #retryAt = Infinity;
  #retryPause = RETRY_FROM_MS;

  constructor(private readonly options: SurveyorOptions) {}

  /** Works until the signal aborts. */
  async run(): Promise<void> {
    const { core, signal } = this.options;
    while (!signal.aborted) {
      await this.#look();
      await this.#wakeup.wait(this.#untilNext(), core.clock, signal);
    }
  }

  /** The contents of a place need a look. */
  look(place: string): void {
    this.#due.add(place);
    this.#wakeup.call();
  }

  /** A place went away: its turning points lie ahead. */
  placeLeft(): void {
    this.#wakeup.call();
  }

  /** A place is back and was compared with the catalog: its copies count, and it may take others. */
  placeReconciled(place: string): void {
    // Before its first turning point nothing was decided without it.
    if (this.#turned.get(place)?.count) this.#due.add(place);
    this.#turned.delete(place);
    this.#retryPause = RETRY_FROM_MS;
    if (this.#unfinished.size > 0) this.#retryAt = 0;
    this.#wakeup.call();
  }

  /** A content has more or fewer copies than wanted, and nothing could be done about it now. */
  unfinished(digest: string, copies: number): void {
    if (this.#unfinished.size < UNFINISHED_LIMIT) this.#unfinished.set(digest, copies);
    if (this.#retryAt < Infinity) return;
    this.#retryAt = this.options.core.clock.monotonic() + this.#retryPause;
    this.#wakeup.call();
  }

  /** When a content that could not be finished is tried again. Milliseconds; `null`: it is none. */
  triedAgainIn(digest: string): number | null {
    if (!this.#unfinished.has(digest)) return null;
    return Math.max(0, this.#retryAt - this.options.core.clock.monotonic());
  }

  async #look(): Promise<void> {
    const now = this.options.core.clock.monotonic();
    this.#passTurningPoints(now);
    if (this.#retryAt <= now) this.#retry();
    const known = this.options.core.places.known().length;
    if (this.#everythingAt <= now || this.#due.size > Math.max(1, known * MANY)) {
      this.#everything = true;
    }
    const due = this.#everything ? [undefined] : [...this.#due];
    if (this.#everything) this.#everythingAt = now + EVERYTHING_EVERY_MS;
    this.#everything = false;
    this.#due.clear();
    for (const place of due) await this.#survey(place);
  }

  /** Notes the places whose absence came to a turning point, and when the next will. */
  #passTurningPoints(now: number): void {
    this.#turnsAt = Infinity;
    for (const { id, at, goneAt, from, isGone } of this.#absent()) {
      const before = this.#turned.get(id);
      const passed = isGone ? 1 : at.filter((point) => point <= now).length;
      const count = before?.from === from ? before.count : 0;
      if (passed > count) this.#due.add(id);
      this.#turned.set(id, { from, count: Math.max(passed, count) });
      if (goneAt <= now) this.options.onGone(id);
      this.#turnsAt = Math.min(this.#turnsAt, ...[...at, goneAt].filter((point) => point > now));
    }
  }

  /** Places that are away, with the monotonic times at which something about them changes. */
  *#absent(): Iterable<Absentee> {
    const { places, settings, clock } = this.options.core;
    const settled = places.openedAt + settings.settleMs;
    for (const { id, since } of places.known()) {
      const absence = places.get(id) ? null : places.absence(id);
      if (!absence) continue;
      const { why, from } = absence;
      const at = turningPoints(why, settings).map((point) => Math.max(from + point, settled));
      // So many days are only known by the wall clock; this process must have missed it, too.
      const awayFor = clock.wall() - since;
      const goneAt = Math.max(clock.monotonic() + settings.goneAfterMs - awayFor, ...at);
      const isGone = why === "gone";
      yield { id, from, at, isGone, goneAt: isGone ? Infinity : goneAt };
    }
  }

  #untilNext(): number {
    const now = this.options.core.clock.monotonic();
    if (this.#due.size > 0) return 0;
    return Math.max(0, Math.min(this.#everythingAt, this.#retryAt, this.#turnsAt) - now);
  }

  #retry(): void {
    this.#retryAt = Infinity;
    this.#retryPause = Math.min(2 * this.#retryPause, RETRY_TO_MS);
    if (this.#unfinished.size === UNFINISHED_LIMIT) this.#everything = true;
    const again = [...this.#unfinished];
    this.#unfinished.clear();
    for (const [digest, copies] of again) this.options.attend(digest, copies);
  }

  /** Walks over the contents of a place, or all, for those with more or fewer copies than wanted. */
  async #survey(place: string | undefined): Promise<void> {
    const { core, signal, attend, queued } = this.options;
    let after: string | null = null;
    do {
      while (queued() > QUEUE_LIMIT && !signal.aborted) await core.clock.sleep(100, signal);
      if (signal.aborted) return;
      const of = place === undefined ? {} : { place };
      const page = await core.catalog.survey({
        after,
        limit: PAGE_ROWS,
        ...surveyLists(core),
        ...of,
      });
      for (const content of page.contents) {
        attend(content.digest, livePlaces(content, core.places).length);
      }
      after = page.next;
    } while (after !== null);
  }
}
