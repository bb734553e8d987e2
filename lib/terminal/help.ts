/** What `--help` shows of a command, from the tables that its words are parsed by. */
import type { FlagTable } from "./arguments.ts";
import { print } from "./output.ts";
import { outputColumns } from "./screen.ts";
import { columnsOf, wrap } from "./text.ts";

/** A line as it may be typed, with pipes where they help, and what it does. */
export type Example = readonly [line: string, does: string];

/** What stands left, and what stands right of it. */
export type HelpRow = readonly [left: string, right: string];

/** Before what is said of the line above. */
const BELOW = "      ";

/** Help is not wider, also where the terminal is. */
const MOST_COLUMNS = 80;

/** What is typed, what it does, its flags. */
export interface Usage {
  /** Such as `deposito client deposit PATH…`. */
  line: string;
  /** One sentence. */
  summary: string;
  flags: FlagTable;
  /** Paragraphs and rows shown after the flags. */
  more?: readonly (string | readonly HelpRow[])[];
  examples?: readonly Example[];
}

/** Prints the help of a command, for the terminal that it is read on. */
export function printHelp(usage: Usage): void {
  print(helpText(usage, Math.min(MOST_COLUMNS, outputColumns() ?? MOST_COLUMNS)));
}

/** The help of a command, as lines of at most `columns` where the words allow. */
export function helpText(usage: Usage, columns = MOST_COLUMNS): string {
  const rows = Object.entries(usage.flags).map(([name, flag]): HelpRow => [
    `--${name}${flag.kind === "switch" ? "" : " " + flag.value}`,
    flag.help + (flag.kind === "text" && flag.default ? ` (${flag.default})` : ""),
  ]);
  const lines = [...hanging("Usage: ", usage.line, columns), "", ...wrap(usage.summary, columns)];
  if (rows.length > 0) lines.push("", ...helpRows(rows, columns));
  if (usage.more) lines.push("", ...usage.more.flatMap((part) => moreLines(part, columns)));
  if (usage.examples) lines.push("", "Examples:", ...exampleLines(usage.examples, columns));
  return lines.join("\n") + "\n";
}

/** Two columns; the second wraps below itself, or stands on lines of its own where it is narrow. */
function helpRows(rows: readonly HelpRow[], columns: number): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  const room = columns - width - 4;
  if (room < 20) {
    return rows.flatMap(([left, right]) => [
      ...hanging("  ", left, columns),
      ...hanging(BELOW, right, columns),
    ]);
  }
  return rows.flatMap(([left, right]) =>
    wrap(right, room).map((line, index) => `  ${(index ? "" : left).padEnd(width)}  ${line}`)
  );
}

function moreLines(part: string | readonly HelpRow[], columns: number): string[] {
  return typeof part === "string" ? wrap(part, columns) : helpRows(part, columns);
}

/** `before` and the text, whose further lines are indented as far. */
function hanging(before: string, text: string, columns: number): string[] {
  return wrap(text, columns - before.length)
    .map((line, index) => (index ? " ".repeat(before.length) : before) + line);
}

/** A line that has to be broken can still be typed: shells take what follows a `\` for the same line. */
function typedLines(line: string, columns: number): string[] {
  if (columnsOf(line) + 2 <= columns) return [`  ${line}`];
  const lines = wrap(line, columns - 6);
  return lines.map((part, index) =>
    `${index ? "    " : "  "}${part}${index < lines.length - 1 ? " \\" : ""}`
  );
}

function exampleLines(examples: readonly Example[], columns: number): string[] {
  return examples.flatMap(([line, does]) => [
    ...typedLines(line, columns),
    ...hanging(BELOW, does, columns),
  ]);
}
