import { type Outlet, writeAll } from "./output.ts";
import { columnsOf } from "./text.ts";

/**
 * The last lines of a terminal, which are drawn over again. The cursor stays at their end, so that
 * nothing has to be restored when the program is killed.
 *
 * A terminal that becomes narrower breaks the lines that it shows into more rows: how many there
 * are is reckoned by its present width, never by the one that they were drawn with.
 */
export class LiveBlock {
  #lines: readonly string[] = [];
  #columns = 0;

  constructor(private readonly outlet: Outlet) {}

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Puts `lines`, each narrower than `columns`, in place of those before; none takes them away. */
  draw(lines: readonly string[], columns: number): void {
    const isSame = columns === this.#columns && lines.length === this.#lines.length &&
      lines.every((line, index) => line === this.#lines[index]);
    if (isSame) return;
    const drawn = lines.map((line) => `${line}\x1b[K`).join("\r\n");
    // One write, and over what is there: nothing flickers.
    writeAll(this.outlet, `${this.#toTheTop(columns)}${drawn}\x1b[J`);
    this.#lines = lines;
    this.#columns = columns;
  }

  #toTheTop(columns: number): string {
    const rows = this.#lines.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(columnsOf(line) / columns)),
      0,
    );
    return rows > 1 ? `\r\x1b[${rows - 1}A` : "\r";
  }
}
