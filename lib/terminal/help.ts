/** What `--help` shows of a command, from the tables that its words are parsed by. */
import type { FlagTable } from "./arguments.ts";
import { wrap } from "./text.ts";

/** A line as it may be typed, with pipes where they help, and what it does. */
export type Example = readonly [line: string, does: string];

/** What is typed, what it does, its flags. */
export interface Usage {
  /** Such as `deposito client deposit PATH…`. */
  line: string;
  /** One sentence. */
  summary: string;
  flags: FlagTable;
  /** Lines shown after the flags. */
  more?: readonly string[];
  examples?: readonly Example[];
}

/** The help of a command, as lines of at most `columns` where the words allow. */
export function helpText(usage: Usage, columns = 80): string {
  const rows = Object.entries(usage.flags).map(([name, flag]): [string, string] => [
    `--${name}${flag.kind === "switch" ? "" : " " + flag.value}`,
    flag.help + (flag.kind === "text" && flag.default ? ` (${flag.default})` : ""),
  ]);
  const lines = [`Usage: ${usage.line}`, "", ...wrap(usage.summary, columns)];
  if (rows.length > 0) lines.push("", ...helpRows(rows, columns));
  if (usage.more) lines.push("", ...usage.more);
  if (usage.examples) lines.push("", "Examples:", ...exampleLines(usage.examples, columns));
  return lines.join("\n") + "\n";
}

/** Two columns; the second wraps below itself, or stands on lines of its own where it is narrow. */
export function helpRows(rows: readonly [string, string][], columns = 80): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  const room = columns - width - 4;
  if (room < 20) {
    return rows.flatMap(([left, right]) => [
      `  ${left}`,
      ...wrap(right, columns - 6).map((line) => `      ${line}`),
    ]);
  }
  return rows.flatMap(([left, right]) =>
    wrap(right, room).map((line, index) => `  ${(index ? "" : left).padEnd(width)}  ${line}`)
  );
}

/** The lines stand as they are typed; only what is said of them is wrapped. */
function exampleLines(examples: readonly Example[], columns: number): string[] {
  return examples.flatMap(([line, does]) => [
    `  ${line}`,
    ...wrap(does, columns - 6).map((text) => `      ${text}`),
  ]);
}
