/** Standard output is the result; standard error is progress and complaints. */
import { type Outlet, writeAll } from "./output.ts";
import { fit, shown } from "./text.ts";

export interface ScreenOptions {
  stdout: Outlet;
  stderr: Outlet;
  /** Of standard output; `null`: no terminal, nothing is cut. */
  columns: number | null;
  /** Of standard error; `null`: no terminal, progress is plain lines, few. */
  progressColumns: number | null;
  /** No progress and no remarks. */
  quiet: boolean;
}

export class Screen {
  #options: ScreenOptions;
  #live = "";

  constructor(options: ScreenOptions) {
    this.#options = options;
  }

  get columns(): number | null {
    return this.#options.columns;
  }

  get progressColumns(): number | null {
    return this.#options.progressColumns;
  }

  /** Lines of the result, as they are. */
  result(...lines: string[]): void {
    this.#aside(() => writeAll(this.#options.stdout, lines.map((line) => line + "\n").join("")));
  }

  /** A line that tells more than was asked for. */
  remark(line: string): void {
    if (!this.#options.quiet) this.#aside(() => writeAll(this.#options.stderr, `${shown(line)}\n`));
  }

  /** A line that says what failed and what to do. */
  complain(line: string): void {
    this.#aside(() => writeAll(this.#options.stderr, `deposito: ${shown(line)}\n`));
  }

  /** The line that is drawn over again; an empty one takes it away. */
  live(line: string): void {
    const { progressColumns, quiet, stderr } = this.#options;
    if (quiet || progressColumns === null || line === this.#live) return;
    this.#live = fit(line, progressColumns - 1);
    writeAll(stderr, "\r\x1b[2K" + this.#live);
  }

  #aside(write: () => void): void {
    const live = this.#live;
    this.live("");
    write();
    this.live(live);
  }
}

/** The real one. */
export function processScreen(options: { quiet: boolean }): Screen {
  return new Screen({
    stdout: Deno.stdout,
    stderr: Deno.stderr,
    columns: columnsOf(Deno.stdout),
    progressColumns: columnsOf(Deno.stderr),
    ...options,
  });
}

/** Of a terminal that does not say how wide it is. */
const USUAL_COLUMNS = 80;

function columnsOf(stream: { isTerminal(): boolean }): number | null {
  if (!stream.isTerminal()) return null;
  try {
    return Deno.consoleSize().columns || USUAL_COLUMNS;
  } catch {
    return USUAL_COLUMNS;
  }
}
