/** Standard output is the result; standard error is progress and complaints. */
import { LiveBlock } from "./live_block.ts";
import { type Outlet, writeAll } from "./output.ts";
import { fit, shown, wrap } from "./text.ts";

/** Widths and heights are asked for each time: a window changes while it is drawn in. */
export interface ScreenOptions {
  stdout: Outlet;
  stderr: Outlet;
  /** Of standard output; `null`: no terminal, nothing is cut. */
  readonly columns: number | null;
  /** Of standard error; `null`: no terminal, progress is plain lines, few. */
  readonly progressColumns: number | null;
  /** Of the terminal, where there is one. */
  readonly rows: number;
  /** No progress and no remarks. */
  quiet: boolean;
}

export class Screen {
  #options: ScreenOptions;
  #block: LiveBlock;
  #held: (() => void)[] | null = null;

  constructor(options: ScreenOptions) {
    this.#options = options;
    this.#block = new LiveBlock(options.stderr);
  }

  get columns(): number | null {
    return this.#options.columns;
  }

  get progressColumns(): number | null {
    return this.#options.progressColumns;
  }

  get rows(): number {
    return this.#options.rows;
  }

  /** Neither progress nor remarks are shown. */
  get quiet(): boolean {
    return this.#options.quiet;
  }

  /** Lines of the result, as they are. */
  result(...lines: string[]): void {
    this.#aside(() => writeAll(this.#options.stdout, lines.map((line) => line + "\n").join("")));
  }

  /** Lines of the result for people: on a terminal they break between words. */
  sentence(...lines: string[]): void {
    this.result(...lines.flatMap((line) => wrap(line, this.columns)));
  }

  /** A line that tells more than was asked for. */
  remark(line: string): void {
    if (!this.#options.quiet) this.#say(shown(line));
  }

  /** A line that says what failed and what to do. */
  complain(line: string): void {
    this.#say(`deposito: ${shown(line)}`);
  }

  /** The lines that are drawn over again, as many as the window holds; none takes them away. */
  live(...lines: string[]): void {
    if (!this.#options.quiet) this.liveResult(...lines);
  }

  /** The same for lines that were asked for, and are shown whatever is quiet. */
  liveResult(...lines: string[]): void {
    const { progressColumns, rows } = this.#options;
    if (progressColumns === null || this.#held) return;
    const shown = lines.filter((line) => line !== "").slice(0, Math.max(1, rows - 1));
    this.#block.draw(shown.map((line) => fit(line, progressColumns - 1)), progressColumns);
  }

  /** While a question is on the terminal, what is written waits until the answer is there. */
  heldBack(): Disposable {
    this.live("");
    const held: (() => void)[] = this.#held = [];
    return {
      [Symbol.dispose]: () => {
        this.#held = null;
        for (const write of held) write();
      },
    };
  }

  #say(text: string): void {
    const { stderr, progressColumns } = this.#options;
    const lines = wrap(text, progressColumns);
    this.#aside(() => writeAll(stderr, lines.map((line) => line + "\n").join("")));
  }

  #aside(write: () => void): void {
    if (this.#held) {
      this.#held.push(write);
      return;
    }
    const { lines } = this.#block;
    if (lines.length === 0) return write();
    this.liveResult();
    write();
    this.liveResult(...lines);
  }
}

/** How wide what standard output goes to is; `null`: no terminal. */
export function outputColumns(): number | null {
  return Deno.stdout.isTerminal() ? windowSize().columns : null;
}

/** The real one. With `json` it is quiet, too, where no terminal shows what is not the result. */
export function processScreen({ quiet, json }: { quiet: boolean; json: boolean }): Screen {
  const [out, err] = [Deno.stdout, Deno.stderr].map((stream) => stream.isTerminal());
  return new Screen({
    stdout: Deno.stdout,
    stderr: Deno.stderr,
    get columns() {
      return out ? windowSize().columns : null;
    },
    get progressColumns() {
      return err ? windowSize().columns : null;
    },
    get rows() {
      return err ? windowSize().rows : USUAL_WINDOW.rows;
    },
    quiet: quiet || (json && !err),
  });
}

/** Of a terminal that does not say how large it is. */
const USUAL_WINDOW = { columns: 80, rows: 24 };

function windowSize(): { columns: number; rows: number } {
  try {
    const { columns, rows } = Deno.consoleSize();
    return { columns: columns || USUAL_WINDOW.columns, rows: rows || USUAL_WINDOW.rows };
  } catch {
    return USUAL_WINDOW;
  }
}
