import { progressLines, type ProgressState, type TransferState } from "./progress.ts";
import type { Screen } from "./screen.ts";
import { Speed } from "./speed.ts";

/** A terminal's lines are drawn again at most so often, in milliseconds. */
const DRAW_EVERY_MS = 100;

/** And so often when nothing moves: a speed falls, a window changes. */
const LOOK_EVERY_MS = 1_000;

/** Without a terminal a line is written so often, in milliseconds. */
const LINE_EVERY_MS = 10_000;

/** Beside others a transfer has a line of its own after so long: what is over at once has none. */
const LINE_AFTER_MS = 1_000;

/** The width of lines that go to no terminal. */
const PLAIN_COLUMNS = 120;

/** Stages that bring a file nearer to its end by as many bytes as they say. */
const MOVING: ReadonlySet<string> = new Set(["sending", "retrieving", "copying"]);

/** What a transfer tells of itself. */
export interface Step {
  stage: string;
  name: string;
  done: number;
  total: number | null;
  copies?: { live: number; wanted: number } | null;
}

interface Transfer {
  step: Step;
  since: number;
  speed: Speed;
  /** Bytes of the file that moved, in all stages. */
  moved: number;
}

export interface MeterOptions {
  /** More files than one may come, and there is a total. */
  many: boolean;
  /** Monotonic milliseconds. */
  now?: () => number;
}

/** Shows how far one command is, which may have several transfers at once. */
export class Meter implements Disposable {
  #screen: Screen;
  #now: () => number;
  #many: boolean;
  #transfers = new Map<string, Transfer>();
  #files = 0;
  /** Of the files that are over. */
  #bytes = 0;
  #expected: { files: number; bytes: number | null; isAll: boolean } = {
    files: 0,
    bytes: 0,
    isAll: false,
  };
  #speed = new Speed();
  #drawnAt: number;
  #plain = "";
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(screen: Screen, options: MeterOptions) {
    this.#screen = screen;
    this.#many = options.many;
    this.#now = options.now ?? (() => performance.now());
    this.#drawnAt = this.#now();
    if (!screen.quiet) this.#timer = setInterval(() => this.#draw(), LOOK_EVERY_MS);
  }

  /** Another file will come. `bytes` `null`: nobody knows how large it is. */
  expect(bytes: number | null): void {
    const { files, bytes: before } = this.#expected;
    this.#expected.files = files + 1;
    this.#expected.bytes = before === null || bytes === null ? null : before + bytes;
  }

  /** No others will come. */
  expectNoMore(): void {
    this.#expected.isAll = true;
  }

  /** A transfer got further. */
  step(step: Step): void {
    const now = this.#now();
    const before = this.#transfers.get(step.name);
    const goesOn = before?.step.stage === step.stage;
    const speed = goesOn ? before.speed : new Speed();
    const moved = MOVING.has(step.stage) ? step.done : before?.moved ?? 0;
    speed.note(now, step.done);
    this.#transfers.set(step.name, { step, since: before?.since ?? now, speed, moved });
    this.#speed.note(now, this.#moved());
    this.#draw();
  }

  /** A file is over. `bytes`: its size, where it is whole now; else what moved of it. */
  fileDone(name: string, bytes?: number): void {
    this.#files++;
    this.#bytes += bytes ?? this.#transfers.get(name)?.moved ?? 0;
    this.#transfers.delete(name);
    this.#speed.note(this.#now(), this.#moved());
    if (this.#many) this.#draw();
    else this.#screen.live();
  }

  /** A file of so many bytes is over, of which none had to move: they were not waited for. */
  fileUnchanged(name: string, bytes: number): void {
    const { bytes: expected } = this.#expected;
    if (expected !== null) this.#expected.bytes = Math.max(0, expected - bytes);
    this.fileDone(name, 0);
  }

  /** Takes the lines away. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#screen.live();
  }

  /** Draws, unless that was done just now. */
  #draw(): void {
    const now = this.#now();
    if (this.#screen.quiet || now - this.#drawnAt < DRAW_EVERY_MS) return;
    const { progressColumns: columns, rows } = this.#screen;
    if (columns === null && now - this.#drawnAt < LINE_EVERY_MS) return;
    this.#drawnAt = now;
    const lines = progressLines(this.#state(now), {
      columns: (columns ?? PLAIN_COLUMNS) - 1,
      rows,
    });
    if (columns !== null) return this.#screen.live(...lines);
    const [line = ""] = lines;
    if (line !== this.#plain) this.#screen.remark(line);
    this.#plain = line;
  }

  #state(now: number): ProgressState {
    const transfers = [...this.#transfers.values()];
    if (!this.#many) return { total: null, transfers: transfers.map((each) => stateOf(each, now)) };
    const total = {
      files: this.#files,
      bytes: this.#moved(),
      expected: this.#expected,
      rate: this.#speed.at(now),
    };
    const long = transfers.filter(({ since }) => now - since >= LINE_AFTER_MS);
    return { total, transfers: long.map((each) => stateOf(each, now)) };
  }

  #moved(): number {
    return this.#transfers.values().reduce((sum, { moved }) => sum + moved, this.#bytes);
  }
}

function stateOf({ step, speed }: Transfer, now: number): TransferState {
  const { stage, name, done, total, copies = null } = step;
  return { stage, name, done, total, rate: speed.at(now), copies };
}
