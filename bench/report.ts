/** Results as Markdown. */
import type { Floor } from "./floor.ts";
import type { Limit } from "./limits.ts";
import type { Amount, Fact } from "./scenario.ts";
import type { Result, Row } from "./rounds.ts";

/** All that a run came to; what `--json` writes. */
export interface Report {
  date: string;
  /** `sources` or the executable's path. */
  program: string;
  machine: Record<string, string | number>;
  limits: Limit[];
  /** None where a limit that they follow from was not measured. */
  floors: Floor[];
  results: Result[];
}

const FLOOR_NOTE =
  "A floor is the least that any program can take on these cores: SHA-256 of every byte, on both " +
  "sides of a deposit and for whoever receives a retrieval, and a bare copy through loopback, in " +
  "processor time over the number of cores. A target that is missed and would need less shows it.";

/** What was measured where, and what the machine can do. */
export function head({ date, program, machine, limits, floors }: Report): string {
  const facts = Object.entries(machine).map(([name, value]) => `${name} ${value}`).join(", ");
  return joined([
    `${date.slice(0, 10)}, program: ${program}; ${facts}`,
    "",
    ...table(["limit of the machine", "speed"], limits.map(limitCells)),
    "",
    ...floors.map(floorText),
    ...floors.length > 0 ? ["", FLOOR_NOTE] : [],
  ]);
}

/** One scenario. */
export function section({ title, amount, rows, gaps }: Result): string {
  return joined([
    `**${title}** (${amountText(amount)}, median of ${rows[0]?.seconds.length ?? 0})`,
    "",
    ...table(
      ["", "seconds", "speed", "depot is faster", "wanted"],
      rows.map((row, index) => rowCells(row, amount, index === 0)),
    ),
    "",
    ...rows.flatMap(({ facts }) => facts.map((fact) => `- ${factText(fact)}`)),
    ...gaps.map(({ contestant, why }) => `- not measured: ${contestant}: ${why}`),
  ]);
}

function rowCells(row: Row, amount: Amount, isFirst: boolean): string[] {
  return [
    row.contestant,
    row.median.toFixed(3),
    speedText(row.speed, amount.of),
    isFirst ? "" : `${row.ratio.toFixed(2)} times`,
    wantedText(row),
  ];
}

/** `1.50 (floor: 0.93, bare: 0.91)`: neither the depot nor these reach it. */
export function wantedText({ target, inReach }: Pick<Row, "target" | "inReach">): string {
  if (target === null) return "";
  const limits = Object.entries(inReach).map(([name, ratio]) => `${name}: ${ratio.toFixed(2)}`);
  return target.toFixed(2) + (limits.length === 0 ? "" : ` (${limits.join(", ")})`);
}

function floorText({ transfer, seconds, speed }: Floor): string {
  return `- floor of a verified ${transfer} of the large file: ${seconds.toFixed(2)} s, ${
    speedText(speed, "bytes")
  }`;
}

function limitCells({ what, speed, why }: Limit): string[] {
  return [what, speed === null ? `not measured: ${why}` : speedText(speed, "bytes")];
}

function factText({ what, value, unit, most }: Fact): string {
  const bound = most === undefined ? "" : ` (wanted: at most ${most})`;
  return `${what}: ${value.toFixed(1)} ${unit}${bound}`;
}

function speedText(speed: number, of: Amount["of"]): string {
  return of === "bytes" ? `${(speed / 1e9).toFixed(2)} GB/s` : `${Math.round(speed)} files/s`;
}

function amountText({ of, count }: Amount): string {
  return of === "bytes" ? `${count / 2 ** 20} MiB` : `${count} files`;
}

function table(head: string[], rows: string[][]): string[] {
  const widths = head.map((cell, column) =>
    Math.max(3, cell.length, ...rows.map((row) => row[column]!.length))
  );
  const line = (cells: string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)];
}

/** Ends with one empty line, however many there were. */
function joined(lines: string[]): string {
  return lines.join("\n").trimEnd() + "\n\n";
}
