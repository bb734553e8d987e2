import type { Place } from "../../stores/store.ts";
import type { ContentRecord } from "./catalog/catalog.ts";
import { ContentReader, type Source } from "./content_reader.ts";
import { type Core, livePlaces } from "./core.ts";
import { Locks, replicaKey } from "./locks.ts";
import { messageOf } from "./log.ts";
import { choosePlaces } from "./placement.ts";
import type { Rate } from "./rate.ts";
import { judgeReplica, makeReplica, type Verdict, WrongBytes } from "./replicas.ts";

export interface CaretakerOptions {
  core: Core;
  rate: Rate;
  signal: AbortSignal;
  /** Whether the replicas of a place that is away still count. */
  stillCounts(place: string): boolean;
  /** Replicas that were doomed, whose bytes go after the linger. */
  onDoomed(digest: string, places: string[]): void;
}

/** Told while copies are made: bytes done, and bytes to do in all. */
export type OnBytes = (done: number, total: number) => void;

/** What was done for a content. */
export interface Care {
  /** Good copies on places that are there. */
  live: number;
  /** Copies still missing, for want of a place or of a source. */
  missing: number;
}

/** Brings one content to what its files want: judges, copies, trims. */
export class Caretaker {
  #caring = new Locks();

  constructor(private readonly options: CaretakerOptions) {}

  /**
   * Copies and trims until the content has what its files want, or nothing more can be done now.
   * One at a time for each content.
   */
  async care(digest: string, onBytes?: OnBytes): Promise<Care> {
    using _turn = await this.#caring.take(digest);
    const unfit = new Set<string>();
    let done = 0;
    while (true) {
      this.options.signal.throwIfAborted();
      const content = await this.options.core.catalog.content(digest);
      if (!content) return { live: 0, missing: 0 };
      const live = livePlaces(content, this.options.core.places).length;
      const missing = content.wanted - this.#counted(content);
      if (missing <= 0) {
        await this.#trim(content, live);
        return { live, missing: 0 };
      }
      const target = await this.#target(content, unfit);
      if (!target) return { live, missing };
      const total = done + missing * content.size;
      const suspects = await this.#copy(content, target, (n) => onBytes?.(done += n, total));
      // A target is given up when it was not a source that failed: bad sources are set aside by
      // the judging, so that the next round is another one.
      if (!await this.#judgeAll(digest, suspects)) unfit.add(target.id);
    }
  }

  /** Reads a replica whole; what is wrong is set aside, what is gone is noted. Throws when the place is away. */
  async judge(digest: string, placeId: string): Promise<Verdict | null> {
    const { core, rate, signal } = this.options;
    const place = core.places.get(placeId);
    if (!place) return null;
    using _turn = await core.locks.take(replicaKey(digest, placeId));
    const content = await core.catalog.content(digest);
    const replica = content?.replicas.find((other) => other.place === placeId);
    if (!content || replica?.state !== "good") return null;
    const verdict = await judgeReplica(place, content, { rate, signal });
    const now = core.clock.wall();
    if (verdict === "good") {
      await core.catalog.verified(digest, placeId, now);
      return verdict;
    }
    core.log.warn("A replica is bad", { place: place.name, content: digest, verdict });
    if (verdict === "damaged") await place.setAside(digest);
    const how = verdict === "damaged" ? "aside" : "absent";
    await core.catalog.replicaLost(digest, placeId, how, now);
    return verdict;
  }

  /** Good replicas that are there to stay, or whose place may still come back soon. */
  #counted(content: ContentRecord): number {
    const { core, stillCounts } = this.options;
    return content.replicas.filter(({ state, place }) =>
      state === "good" && !core.places.isLeaving(place) &&
      (core.places.get(place) || stillCounts(place))
    ).length;
  }

  async #trim(content: ContentRecord, live: number): Promise<void> {
    if (content.wanted > 0 && live <= content.wanted) return;
    const { core, onDoomed } = this.options;
    const online = core.places.onlineIds();
    const order = await this.#trimOrder(content);
    const doomed = await core.catalog.doomSurplus(content.digest, order, online);
    if (doomed.length > 0) onDoomed(content.digest, doomed);
  }

  /** Places that leave, then crowded zones, then the place with the least room. */
  async #trimOrder(content: ContentRecord): Promise<string[]> {
    const { core } = this.options;
    const look = await core.rooms.look(core.places.online());
    const mine = new Set(content.replicas.map((replica) => replica.place));
    const having = look.candidates().filter(({ id }) => mine.has(id));
    const order = [...mine].filter((id) => core.places.isLeaving(id));
    while (having.length > 0) {
      const crowd = (zone: string) => having.filter((other) => other.zone === zone).length;
      having.sort((a, b) => crowd(b.zone) - crowd(a.zone) || a.free - b.free);
      order.push(having.shift()!.id);
    }
    return order;
  }

  async #target(content: ContentRecord, unfit: ReadonlySet<string>): Promise<Place | null> {
    const { core } = this.options;
    const withRow = (...states: string[]) =>
      content.replicas.filter(({ state }) => states.includes(state)).map(({ place }) => place);
    const taken = new Set([...unfit, ...withRow("good", "writing")]);
    const look = await core.rooms.look(core.places.online().filter(({ id }) => !taken.has(id)));
    const [chosen] = choosePlaces({
      candidates: look.candidates(),
      count: 1,
      size: content.size,
      held: withRow("good").flatMap((id) => {
        const zone = core.places.record(id)?.zone;
        return zone === undefined ? [] : [{ id, zone }];
      }),
      // A doomed replica's bytes are still there: looking at them is cheaper than moving them.
      preferred: new Set(withRow("doomed")),
      random: core.random,
    });
    return chosen === undefined ? null : core.places.get(chosen) ?? null;
  }

  /** Judges replicas; true when one of them was bad. */
  async #judgeAll(digest: string, places: Iterable<string>): Promise<boolean> {
    let bad = false;
    for (const place of places) {
      const verdict = await this.judge(digest, place).catch(() => null);
      if (verdict === "damaged" || verdict === "absent") bad = true;
    }
    return bad;
  }

  /** Resolves to the sources that failed on the way; whether there is a copy, the catalog says. */
  async #copy(
    content: ContentRecord,
    target: Place,
    onBytes: (bytes: number) => void,
  ): Promise<Set<string>> {
    const { core, rate, signal } = this.options;
    const { digest } = content;
    const suspects = new Set<string>();
    using _turn = await core.locks.take(replicaKey(digest, target.id));
    if (!await core.catalog.beginCopy(digest, target.id)) return suspects;
    using _room = core.rooms.reservePlace(target.id, content.size);
    const id = `copy-${crypto.randomUUID()}`;
    core.active.add(id);
    try {
      if (await judgeReplica(target, content, { rate, signal }) !== "good") {
        await using source = await this.#source(content, suspects);
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
      await this.#undoCopy(digest, target);
    } finally {
      core.active.delete(id);
    }
    return suspects;
  }

  /** Where this fails or is interrupted the row stays, and is judged when the place joins again. */
  async #undoCopy(digest: string, target: Place): Promise<void> {
    const { core, signal } = this.options;
    if (signal.aborted) return;
    try {
      await target.delete(digest);
      await core.catalog.dropCopy(digest, target.id);
    } catch (error) {
      core.log.warn("Could not undo a copy", { place: target.name, why: messageOf(error) });
    }
  }

  async #source(content: ContentRecord, suspects: Set<string>): Promise<ContentReader> {
    const { core, signal } = this.options;
    const checks = await core.catalog.chunkChecks(content.digest) ?? new Uint8Array();
    const sources = sourcesOf(content, core);
    const onSuspect = (place: string) => suspects.add(place);
    return new ContentReader({ ...content, checks, sources, onSuspect, signal });
  }
}

/** Copies of a content that can be read now: good ones by chance, media the depot reads first, then set-aside ones. */
export function sourcesOf(content: ContentRecord, core: Core, avoid: string[] = []): Source[] {
  const at = (id: string) => core.places.get(id);
  const good = livePlaces(content, core.places).map((id) => ({
    place: at(id)!,
    aside: false,
    order: (avoid.includes(id) ? 4 : 0) + (at(id)!.trusted ? 0 : 2) + core.random(),
  }));
  const asides = content.asides.filter(at).map((id) => ({ place: at(id)!, aside: true, order: 9 }));
  return [...good, ...asides].sort((a, b) => a.order - b.order);
}
