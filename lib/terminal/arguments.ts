/** One table of flags a command: its words are parsed by it; help and completions come from it. */
import * as untyped from "@std/cli/parse-args";
import { nearest } from "./nearest.ts";
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
    /** Throws `UsageError` for a value that is none; it is read again where it is used. */
    readonly check?: (text: string) => unknown;
  }
  | {
    readonly kind: "list";
    readonly value: string;
    readonly help: string;
    /** As of `text`, for each. */
    readonly check?: (text: string) => unknown;
  };

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

/**
 * `--flag VALUE` as `--flag=VALUE`, so that a value may begin with `-`, and a switch as
 * `--switch=`, so that the word after it stays a word.
 */
function joinValues(table: FlagTable, args: readonly string[]): string[] {
  const joined: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === "--") return [...joined, ...args.slice(at)];
    if (arg === "-h" && Object.hasOwn(table, "help")) {
      joined.push("--help=");
      continue;
    }
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
  for (const text of flag.check ? given : []) checkValue(text, `--${name}`, flag.check!);
  if (flag.kind === "list") return given;
  if (given.length > 1) throw new UsageError(`--${name} was given twice: give it once`);
  return given[0] ?? flag.default ?? null;
}

/** Says in its complaint where the value stood, such as `--port`. */
export function checkValue<T>(text: string, where: string, check: (text: string) => T): T {
  try {
    return check(text);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${where}: ${error.message}`);
  }
}
