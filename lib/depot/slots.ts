import { Wakeup } from "./wakeup.ts";
import type { Clock } from "./clock.ts";

/** Transfers of the keeper in which one place takes part at a time. */
export const TRANSFERS_PER_PLACE = 2;

/** Nobody waits longer than this without looking again. Milliseconds. */
const LOOK_AGAIN_MS = 60_000;

/** Keeps the keeper from burdening a single place: so many transfers to and from each at a time. */
export class Slots {
  #taken = new Map<string, number>();
  #freed = new Wakeup();

  constructor(private readonly clock: Clock) {}

  isFree(place: string): boolean {
    return (this.#taken.get(place) ?? 0) < TRANSFERS_PER_PLACE;
  }

  /** One slot on each place, or `null` when one of them has none left. Dispose to give them back. */
  tryTake(places: Iterable<string>): Disposable | null {
    const all = [...new Set(places)];
    if (!all.every((id) => this.isFree(id))) return null;
    for (const id of all) this.#taken.set(id, (this.#taken.get(id) ?? 0) + 1);
    return {
      [Symbol.dispose]: () => {
        for (const id of all) this.#give(id);
        this.#freed.call();
      },
    };
  }

  /** Resolves when a slot became free somewhere, or might have. */
  async freed(signal: AbortSignal): Promise<void> {
    await this.#freed.wait(LOOK_AGAIN_MS, this.clock, signal);
  }

  #give(place: string): void {
    const left = (this.#taken.get(place) ?? 1) - 1;
    if (left > 0) this.#taken.set(place, left);
    else this.#taken.delete(place);
  }
}
