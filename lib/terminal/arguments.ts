/** One table of flags a command, from which its words are parsed and its help is made. */
import * as untyped from "@std/cli/parse-args";
import { UsageError } from "./values.ts";

/** `switch`: there or not. `text`: one value. `list`: any number of values. */
export type Flag =
  | { readonly kind: "switch"; readonly help: string }
  | {
    readonly kind: "text";
    /** What the help calls the value, such as `HOST:PORT`. */
    readonly value: string;
    readonly default?: string;
    readonly help: string;
  }
  | { readonly kind: "list"; readonly value: string; readonly help: string };

/** By the flag's word without its `--`. */
export type FlagTable = Readonly<Record<string, Flag>>;

/** What the flags of a table were given as. A `text` without a default reads as `null`. */
export type FlagValues<T extends FlagTable> = {
  [K in keyof T]: T[K] extends { kind: "switch" } ? boolean
    : T[K] extends { kind: "list" } ? string[]
    : T[K] extends { default: string } ? string
    : string | null;
};

export interface ParsedFlags<T extends FlagTable> {
  flags: FlagValues<T>;
  /** What is no flag, in order, and all that follows `--`. */
  words: string[];
}

/** For `--help`: what is typed, what it does, its flags. */
export interface Usage {
  /** Such as `deposito client deposit PATH…`. */
  line: string;
  /** One sentence. */
  summary: string;
  flags: FlagTable;
  /** Lines shown after the flags. */
  more?: readonly string[];
}

const parseArgs = untyped.parseArgs as unknown as (
  args: string[],
  options: {
    string: string[];
    collect: string[];
    "--": true;
    unknown: (arg: string, key?: string) => unknown;
  },
) => Record<string, string[] | undefined> & { _: string[]; "--": string[] };

/**
 * Reads `args` by `table`. Flags may stand anywhere before `--`; `--flag VALUE` and `--flag=VALUE`
 * are the same, `-` is a word. Throws `UsageError` for what the table does not have.
 */
export function parseFlags<const T extends FlagTable>(
  table: T,
  args: readonly string[],
): ParsedFlags<T> {
  const names = Object.keys(table);
  const parsed = parseArgs(joinValues(table, args), {
    string: ["_", ...names],
    collect: names,
    "--": true,
    unknown: (arg, key) => key === undefined || refuseUnknown(arg, names),
  });
  const flags = Object.fromEntries(
    names.map((name) => [name, valueOf(name, table[name]!, parsed[name] ?? [])]),
  );
  return { flags: flags as FlagValues<T>, words: [...parsed._, ...parsed["--"]] };
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

/** The one of `words` that was probably meant, or `null`. */
export function nearest(word: string, words: readonly string[]): string | null {
  const scored = words.map((candidate) => ({ candidate, score: distance(word, candidate) }));
  scored.sort((a, b) => a.score - b.score);
  const best = scored[0];
  return best && best.score <= Math.max(1, Math.floor(word.length / 3)) ? best.candidate : null;
}

/**
 * `--flag VALUE` as `--flag=VALUE`, so that a value may begin with `-`, and a switch as
 * `--switch=`, so that the word after it stays a word.
 */
function joinValues(table: FlagTable, args: readonly string[]): string[] {
  const joined: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === "--") return [...joined, ...args.slice(at)];
    const name = arg.startsWith("--") ? arg.slice(2).split("=", 1)[0]! : "";
    const flag = Object.hasOwn(table, name) ? table[name] : undefined;
    if (!flag) joined.push(arg);
    else if (flag.kind === "switch") joined.push(requireBare(arg) + "=");
    else if (arg.includes("=")) joined.push(arg);
    else if (at + 1 < args.length) joined.push(`${arg}=${args[++at]}`);
    else throw new UsageError(`${arg} needs a value: ${arg} ${flag.value}`);
  }
  return joined;
}

function requireBare(arg: string): string {
  if (!arg.includes("=")) return arg;
  throw new UsageError(`${arg.split("=", 1)[0]} takes no value`);
}

function refuseUnknown(arg: string, names: readonly string[]): never {
  const name = arg.split("=", 1)[0]!;
  const meant = nearest(name.replace(/^-+/, ""), names);
  const hint = meant ? `did you mean --${meant}?` : "see --help; a word like this goes after --";
  throw new UsageError(`Unknown flag ${JSON.stringify(name.slice(0, 60))}: ${hint}`);
}

function valueOf(name: string, flag: Flag, given: string[]): boolean | string | string[] | null {
  if (flag.kind === "switch") return given.length > 0;
  if (flag.kind === "list") return given;
  if (given.length > 1) throw new UsageError(`--${name} was given twice: give it once`);
  return given[0] ?? flag.default ?? null;
}

function wrap(text: string, columns: number): string[] {
  const lines: string[] = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1)!;
    if (line !== "" && line.length + 1 + word.length > columns) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
}

/** Levenshtein's. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
