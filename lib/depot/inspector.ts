import type { ContentCopies } from "./catalog/catalog.ts";
import { type Core, livePlaces } from "./core.ts";
import { type Examiner, isBad } from "./examiner.ts";
import { messageOf } from "./log.ts";
import { scrubPause, scrubPlace, type ScrubState } from "./scrub.ts";
import { Wakeup } from "./wakeup.ts";

/** A replica that was judged this recently is not judged again because its content was read. Milliseconds. */
const JUDGED_RECENTLY_MS = 3_600_000;
/** More copies than these are not queued for a look that nothing calls for; the scrub gets to them. */
const MOST_PRECAUTIONS = 1_000;
/** The last so many looks are remembered, so that a content that is read often is not judged each time. */
const MOST_JUDGED = 10_000;
/** An idle loop looks again after this. Milliseconds. */
const IDLE_MS = 60_000;

export interface InspectorOptions {
  core: Core;
  examiner: Examiner;
  signal: AbortSignal;
  /** A copy was bad: its content needs care. */
  onBad(digest: string): void;
}

/** `place` alone is judged, at `chunk` first; or, without a place, all copies are compared. */
interface Suspect {
  digest: string;
  place: string | null;
  chunk?: number | undefined;
}

/** Looks at copies: at once where something seemed wrong, and at every one now and then. */
export class Inspector {
  /** Something was wrong with these. */
  #suspects = new Map<string, Suspect>();
  /** Nobody looked at these for long: after the suspects, and not at all when there are too many. */
  #precautions = new Map<string, Suspect>();
  /** Monotonic milliseconds of the last looks, the oldest first. */
  #judged = new Map<string, number>();
  #wakeup = new Wakeup();
  #scrub: ScrubState | null = null;

  constructor(private readonly options: InspectorOptions) {}

  /** What the scrub is looking at; `null`: nothing, until something is due again. */
  get scrub(): ScrubState | null {
    return this.#scrub;
  }

  /** A replica seemed wrong, at `chunk` if that is known. */
  suspect(digest: string, place: string, chunk?: number): void {
    this.#suspects.set(`${digest}@${place}`, { digest, place, chunk });
    this.#wakeup.call();
  }

  /**
   * A content was read: the copies that were not read are judged, or only looked at where they were
   * judged not long ago.
   */
  wasRead(content: ContentCopies, used: ReadonlySet<string>): void {
    const { places } = this.options.core;
    for (const id of livePlaces(content, places)) {
      if (used.has(id)) continue;
      const place = places.get(id)?.trusted ? id : null;
      if (this.#wasJudged(content.digest, place)) this.#glance(content, id);
      else this.#beSure(content.digest, place);
    }
  }

  #wasJudged(digest: string, place: string | null): boolean {
    const at = this.#judged.get(`${digest}@${place ?? ""}`) ?? -Infinity;
    return this.options.core.clock.monotonic() - at < JUDGED_RECENTLY_MS;
  }

  /** What was looked at this long ago is forgotten first. */
  #noteJudged({ digest, place }: Suspect): void {
    const key = `${digest}@${place ?? ""}`;
    this.#judged.delete(key);
    this.#judged.set(key, this.options.core.clock.monotonic());
    const [oldest] = this.#judged.keys();
    if (this.#judged.size > MOST_JUDGED && oldest !== undefined) this.#judged.delete(oldest);
  }

  #beSure(digest: string, place: string | null): void {
    if (this.#precautions.size >= MOST_PRECAUTIONS) return;
    this.#precautions.set(`${digest}@${place ?? ""}`, { digest, place });
    this.#wakeup.call();
  }

  /** Where the depot reads the medium itself it costs next to nothing to see that a copy is there. */
  async #glance({ digest, size }: ContentCopies, id: string): Promise<void> {
    const { core, signal } = this.options;
    const place = core.places.get(id);
    if (!place?.trusted) return;
    try {
      await using reader = await place.get(digest, { from: 0, length: 0, signal });
      if (reader?.size !== size) this.suspect(digest, id);
    } catch {
      // A place that is away says so to the store that it belongs to.
    }
  }

  /** Looks at what is suspected, one after the other. */
  async suspectLoop(): Promise<void> {
    const { core, signal } = this.options;
    while (!signal.aborted) {
      const queue = this.#suspects.size > 0 ? this.#suspects : this.#precautions;
      const [next] = queue;
      if (!next) {
        await this.#wakeup.wait(IDLE_MS, core.clock, signal);
        continue;
      }
      const [key, suspect] = next;
      queue.delete(key);
      // A precaution may have been overtaken by a suspicion, or by the scrub.
      const isDue = queue === this.#suspects || !this.#wasJudged(suspect.digest, suspect.place);
      if (isDue) await this.#look(suspect);
    }
  }

  /** Each place in turn, after the start has settled: a scrub is never urgent. */
  async scrubLoop(): Promise<void> {
    const { core, signal } = this.options;
    const { clock, places, settings } = core;
    await clock.sleep(settings.settleMs, signal);
    while (!signal.aborted) {
      let next = Infinity;
      for (const place of places.online()) {
        const look = (digest: string) =>
          this.#look({ digest, place: place.trusted ? place.id : null });
        const onLook = (state: ScrubState) => void (this.#scrub = state);
        next = Math.min(next, await scrubPlace(place, { core, signal, look, onLook }));
      }
      this.#scrub = null;
      await clock.sleep(scrubPause(next - clock.wall(), settings.scrubMs), signal);
    }
  }

  /** False when it could not be judged. */
  async #look({ digest, place, chunk }: Suspect): Promise<boolean> {
    const { core, examiner, signal, onBad } = this.options;
    try {
      const bad = place === null
        ? await examiner.examine(digest)
        : isBad(await examiner.judge(digest, place, chunk));
      this.#noteJudged({ digest, place });
      if (bad) onBad(digest);
      return true;
    } catch (error) {
      const why = messageOf(error);
      if (!signal.aborted) core.log.warn("Could not judge a replica", { content: digest, why });
      return false;
    }
  }
}
