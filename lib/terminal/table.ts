import { columnsOf, fit, pad } from "./text.ts";

/** One column of a table. */
export interface Column {
  head: string;
  /** Numbers stand to the right. */
  align?: "left" | "right";
  /** It is so wide at least: what it has seldom takes more. */
  least?: number;
  /** Is cut when the table is too wide, down to `MIN_COLUMNS`. */
  cut?: boolean;
  /** Goes when the table is still too wide: the highest number first. Without one it stays. */
  leave?: number;
}

/** Of a size as `formatSize` writes it, at most, such as `99.9 MiB`. */
export const SIZE_COLUMNS = 8;

/** A column that is cut keeps so many. */
const MIN_COLUMNS = 12;

const GAP = "  ";

/**
 * A table as lines of at most `width` columns, where that is possible. `width` `null`: as wide as it
 * gets. The texts are shown as they are.
 */
export function tableLines(columns: Column[], rows: string[][], width: number | null): string[] {
  return new LongTable(columns).lines(rows, width);
}

/** A table whose rows come in parts: no column gets narrower than it was in the part before. */
export class LongTable {
  #columns: Column[];
  /** As wide as what came so far. */
  #widths: number[];

  constructor(columns: Column[]) {
    this.#columns = columns;
    this.#widths = columns.map(({ head, least = 0 }) => Math.max(least, columnsOf(head)));
  }

  /** The head and the rows, as `tableLines`. */
  lines(rows: string[][], width: number | null): string[] {
    this.#widths = this.#widths.map((before, index) =>
      Math.max(before, ...rows.map((row) => columnsOf(row[index] ?? "")))
    );
    return laidOut({ columns: this.#columns, widths: [...this.#widths] }, rows, width);
  }
}

function laidOut(
  { columns, widths }: { columns: Column[]; widths: number[] },
  rows: string[][],
  width: number | null,
): string[] {
  let kept = columns.map((column, index) => ({ column, index }));
  while (width !== null && leastWidth(kept, widths) > width) {
    const last = Math.max(...kept.map(({ column }) => column.leave ?? 0));
    if (last === 0) break;
    kept = kept.filter(({ column }) => column.leave !== last);
  }
  if (width !== null) cutToFit(kept, { widths, width });
  const line = (texts: string[]) =>
    kept.map(({ column, index }) => {
      const text = fit(texts[index] ?? "", widths[index]!);
      return pad(text, widths[index]!, column.align === "right" ? "right" : "left");
    }).join(GAP).trimEnd();
  return [line(columns.map(({ head }) => head)), ...rows.map(line)];
}

interface Kept {
  column: Column;
  index: number;
}

function leastWidth(kept: Kept[], widths: number[]): number {
  return kept.reduce((sum, { column, index }) => {
    const least = column.cut ? Math.min(MIN_COLUMNS, widths[index]!) : widths[index]!;
    return sum + least + GAP.length;
  }, -GAP.length);
}

function cutToFit(kept: Kept[], table: { widths: number[]; width: number }): void {
  const { widths, width } = table;
  const present = kept.reduce((sum, { index }) => sum + widths[index]! + GAP.length, -GAP.length);
  let over = present - width;
  for (const { column, index } of kept) {
    if (!column.cut || over <= 0) continue;
    const less = Math.min(over, Math.max(0, widths[index]! - MIN_COLUMNS));
    widths[index]! -= less;
    over -= less;
  }
}
