import type { ContentRecord } from "./catalog/catalog.ts";
import { type Core, livePlaces } from "./core.ts";
import { type Examiner, isBad } from "./examiner.ts";
import { messageOf } from "./log.ts";
import { scrubPause, scrubPlace } from "./scrub.ts";
import { Wakeup } from "./wakeup.ts";

/** A replica that was judged this recently is not judged again because its content was read. Milliseconds. */
const JUDGED_RECENTLY_MS = 3_600_000;
/** An idle loop looks again after this. Milliseconds. */
const IDLE_MS = 60_000;

export interface InspectorOptions {
  core: Core;
  examiner: Examiner;
  signal: AbortSignal;
  /** A copy was bad: its content needs care. */
  onBad(digest: string): void;
}

/** `place` alone is read whole, or, without one, all copies are compared. */
interface Suspect {
  digest: string;
  place: string | null;
}

/** Looks at copies: at once where something seemed wrong, and at every one now and then. */
export class Inspector {
  #suspects = new Map<string, Suspect>();
  #wakeup = new Wakeup();

  constructor(private readonly options: InspectorOptions) {}

  /** A replica should be read whole and judged; without a place, all copies compared. */
  suspect(digest: string, place: string | null): void {
    this.#suspects.set(`${digest}@${place ?? ""}`, { digest, place });
    this.#wakeup.call();
  }

  /** A content was read: the copies that were not read and not looked at for long are judged. */
  wasRead(content: ContentRecord, used: ReadonlySet<string>): void {
    const { places, clock } = this.options.core;
    const since = clock.wall() - JUDGED_RECENTLY_MS;
    const live = new Set(livePlaces(content, places));
    for (const { place, verifiedAt } of content.replicas) {
      const recently = verifiedAt !== null && verifiedAt > since;
      if (!live.has(place) || used.has(place) || recently) continue;
      this.suspect(content.digest, places.get(place)?.trusted ? place : null);
    }
  }

  /** Looks at what is suspected, one after the other. */
  async suspectLoop(): Promise<void> {
    const { core, signal } = this.options;
    while (!signal.aborted) {
      const [next] = this.#suspects;
      if (!next) {
        await this.#wakeup.wait(IDLE_MS, core.clock, signal);
        continue;
      }
      const [key, suspect] = next;
      this.#suspects.delete(key);
      await this.#look(suspect);
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
        next = Math.min(next, await scrubPlace(place, { core, signal, look }));
      }
      await clock.sleep(scrubPause(next - clock.wall(), settings.scrubMs), signal);
    }
  }

  /** False when it could not be judged. */
  async #look({ digest, place }: Suspect): Promise<boolean> {
    const { core, examiner, signal, onBad } = this.options;
    try {
      const bad = place === null
        ? await examiner.examine(digest)
        : isBad(await examiner.judge(digest, place));
      if (bad) onBad(digest);
      return true;
    } catch (error) {
      const why = messageOf(error);
      if (!signal.aborted) core.log.warn("Could not judge a replica", { content: digest, why });
      return false;
    }
  }
}
