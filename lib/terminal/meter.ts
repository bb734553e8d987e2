import { progressText } from "./progress.ts";
import type { Screen } from "./screen.ts";

/** A terminal's line is drawn again at most so often, in milliseconds. */
const DRAW_EVERY_MS = 100;

/** Without a terminal a line is written so often, in milliseconds. */
const LINE_EVERY_MS = 15_000;

/** A speed is shown after so long, in milliseconds. */
const SPEED_AFTER_MS = 1_000;

/** What a transfer tells of itself. */
export interface Step {
  stage: string;
  name: string;
  done: number;
  total: number | null;
}

/** Draws the progress of one command, which may have several transfers at once. */
export class Meter {
  #screen: Screen;
  #now: () => number;
  #many: boolean;
  #files = 0;
  #drawnAt: number;
  /** Of each transfer in its present stage: where and when it began. */
  #begun = new Map<string, { stage: string; at: number; from: number }>();

  constructor(screen: Screen, options: { many: boolean; now?: () => number }) {
    this.#screen = screen;
    this.#many = options.many;
    this.#now = options.now ?? (() => performance.now());
    this.#drawnAt = this.#now();
  }

  /** A transfer got further. */
  step(step: Step): void {
    const now = this.#now();
    const begun = this.#begunAt(step, now);
    const columns = this.#screen.progressColumns;
    if (now - this.#drawnAt < (columns === null ? LINE_EVERY_MS : DRAW_EVERY_MS)) return;
    this.#drawnAt = now;
    const elapsed = now - begun.at;
    const rate = elapsed < SPEED_AFTER_MS ? null : (step.done - begun.from) / elapsed * 1000;
    const state = { ...step, rate, files: this.#many ? this.#files : null };
    const text = progressText(state, columns ?? 120);
    if (columns === null) this.#screen.remark(text);
    else this.#screen.live(text);
  }

  /** A file is over. */
  fileDone(name: string): void {
    this.#files++;
    this.#begun.delete(name);
    if (!this.#many) this.#screen.live("");
  }

  /** Takes the line away. */
  end(): void {
    this.#screen.live("");
  }

  #begunAt(step: Step, now: number) {
    const present = this.#begun.get(step.name);
    if (present?.stage === step.stage) return present;
    const begun = { stage: step.stage, at: now, from: step.done };
    this.#begun.set(step.name, begun);
    return begun;
  }
}
