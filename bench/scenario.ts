/** What a bench is made of: scenarios, who takes part in them, and what was measured. */
import type { Transfer } from "./floor.ts";
import type { Ground } from "./ground.ts";
import type { Scale } from "./scale.ts";

/** Something beside the time that was measured, such as memory. */
export interface Fact {
  what: string;
  value: number;
  unit: string;
  /** The most that it should be. */
  most?: number;
}

/** A contestant that is ready, with all that runs for it. Disposing it ends and removes that. */
export interface Entry extends AsyncDisposable {
  /** Before each round, not timed: puts back what the last round changed. */
  ready(): Promise<void>;
  /** What is timed. */
  run(): Promise<void>;
  /** After the last round. */
  facts?(): Promise<Fact[]>;
}

/** The depot in one of its forms, or what people would use instead. */
export interface Contestant {
  name: string;
  /** Programs without which it is a gap. */
  needs: readonly string[];
  /**
   * What the table calls it beside a target that it misses as well: it does what any program must do,
   * and nothing else. Not given: it is no such thing.
   */
  limit?: string;
  enter(ground: Ground): Promise<Entry>;
}

/** What is done in a round, in bytes or in files. */
export interface Amount {
  of: "bytes" | "files";
  count: number;
}

/** One thing that is measured, by all contestants in turn. */
export interface Scenario {
  id: string;
  title: string;
  /** Where the files lie. */
  medium: "memory" | "disk";
  amount(scale: Scale): Amount;
  /** The depot first; the others are what it is compared with. */
  contestants: readonly Contestant[];
  /** What the large file goes through, whose floor tells which targets the machine allows. */
  transfer?: Transfer;
  /** How many times as fast as a contestant the depot should be, by that one's name. */
  targets: Readonly<Record<string, number>>;
}
