import type { Place } from "../../stores/store.ts";

/** A copy to read from. */
export interface Source {
  place: Place;
  /** Set aside before, and read only where nothing else serves. */
  aside: boolean;
  /** Whether it may be read without need, beside another: a good copy that nobody asked to avoid. */
  beside?: boolean;
}

/** The copies of one content, shared by all that read it for the same purpose at the same time. */
export class SourceOrder {
  /** Identifiers of the places that right chunks came from. */
  readonly used: Set<string> = new Set();
  #order: Source[];
  #failed = new Set<Source>();

  /** `sources`: in the order of trying. */
  constructor(sources: readonly Source[]) {
    this.#order = [...sources];
  }

  /** The copy to begin with. `undefined`: there is none. */
  get first(): Source | undefined {
    return this.#order[0];
  }

  /** Whether there is more than one. */
  get hasOthers(): boolean {
    return this.#order.length > 1;
  }

  /** Whether any copy is on a medium that the depot does not read itself. */
  get needsDigest(): boolean {
    return this.#order.some(({ place }) => !place.trusted);
  }

  /** Copies that may be read beside each other, and that did not fail. */
  get besides(): Source[] {
    return this.#order.filter((source) => source.beside && !this.#failed.has(source));
  }

  /** In the order of trying, `preferred` before all others unless it failed. */
  from(preferred: Source | undefined = this.first): Source[] {
    if (!preferred || this.#failed.has(preferred)) return [...this.#order];
    return [preferred, ...this.#order.filter((source) => source !== preferred)];
  }

  /** A copy had not the right bytes: it comes last from now on. */
  fail(source: Source): void {
    this.#failed.add(source);
    this.#order = [...this.#order.filter((other) => other !== source), source];
  }

  hasFailed(source: Source): boolean {
    return this.#failed.has(source);
  }
}
