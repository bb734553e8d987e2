/**
 * The points of the command line at which something can be completed, from the parsers' tables. Each
 * shell's script finds the point where the user is, and offers what that one has.
 */
import type { Flag, FlagTable } from "../arguments.ts";

/** What may stand after some words. */
export interface Point {
  /** In one sentence. */
  summary: string;
  flags: FlagTable;
  /** The words that lead further. */
  words: Readonly<Record<string, Point>>;
  /** What else may stand there is a path of this machine. */
  takesPaths: boolean;
}

/** A point with the words that lead to it, such as `client deposit`. */
export interface PlacedPoint extends Point {
  at: string;
  /** From `at/word`, as the scripts compare it, to the point that the word leads to. */
  steps: readonly { from: string; to: string }[];
}

/** What a script is made of. */
export interface Completing {
  points: readonly PlacedPoint[];
  /** The flags of all points that take a value, by their names. */
  values: ReadonlyMap<string, Values>;
}

/** What the script of a program is made of, whose words begin at `root`. */
export function completing(root: Point): Completing {
  const points = pointsBelow(root);
  return { points, values: valueFlags(points) };
}

/** A command as the parser has it. `operands`: as the help shows them, such as `PATH…`. */
export function pointOf(
  { summary, flags, operands = "", words = {} }: {
    summary: string;
    flags: FlagTable;
    operands?: string;
    words?: Readonly<Record<string, Point>>;
  },
): Point {
  return { summary, flags, words, takesPaths: PATHS.test(operands) };
}

/** Executables that begin at a point of their own. */
export const PARTS: Readonly<Record<string, string>> = {
  "deposito-server": "server",
  "deposito-client": "client",
};

/** All points below one, and itself first. */
function pointsBelow(point: Point, at = ""): PlacedPoint[] {
  const leads = Object.entries(point.words).map(([word, next]) => ({
    from: `${at}/${word}`,
    to: `${at} ${word}`.trimStart(),
    next,
  }));
  const steps = leads.map(({ from, to }) => ({ from, to }));
  return [{ ...point, at, steps }, ...leads.flatMap(({ to, next }) => pointsBelow(next, to))];
}

/** `path`: of this machine. A list: one of these, or what nobody can know. `none`: nothing that can be known. */
export type Values = "path" | "none" | readonly string[];

function valueFlags(points: readonly PlacedPoint[]): Map<string, Values> {
  const all = points.flatMap(({ flags }) => Object.entries(flags));
  return new Map(
    all.filter(([, flag]) => flag.kind !== "switch").map(([name, flag]) => [name, valuesOf(flag)]),
  );
}

const PATHS = /\b(PATH|DIR|FILE)\b/;

function valuesOf(flag: Flag): Values {
  if (flag.kind === "switch") return "none";
  if (PATHS.test(flag.value)) return "path";
  if (!flag.value.includes("|")) return "none";
  // What stands in capitals is a kind of word, and no word.
  return flag.value.split("|").filter((word) => word !== word.toUpperCase());
}
