import type { Place } from "../../stores/store.ts";
import type { ContentRecord } from "./catalog/catalog.ts";
import { ContentReader, NoGoodCopy } from "./content_reader.ts";
import type { OnCopies } from "./copy_progress.ts";
import { type Core, livePlaces } from "./core.ts";
import { type Examiner, isBad } from "./examiner.ts";
import { Locks, replicaKey } from "./locks.ts";
import { messageOf } from "./log.ts";
import { choosePlaces } from "./placement.ts";
import type { Rate } from "./rate.ts";
import { judgeReplica, makeReplica, WrongBytes } from "./replicas.ts";
import { settleWriting } from "./reconcile.ts";
import { Slots } from "./slots.ts";
import { type Source, SourceOrder } from "./source_order.ts";
import { sourcesOf } from "./sources.ts";
import { trim } from "./trim.ts";
import { weigh } from "./weighing.ts";

export interface CaretakerOptions {
  core: Core;
  rate: Rate;
  signal: AbortSignal;
  examiner: Examiner;
  /** Replicas that were doomed, whose bytes go after the linger. */
  onDoomed(digest: string, places: string[]): void;
}

export interface CareOptions {
  onCopies?: OnCopies | undefined;
  /** Somebody asked for a number of copies: those on places that are away do not count. */
  now?: boolean | undefined;
}

/** What was done for a content. */
export interface Care {
  /** Good copies on places that are there. */
  live: number;
  /** Copies still missing, for want of a place or of a source. */
  missing: number;
  /** Copies above what is wanted that could not be trimmed yet. */
  surplus: number;
}

/** What came of trying to make one copy. */
interface Attempt {
  /** Sources that failed on the way. */
  suspects: Set<string>;
  /** There was nothing to copy from. */
  sourceless: boolean;
  /** Whatever is at the target has to be looked at. */
  failed: boolean;
}

/** Brings one content to what its files want: judges, copies, trims. */
export class Caretaker {
  #caring = new Locks();
  /** Contents that are being cared for now. */
  #present = new Set<string>();
  #slots: Slots;

  constructor(private readonly options: CaretakerOptions) {
    this.#slots = new Slots(options.core.clock);
  }

  /**
   * Copies and trims until the content has what its files want, or nothing more can be done now.
   * One at a time for each content.
   */
  async care(digest: string, options: CareOptions = {}): Promise<Care> {
    using _turn = await this.#caring.take(digest);
    this.#present.add(digest);
    try {
      return await this.#care(digest, options);
    } finally {
      this.#present.delete(digest);
    }
  }

  /** Contents that are being cared for now. */
  get present(): ReadonlySet<string> {
    return this.#present;
  }

  async #care(digest: string, { onCopies, now = false }: CareOptions): Promise<Care> {
    const { core, signal } = this.options;
    const unfit = new Set<string>();
    let done = 0;
    while (true) {
      signal.throwIfAborted();
      const content = await core.catalog.content(digest);
      if (!content) return { live: 0, missing: 0, surplus: 0 };
      const weight = weigh(content, core);
      const { live } = weight;
      const missing = now ? weight.missingNow : weight.missing;
      const progress = { total: done + Math.max(0, missing) * content.size, live: live.length };
      onCopies?.({ ...progress, done });
      if (missing <= 0) {
        return { live: live.length, missing: 0, surplus: await this.#trim(content) };
      }
      const stuck = { live: live.length, missing, surplus: 0 };
      const target = await this.#target(content, unfit);
      const sources = sourcesOf(content, core);
      if (!target || !isCopyable(content, target, sources)) return stuck;
      using slots = this.#takeSlots(target, sources);
      if (slots === null) {
        // Whatever was decided may be out of date when a place has time again.
        await this.#slots.freed(signal);
        continue;
      }
      const onCopied = (bytes: number) => onCopies?.({ ...progress, done: done += bytes });
      const attempt = await this.#copy(content, { target, sources, onCopied });
      slots[Symbol.dispose]();
      if (attempt.failed) await this.#settle(digest, target);
      // A target is given up when it was not a source that failed: bad sources are set aside by
      // the judging, so that the next round is another one.
      if (await this.#judgeAll(digest, attempt.suspects)) continue;
      if (attempt.sourceless) return stuck;
      unfit.add(target.id);
    }
  }

  /** A slot at the target and at the source to begin with, which comes first from then on. */
  #takeSlots(target: Place, sources: Source[]): Disposable | null {
    const first = sources.findIndex(({ place, aside }) => !aside && this.#slots.isFree(place.id));
    if (first > 0) sources.unshift(...sources.splice(first, 1));
    return this.#slots.tryTake([target, ...sources.slice(0, 1).map(({ place }) => place)]
      .map(({ id }) => id));
  }

  /** Resolves to how many copies above the wanted number are left. */
  async #trim(content: ContentRecord): Promise<number> {
    const { core, examiner, onDoomed } = this.options;
    const doomed = await trim(content, { core, examiner });
    if (doomed.length > 0) onDoomed(content.digest, doomed);
    if (content.wanted === 0) return 0;
    return -weigh(content, core).missing - doomed.length;
  }

  async #target(content: ContentRecord, unfit: ReadonlySet<string>): Promise<Place | null> {
    const { core } = this.options;
    const withRow = (...states: string[]) =>
      content.replicas.filter(({ state }) => states.includes(state)).map(({ place }) => place);
    const taken = new Set([...unfit, ...withRow("good", "writing")]);
    const look = await core.rooms.look(core.places.takers().filter(({ id }) => !taken.has(id)));
    const [chosen] = choosePlaces({
      candidates: look.candidates(),
      count: 1,
      size: content.size,
      held: weigh(content, core).counted.flatMap((id) => {
        const zone = core.places.record(id)?.zone;
        return zone === undefined ? [] : [{ id, zone }];
      }),
      // A doomed replica's bytes are still there: looking at them is cheaper than moving them.
      preferred: new Set(withRow("doomed")),
      doubted: core.doubts.places,
      random: core.random,
    });
    return chosen === undefined ? null : core.places.get(chosen) ?? null;
  }

  /** Judges replicas; true when one of them was bad. */
  async #judgeAll(digest: string, places: Iterable<string>): Promise<boolean> {
    let bad = false;
    for (const place of places) {
      const verdict = await this.options.examiner.judge(digest, place).catch(() => null);
      if (isBad(verdict)) bad = true;
    }
    return bad;
  }

  /** Whether there is a copy then, the catalog says. */
  async #copy(
    content: ContentRecord,
    { target, sources, onCopied: onBytes }: {
      target: Place;
      sources: Source[];
      onCopied(bytes: number): void;
    },
  ): Promise<Attempt> {
    const { core, rate, signal } = this.options;
    const { digest } = content;
    const suspects = new Set<string>();
    let sourceless = false;
    let failed = false;
    using _turn = await core.locks.take(replicaKey(digest, target.id));
    if (!await core.catalog.beginCopy(digest, target.id)) return { suspects, sourceless, failed };
    using _room = core.rooms.reservePlace(target.id, content.size);
    const id = `copy-${crypto.randomUUID()}`;
    core.active.add(id);
    try {
      const present = await judgeReplica(target, content, { rate, signal });
      if (present !== "good") {
        const bad = present === "damaged" ? [await this.#setAside(digest, target)] : [];
        await using source = await this.#reader(content, [...sources, ...bad], suspects);
        await makeReplica(source, target, { ...content, id }, { rate, signal, onBytes });
      }
      await core.catalog.finishCopy(digest, target.id, core.clock.wall());
      core.log.info("Made a copy", { content: digest, place: target.name, bytes: content.size });
    } catch (error) {
      core.log.warn("Could not make a copy", { place: target.name, why: messageOf(error) });
      // Sources without a SHA-256 to tell them apart are all looked at.
      if (error instanceof WrongBytes) {
        livePlaces(content, core.places).forEach((id) => suspects.add(id));
      }
      sourceless = error instanceof NoGoodCopy;
      failed = true;
      const isSources = sourceless || suspects.size > 0;
      if (!isSources && !signal.aborted) core.doubts.note(target.id);
    } finally {
      core.active.delete(id);
    }
    return { suspects, sourceless, failed };
  }

  /** What is wrong as a whole may have the one chunk that no other copy has. */
  async #setAside(digest: string, place: Place): Promise<Source> {
    const { core } = this.options;
    await place.setAside(digest);
    await core.catalog.addAside({ digest, place: place.id, since: core.clock.wall() });
    return { place, aside: true };
  }

  /** What there is of a copy that failed decides; where this fails too it is tried again later. */
  async #settle(digest: string, target: Place): Promise<void> {
    const { core, rate, signal } = this.options;
    try {
      if (!signal.aborted) await settleWriting(target, digest, { core, rate, signal });
    } catch (error) {
      core.log.warn("Could not settle a copy", { place: target.name, why: messageOf(error) });
    }
  }

  async #reader(
    content: ContentRecord,
    sources: Source[],
    suspects: Set<string>,
  ): Promise<ContentReader> {
    const { core, signal } = this.options;
    const checks = await core.catalog.chunkChecks(content.digest) ?? new Uint8Array();
    const onSuspect = (place: string) => suspects.add(place);
    const order = new SourceOrder(sources);
    return new ContentReader({ ...content, checks, sources: order, onSuspect, signal });
  }
}

/** There is something to copy from, or the target has the bytes still. */
function isCopyable({ replicas }: ContentRecord, target: Place, sources: Source[]): boolean {
  return sources.length > 0 ||
    replicas.some(({ place, state }) => place === target.id && state === "doomed");
}
