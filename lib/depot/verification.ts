/** Looks at every copy of one file at once, because its owner wants to know. */
import { Budget } from "../content/budget.ts";
import type { ContentRecord, PlaceRecord } from "./catalog/catalog.ts";
import type { Core } from "./core.ts";
import { Examiner, isBad, type RightAnswer } from "./examiner.ts";
import { Locks } from "./locks.ts";
import { messageOf } from "./log.ts";
import { Rate } from "./rate.ts";
import type { Verdict } from "./replicas.ts";

/** How a copy is. `away`: its place cannot be asked. `unsure`: its place did not manage to say. */
export type CopyState = Verdict | "away" | "unsure";

export interface CopyCheck {
  place: PlaceRecord;
  state: CopyState;
  /** How long it took. Milliseconds. */
  tookMs: number;
}

export interface Verifying {
  /** Aborts when nobody waits for the answer any more. */
  signal: AbortSignal;
  /** Bytes looked at, and to look at. */
  onBytes(done: number, total: number): void;
}

/** Files verified at the same time; one owner has one of them. */
const AT_ONCE = 2;

/**
 * An owner's wish waits for no repair, and holds none up: it reads at the same rate as all repair
 * together, and beside it.
 */
export class Verifier {
  #rate: Rate;
  #turns = new Budget(AT_ONCE);
  #owners = new Locks();

  constructor(
    private readonly core: Core,
    private readonly options: { signal: AbortSignal; onBad(digest: string): void },
  ) {
    this.#rate = new Rate(core.settings.repairRate, core.clock);
  }

  /**
   * Reads the copies at `places` whole where the depot reads the medium itself, and decides by
   * SHA-256. Of the others those are right that give the answer to a fresh prefix that a right copy
   * gives; the rest is read whole, too. What is bad is set aside, and repair is queued.
   */
  async verify(
    { owner, content, places }: { owner: string; content: ContentRecord; places: PlaceRecord[] },
    { signal: waiting, onBytes }: Verifying,
  ): Promise<CopyCheck[]> {
    const { core } = this;
    const signal = AbortSignal.any([waiting, this.options.signal]);
    using _mine = await this.#owners.take(owner);
    using _turn = await this.#turns.take(1, signal);
    using _pin = core.reading.pin(content.digest);
    const there = places.filter(({ id }) => core.places.get(id));
    const total = there.length * content.size;
    let done = 0;
    const count = (bytes: number) => onBytes(done = Math.min(done + bytes, total), total);
    onBytes(done, total);
    const examiner = new Examiner({ core, rate: this.#rate, signal, onBytes: count });
    const check = new Check({ core, examiner, content, signal, onBytes: count });
    try {
      return await check.run(places);
    } finally {
      if (check.foundBad) this.options.onBad(content.digest);
    }
  }
}

/** One verification of one content. */
class Check {
  foundBad = false;

  constructor(
    private readonly options: {
      core: Core;
      examiner: Examiner;
      content: ContentRecord;
      signal: AbortSignal;
      onBytes(bytes: number): void;
    },
  ) {}

  async run(places: PlaceRecord[]): Promise<CopyCheck[]> {
    const { core, examiner, content } = this.options;
    const isOwn = ({ id }: PlaceRecord) => core.places.get(id)?.trusted ?? false;
    const own = await Promise.all(places.filter(isOwn).map((place) => this.#read(place)));
    const rest = places.filter((place) => !own.some((check) => check.place === place));
    const right = own.find(({ state }) => state === "good");
    const model = right && core.places.get(right.place.id);
    const answer = model && rest.length > 0 ? await examiner.rightAnswer(content, model) : null;
    const others = await Promise.all(rest.map((place) => this.#compare(place, answer)));
    const checks = new Map([...own, ...others].map((check) => [check.place.id, check]));
    return places.map(({ id }) => checks.get(id)!);
  }

  /** By what the place answers, where there is a right copy to compare with. */
  async #compare(place: PlaceRecord, right: RightAnswer | null): Promise<CopyCheck> {
    const { core, examiner, content, onBytes } = this.options;
    const there = core.places.get(place.id);
    const began = core.clock.monotonic();
    if (!there || !right || !await examiner.isAlike(content, there, right)) {
      return await this.#read(place, began);
    }
    onBytes(content.size);
    return { place, state: "good", tookMs: core.clock.monotonic() - began };
  }

  async #read(place: PlaceRecord, began?: number): Promise<CopyCheck> {
    const { clock } = this.options.core;
    const from = began ?? clock.monotonic();
    const state = await this.#judge(place);
    if (isBad(state)) this.foundBad = true;
    return { place, state, tookMs: clock.monotonic() - from };
  }

  async #judge({ id, name }: PlaceRecord): Promise<CopyState> {
    const { core, examiner, content: { digest }, signal } = this.options;
    if (!core.places.get(id)) return "away";
    try {
      // No verdict: it is no copy any more, such as after a trim.
      return await examiner.judge(digest, id) ?? "unsure";
    } catch (error) {
      signal.throwIfAborted();
      core.log.warn("Could not verify a replica", { place: name, why: messageOf(error) });
      return core.places.get(id) ? "unsure" : "away";
    }
  }
}
