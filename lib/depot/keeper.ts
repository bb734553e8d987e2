import type { Place } from "../../stores/store.ts";
import type { ContentCopies } from "./catalog/catalog.ts";
import { type CareOptions, Caretaker } from "./caretaker.ts";
import type { Core } from "./core.ts";
import { Examiner } from "./examiner.ts";
import { Inspector } from "./inspector.ts";
import { dropOldAsides, dropOldUploads } from "./leftovers.ts";
import { messageOf } from "./log.ts";
import { releaseRemoved } from "./keeping.ts";
import { Rate } from "./rate.ts";
import { reconcile, settle, settleAll } from "./reconcile.ts";
import { Remover } from "./remover.ts";
import { RepairQueue } from "./repair_queue.ts";
import type { ScrubState } from "./scrub.ts";
import { Surveyor } from "./surveyor.ts";
import { Verifier } from "./verification.ts";
import { Wakeup } from "./wakeup.ts";

/** Contents cared for at once. */
const WORKERS = 4;
/** Between two looks at marks. Milliseconds. */
const MARKS_EVERY_MS = 5_000;
/** Between two looks for old set-aside copies and uploads. Milliseconds. */
const LEFTOVERS_EVERY_MS = 3_600_000;
/** Between two looks for removed files that were kept for long enough. Milliseconds. */
const RELEASE_EVERY_MS = 60_000;
/** A place that could not be compared with the catalog is tried again after this, then after twice as long, … Milliseconds. */
const RECONCILE_AGAIN_MS = 60_000;
const RECONCILE_AGAIN_TO_MS = 3_600_000;
/** An idle loop looks again after this. Milliseconds. */
const IDLE_MS = 60_000;

/** `unfinished`: nothing could be done, and it is tried again after so many milliseconds. */
export type CareState =
  | { state: "none" | "queued" | "running" }
  | { state: "unfinished"; inMs: number };

/** The background work that brings every content to its wanted replicas, and keeps it there. */
export class Keeper implements AsyncDisposable {
  #stop = new AbortController();
  #hurry = new AbortController();
  #rate: Rate;
  #caretaker: Caretaker;
  #remover: Remover;
  #inspector: Inspector;
  /** What owners want to know at once. */
  readonly verifier: Verifier;
  #surveyor: Surveyor;
  #queue = new RepairQueue();
  #queueWakeup = new Wakeup();
  #running = 0;
  #reconciling = new Map<string, AbortController>();
  #work = new Set<Promise<void>>();

  constructor(private readonly core: Core) {
    const { signal } = this.#stop;
    this.#rate = new Rate(core.settings.repairRate, core.clock);
    this.#remover = new Remover(core, signal);
    const examiner = new Examiner({ core, rate: this.#rate, signal });
    const onBad = (digest: string) => this.attend(digest);
    this.#inspector = new Inspector({ core, examiner, signal, onBad });
    this.verifier = new Verifier(core, { signal, onBad });
    this.#surveyor = new Surveyor({
      core,
      signal,
      attend: (digest, copies) => this.attend(digest, copies),
      queued: () => this.#queue.size,
      onGone: (place) => this.#run(() => this.giveUp(place)),
    });
    this.#caretaker = new Caretaker({
      core,
      rate: this.#rate,
      signal,
      examiner,
      onDoomed: (digest, places) => this.#remover.add(digest, places),
    });
  }

  /** Begins to work, and takes up what an earlier run left half done. */
  start(): void {
    for (let worker = 0; worker < WORKERS; worker++) this.#run(() => this.#repairLoop());
    this.#run(() => this.#inspector.suspectLoop());
    this.#run(() => this.#inspector.scrubLoop());
    this.#run(() => this.#surveyor.run());
    this.#run(() => this.#remover.run());
    this.#run(() => this.#remover.addAll());
    this.#run(() => this.#every(MARKS_EVERY_MS, () => this.core.places.refreshMarks()));
    this.#run(() =>
      this.#every(
        RELEASE_EVERY_MS,
        () =>
          releaseRemoved(this.core, {
            signal: this.#stop.signal,
            attend: (digest) => this.attend(digest),
            queued: () => this.#queue.size,
          }),
      )
    );
    this.#run(() => this.#every(LEFTOVERS_EVERY_MS, () => this.#dropLeftovers()));
  }

  /** Contents that wait for care, and that are being cared for. */
  counts(): { queued: number; running: number } {
    return { queued: this.#queue.size, running: this.#running };
  }

  /** Where the care for a content is. */
  careOf(digest: string): CareState {
    if (this.#caretaker.present.has(digest)) return { state: "running" };
    if (this.#queue.has(digest)) return { state: "queued" };
    const inMs = this.#surveyor.triedAgainIn(digest);
    return inMs === null ? { state: "none" } : { state: "unfinished", inMs };
  }

  /** The contents that wait for care, and those that are being cared for. */
  underCare(): { queued: string[]; running: string[] } {
    const running = [...this.#caretaker.present];
    return { queued: [...this.#queue].filter((digest) => !running.includes(digest)), running };
  }

  /** What is looked at for the scrub right now; `null`: nothing. */
  get scrub(): ScrubState | null {
    return this.#inspector.scrub;
  }

  /** A content changed: look at it soon. `copies`: how many it is known to have. */
  attend(digest: string, copies = 1): void {
    this.#queue.add(digest, copies);
    this.#queueWakeup.call();
  }

  /** A replica should be judged; something was wrong at `chunk`, when that is known. */
  suspect(digest: string, place: string, chunk?: number): void {
    this.#inspector.suspect(digest, place, chunk);
  }

  /**
   * A content was read: the copies that were not read are judged, or only looked at where they were
   * judged not long ago.
   */
  wasRead(content: ContentCopies, used: ReadonlySet<string>): void {
    this.#inspector.wasRead(content, used);
  }

  /**
   * Cares for a content now, before what is queued. Resolves early when nobody is to wait any more,
   * and to false when it failed: what is acknowledged already stays so, and is cared for later.
   */
  async ensure(digest: string, options: CareOptions = {}): Promise<boolean> {
    using waiting = untilAborted(this.#hurry.signal);
    try {
      await Promise.race([this.#caretaker.care(digest, options), waiting.aborted]);
      return true;
    } catch (error) {
      this.#complain("Could not care for a content", error, digest);
      return false;
    }
  }

  /** The depot is about to stop: who waits for copies is answered with what there is. */
  stopWaiting(): void {
    this.#hurry.abort();
  }

  /** Replicas became doomed by something else than a trim, or may have. */
  noticeDoomed({ digest, places }: { digest: string; places: string[] }): void {
    this.#remover.add(digest, places);
  }

  /**
   * A place came: its copies are compared with the catalog, beside whatever else is done.
   * `unchanged`: it has what it had when it left, and that was what the catalog says.
   */
  placeJoined(place: Place, unchanged = false): void {
    this.#stopReconciling(place.id);
    const stop = new AbortController();
    this.#reconciling.set(place.id, stop);
    const signal = AbortSignal.any([stop.signal, this.#stop.signal]);
    this.#run(() => this.#reconcile(place, { unchanged, signal }));
  }

  placeLeft(place: string): void {
    this.#stopReconciling(place);
    this.#surveyor.placeLeft();
  }

  /** What counts at a place was changed by the operator. */
  placeChanged(place: string): void {
    this.#surveyor.look(place);
  }

  /** A place is gone for good: its replicas do not count any more. */
  async giveUp(place: string): Promise<void> {
    const { places, log } = this.core;
    this.#stopReconciling(place);
    await places.giveUp(place);
    log.warn("Gave up a place", { place: places.record(place)?.name ?? place });
    this.#surveyor.look(place);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    while (this.#work.size > 0) await Promise.all(this.#work);
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
        const { live, missing, surplus } = await this.#caretaker.care(digest);
        if (missing > 0 || surplus > 0) this.#surveyor.unfinished(digest, live);
      } catch (error) {
        this.#surveyor.unfinished(digest, 1);
        this.#complain("Could not care for a content", error, digest);
      } finally {
        this.#running--;
      }
    }
  }

  async #reconcile(
    place: Place,
    { unchanged, signal }: { unchanged: boolean; signal: AbortSignal },
  ): Promise<void> {
    const { core } = this;
    let pause = RECONCILE_AGAIN_MS;
    while (!signal.aborted) {
      try {
        await (unchanged ? settle : reconcile)(place, {
          core,
          rate: this.#rate,
          signal,
          onSuspect: (digest, id) => this.suspect(digest, id),
          onChanged: (digest) => this.attend(digest),
        });
        core.places.compared(place);
        core.places.reconciled(place);
        await this.#remover.addAll();
        if (place.leaving) this.#surveyor.look(place.id);
        return this.#surveyor.placeReconciled(place.id);
      } catch (error) {
        if (signal.aborted) return;
        this.#complain("Could not compare a place with the catalog", error, place.name);
      }
      await core.clock.sleep(pause, signal);
      pause = Math.min(2 * pause, RECONCILE_AGAIN_TO_MS);
    }
  }

  #stopReconciling(place: string): void {
    this.#reconciling.get(place)?.abort();
    this.#reconciling.delete(place);
  }

  async #dropLeftovers(): Promise<void> {
    await dropOldAsides(this.core);
    await dropOldUploads(this.core);
    await settleAll({ core: this.core, rate: this.#rate, signal: this.#stop.signal });
    await this.#remover.addAll();
  }

  async #every(ms: number, work: () => Promise<void>): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await work();
      await this.core.clock.sleep(ms, this.#stop.signal);
    }
  }

  /** Works in the background until this is disposed. */
  #run(work: () => Promise<void>): void {
    const done = this.#guard(work).finally(() => this.#work.delete(done));
    this.#work.add(done);
  }

  /** Work that fails is said aloud and begun again; the catalog has what it needs to go on. */
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

/** A promise of the abort that leaves nothing behind at the signal when it is disposed. */
function untilAborted(signal: AbortSignal): Disposable & { aborted: Promise<void> } {
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  const abort = () => resolve();
  if (signal.aborted) resolve();
  signal.addEventListener("abort", abort);
  return { aborted, [Symbol.dispose]: () => signal.removeEventListener("abort", abort) };
}
