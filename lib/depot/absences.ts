import type { AwayState, PlaceState } from "./catalog/catalog.ts";
import type { Clock } from "./clock.ts";
import type { Absence } from "./judgement.ts";

/** Monotonic milliseconds. `until`: when it came back. */
interface Absent {
  why: AwayState;
  from: number;
  until: number | null;
}

/**
 * Since when places are away. An absence ends when the place was compared with the catalog, which
 * may be long after it came back: until then it counts as it did when it came.
 */
export class Absences {
  #absent = new Map<string, Absent>();

  constructor(private readonly clock: Clock) {}

  get(id: string): Absence | null {
    const absent = this.#absent.get(id);
    if (!absent) return null;
    const { why, from, until } = absent;
    return { why, from, awayMs: (until ?? this.clock.monotonic()) - from };
  }

  /** A place that was known before the start; it counts from now. */
  begin(id: string, state: PlaceState): void {
    const why = state === "online" ? "lost" : state;
    this.#absent.set(id, { why, from: this.clock.monotonic(), until: null });
  }

  /** Who leaves before the last absence ended was hardly back: silence goes on. */
  leave(id: string, why: AwayState): AwayState {
    const before = this.#absent.get(id);
    const goesOn = before?.why === "gone" || before?.why === "lost" || why === "gone";
    const from = goesOn && before ? before.from : this.clock.monotonic();
    const because = before?.why === "gone" ? "gone" : why;
    this.#absent.set(id, { why: because, from, until: null });
    return because;
  }

  comeBack(id: string): void {
    const until = this.clock.monotonic();
    this.#absent.set(id, { ...(this.#absent.get(id) ?? { why: "lost", from: until }), until });
  }

  end(id: string): void {
    this.#absent.delete(id);
  }
}
