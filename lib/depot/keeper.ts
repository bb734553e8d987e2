import type { Place } from "../../stores/store.ts";
import type { ContentRecord } from "./catalog/catalog.ts";
import { type Care, Caretaker, type OnBytes } from "./caretaker.ts";
import { type Core, livePlaces } from "./core.ts";
import { messageOf } from "./log.ts";
import { Rate } from "./rate.ts";
import { reconcile, settle } from "./reconcile.ts";
import { replicasAt } from "./replicas.ts";
import { Remover } from "./remover.ts";
import { RepairQueue } from "./repair_queue.ts";
import { scrubPause, scrubPlace } from "./scrub.ts";
import { dropOldAsides, dropOldUploads } from "./leftovers.ts";
import { Wakeup } from "./wakeup.ts";

/** Contents cared for at once. */
const WORKERS = 2;
/** Contents asked of the catalog at once by a survey. */
const SURVEY_PAGE = 1_000;
/** A survey waits while more contents than this are queued, so that memory stays bounded. */
const QUEUE_LIMIT = 10_000;
/** Between surveys when nothing happened; what could not be mended is tried again. Milliseconds. */
const SURVEY_EVERY_MS = 60_000;
/** Between two looks at marks. Milliseconds. */
const MARKS_EVERY_MS = 5_000;
/** Between two looks for old set-aside copies and uploads. Milliseconds. */
const LEFTOVERS_EVERY_MS = 3_600_000;
/** A replica that was judged this recently is not judged again because its content was read. Milliseconds. */
const JUDGED_RECENTLY_MS = 3_600_000;
/** An idle loop looks again after this. Milliseconds. */
const IDLE_MS = 60_000;

/** The background work that brings every content to its wanted replicas, and keeps it there. */
export class Keeper implements AsyncDisposable {
  #stop = new AbortController();
  #rate: Rate;
  #caretaker: Caretaker;
  #remover: Remover;
  #queue = new RepairQueue();
  #queueWakeup = new Wakeup();
  #running = 0;
  #suspects = new Map<string, { digest: string; place: string }>();
  #suspectsWakeup = new Wakeup();
  #joined: { place: Place; unchanged: boolean }[] = [];
  #surveyWakeup = new Wakeup();
  #startedAt: number;
  #loops: Promise<void>[] = [];

  constructor(private readonly core: Core) {
    const { clock, settings } = core;
    this.#startedAt = clock.monotonic();
    this.#rate = new Rate(settings.repairRate, clock);
    this.#remover = new Remover(core, this.#stop.signal);
    this.#caretaker = new Caretaker({
      core,
      rate: this.#rate,
      signal: this.#stop.signal,
      stillCounts: (place) => this.#stillCounts(place),
      onDoomed: (digest, places) => this.#remover.add(digest, places),
    });
  }

  /** Begins to work, and takes up what an earlier run left half done. */
  start(): void {
    const loop = (work: () => Promise<void>) => this.#loops.push(this.#guard(work));
    for (let worker = 0; worker < WORKERS; worker++) loop(() => this.#repairLoop());
    loop(() => this.#suspectLoop());
    loop(() => this.#surveyLoop());
    loop(() => this.#remover.run());
    loop(() => this.#remover.addAll());
    loop(() => this.#every(MARKS_EVERY_MS, () => this.core.places.refreshMarks()));
    loop(() => this.#every(LEFTOVERS_EVERY_MS, () => this.#dropLeftovers()));
    loop(() => this.#scrubLoop());
    this.#surveyAfter(this.core.settings.settleMs);
  }

  /** Contents that wait for care, and that are being cared for. */
  counts(): { queued: number; running: number } {
    return { queued: this.#queue.size, running: this.#running };
  }

  /** A content changed: look at it soon. `copies`: how many it is known to have. */
  attend(digest: string, copies = 1): void {
    this.#queue.add(digest, copies);
    this.#queueWakeup.call();
  }

  /** A replica should be read whole and judged. */
  suspect(digest: string, place: string): void {
    this.#suspects.set(`${digest}@${place}`, { digest, place });
    this.#suspectsWakeup.call();
  }

  /** A content was read: the copies that were not read and not looked at for long are judged. */
  wasRead(content: ContentRecord, used: ReadonlySet<string>): void {
    const since = this.core.clock.wall() - JUDGED_RECENTLY_MS;
    const live = new Set(livePlaces(content, this.core.places));
    for (const { place, verifiedAt } of content.replicas) {
      const recently = verifiedAt !== null && verifiedAt > since;
      if (live.has(place) && !used.has(place) && !recently) this.suspect(content.digest, place);
    }
  }

  /** Cares for a content now, before what is queued. */
  ensure(digest: string, onBytes?: OnBytes): Promise<Care> {
    return this.#caretaker.care(digest, onBytes);
  }

  /** Replicas became doomed by something else than a trim. */
  async noticeDoomed(): Promise<void> {
    await this.#remover.addAll();
  }

  /** `unchanged`: it has what it had when it left, and that was what the catalog says. */
  placeJoined(place: Place, unchanged = false): void {
    this.#joined.push({ place, unchanged });
    this.#surveyWakeup.call();
  }

  placeLeft(): void {
    this.#surveyAfter(this.core.settings.graceMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#loops);
  }

  /** Soon after a start nobody is given up; later, only who is away for longer than the grace. */
  #stillCounts(place: string): boolean {
    const { clock, places, settings } = this.core;
    if (places.record(place)?.state === "gone") return false;
    const settling = clock.monotonic() - this.#startedAt < settings.settleMs;
    return settling || places.awayFor(place) < settings.graceMs;
  }

  async #repairLoop(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const digest = this.#queue.take();
      if (digest === null) {
        await this.#queueWakeup.wait(IDLE_MS, this.core.clock, this.#stop.signal);
        continue;
      }
      this.#running++;
      try {
        await this.#caretaker.care(digest);
      } catch (error) {
        this.#complain("Could not care for a content", error, digest);
      } finally {
        this.#running--;
      }
    }
  }

  async #suspectLoop(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const [next] = this.#suspects;
      if (!next) {
        await this.#suspectsWakeup.wait(IDLE_MS, this.core.clock, this.#stop.signal);
        continue;
      }
      const [key, { digest, place }] = next;
      this.#suspects.delete(key);
      try {
        const verdict = await this.#caretaker.judge(digest, place);
        if (verdict === "damaged" || verdict === "absent") this.attend(digest);
      } catch (error) {
        this.#complain("Could not judge a replica", error, digest);
      }
    }
  }

  async #surveyLoop(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      for (let next = this.#joined.shift(); next; next = this.#joined.shift()) {
        await this.#reconcile(next.place, next.unchanged);
      }
      await this.#survey();
      await this.#surveyWakeup.wait(SURVEY_EVERY_MS, this.core.clock, this.#stop.signal);
    }
  }

  async #reconcile(place: Place, unchanged: boolean): Promise<void> {
    try {
      await (unchanged ? settle : reconcile)(place, {
        core: this.core,
        rate: this.#rate,
        signal: this.#stop.signal,
        onSuspect: (digest, id) => this.suspect(digest, id),
        onChanged: (digest) => this.attend(digest),
      });
      this.core.places.compared(place);
      if (place.leaving) await this.#empty(place);
      await this.#remover.addAll();
    } catch (error) {
      this.#complain("Could not compare a place with the catalog", error, place.name);
    }
  }

  /** Everything at a place is looked at: what is wanted goes elsewhere, the rest goes. */
  async #empty(place: Place): Promise<void> {
    for await (const { digest, state } of replicasAt(place.id, this.core)) {
      if (this.#stop.signal.aborted) return;
      if (state === "good") this.attend(digest);
    }
  }

  /** Walks over the whole catalog for contents that have more or fewer copies than wanted. */
  async #survey(): Promise<void> {
    const { catalog, clock, places } = this.core;
    let after: string | null = null;
    do {
      while (this.#queue.size > QUEUE_LIMIT && !this.#stop.signal.aborted) {
        await clock.sleep(100, this.#stop.signal);
      }
      if (this.#stop.signal.aborted) return;
      const counted = places.known().map(({ id }) => id)
        .filter((id) => places.get(id) || this.#stillCounts(id))
        .filter((id) => !places.isLeaving(id));
      const page = await catalog.survey({ after, limit: SURVEY_PAGE, counted });
      for (const content of page.contents) {
        this.attend(content.digest, livePlaces(content, places).length);
      }
      after = page.next;
    } while (after !== null);
  }

  /** Each place in turn, after the start has settled: a scrub is never urgent. */
  async #scrubLoop(): Promise<void> {
    const { clock, places, settings } = this.core;
    await clock.sleep(settings.settleMs, this.#stop.signal);
    while (!this.#stop.signal.aborted) {
      for (const place of places.online()) {
        await scrubPlace(place, {
          core: this.core,
          signal: this.#stop.signal,
          judge: (digest, id) => this.#caretaker.judge(digest, id),
          onBad: (digest) => this.attend(digest),
        }).catch((error) => this.#complain("Could not scrub a place", error, place.name));
      }
      await clock.sleep(scrubPause(settings.scrubMs), this.#stop.signal);
    }
  }

  #surveyAfter(ms: number): void {
    const { clock } = this.core;
    clock.sleep(ms, this.#stop.signal).then(() => this.#surveyWakeup.call());
  }

  async #dropLeftovers(): Promise<void> {
    await dropOldAsides(this.core);
    await dropOldUploads(this.core);
    await this.#remover.addAll();
  }

  async #every(ms: number, work: () => Promise<void>): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await work();
      await this.core.clock.sleep(ms, this.#stop.signal);
    }
  }

  /** A loop that fails is said aloud and begun again; the catalog has what it needs to go on. */
  async #guard(work: () => Promise<void>): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        return await work();
      } catch (error) {
        this.#complain("A part of the keeper failed and begins again", error, "");
        await this.core.clock.sleep(1_000, this.#stop.signal);
      }
    }
  }

  #complain(event: string, error: unknown, about: string): void {
    if (this.#stop.signal.aborted) return;
    this.core.log.warn(event, { about, why: messageOf(error) });
  }
}
