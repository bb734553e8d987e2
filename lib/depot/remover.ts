import { PAGE_ROWS } from "./catalog/catalog.ts";
import type { Core } from "./core.ts";
import { replicaKey } from "./locks.ts";
import { messageOf } from "./log.ts";
import { Wakeup } from "./wakeup.ts";

/** A replica under a reader, or one that a place would not delete, is tried again after this. Milliseconds. */
const AGAIN_MS = 1_000;

/** Between two looks at what is due, at least. Milliseconds. */
const PAUSE_MS = 50;

interface Doomed {
  digest: string;
  place: string;
  /** Monotonic milliseconds. */
  due: number;
}

/** The only piece that deletes replicas: those that are `doomed`, after the linger, when nobody reads them. */
export class Remover {
  #doomed = new Map<string, Doomed>();
  #wakeup = new Wakeup();

  constructor(private readonly core: Core, private readonly signal: AbortSignal) {}

  /** The linger of these replicas begins. */
  add(digest: string, places: string[]): void {
    const due = this.core.clock.monotonic() + this.core.settings.lingerMs;
    for (const place of places) {
      const key = replicaKey(digest, place);
      // A replica that was taken up and doomed again lingers from the later time.
      this.#doomed.delete(key);
      this.#doomed.set(key, { digest, place, due });
    }
    if (places.length > 0) this.#wakeup.call();
  }

  /** Takes up every replica that the catalog has as doomed, such as after a start. */
  async addAll(): Promise<void> {
    let after: { digest: string; place: string } | null = null;
    while (true) {
      const page = await this.core.catalog.replicasIn("doomed", { after, limit: PAGE_ROWS });
      for (const { digest, place } of page) {
        if (!this.#doomed.has(replicaKey(digest, place))) this.add(digest, [place]);
      }
      if (page.length < PAGE_ROWS) return;
      after = page.at(-1)!;
    }
  }

  async run(): Promise<void> {
    while (!this.signal.aborted) {
      await this.#wakeup.wait(this.#untilNext(), this.core.clock, this.signal);
      for (const doomed of this.#due()) await this.#tryRemove(doomed);
      // Many dooms one after another are looked through once, not once each.
      await this.core.clock.sleep(PAUSE_MS, this.signal);
    }
  }

  #untilNext(): number {
    const now = this.core.clock.monotonic();
    let next = Infinity;
    for (const { due, place } of this.#doomed.values()) {
      if (this.core.places.get(place)) next = Math.min(next, due);
    }
    return Math.min(Math.max(next - now, 0), 60_000);
  }

  #due(): Doomed[] {
    const now = this.core.clock.monotonic();
    return [...this.#doomed.values()].filter(({ due, place }) =>
      due <= now && this.core.places.get(place)
    );
  }

  async #tryRemove(doomed: Doomed): Promise<void> {
    const { digest, place } = doomed;
    const key = replicaKey(digest, place);
    try {
      if (this.core.reading.has(digest) || !await this.#remove(doomed)) {
        doomed.due = this.core.clock.monotonic() + AGAIN_MS;
      } else {
        this.#doomed.delete(key);
      }
    } catch (error) {
      doomed.due = this.core.clock.monotonic() + AGAIN_MS;
      this.core.log.warn("Could not delete a replica", { content: digest, why: messageOf(error) });
    }
  }

  /** True when there is nothing left to do for it. */
  async #remove({ digest, place: id }: Doomed): Promise<boolean> {
    const place = this.core.places.get(id);
    if (!place) return false;
    using _turn = await this.core.locks.take(replicaKey(digest, id));
    const content = await this.core.catalog.content(digest);
    const state = content?.replicas.find((replica) => replica.place === id)?.state;
    // A deposit of the same content took it up again.
    if (state !== "doomed") return true;
    // A place must know of a catalog at least as new as what is deleted in its name.
    if (!await this.core.places.refreshMark(place)) return false;
    await place.delete(digest);
    await this.core.catalog.replicaGone(digest, id);
    return true;
  }
}
