import { type FlagTable, parseFlags } from "./arguments.ts";
import { nearest } from "./nearest.ts";
import { UsageError } from "./values.ts";

/** What may stand before a command, and the commands by their words. */
export interface Commands<C> {
  flags: FlagTable;
  commands: Readonly<Record<string, C>>;
}

/** A command's word, taken out of the rest. */
export interface Split<C> {
  word: string;
  command: C;
  /** What stood before and after it. */
  rest: string[];
}

/** Finds the command. `null`: no word at all. Throws `UsageError` for a word that is no command. */
export function splitCommand<C>(
  args: readonly string[],
  { flags, commands }: Commands<C>,
): Split<C> | null {
  const at = firstWord(args, flags);
  if (at === null) return null;
  const word = args[at]!;
  const command = Object.hasOwn(commands, word) ? commands[word] : undefined;
  if (command) return { word, command, rest: [...args.slice(0, at), ...args.slice(at + 1)] };
  // What stands after a flag that is misspelt was meant as its value.
  parseFlags(flags, args.slice(0, at));
  const meant = nearest(word, Object.keys(commands));
  const hint = meant ? `did you mean ${meant}?` : `there are ${Object.keys(commands).join(", ")}`;
  throw new UsageError(`Unknown command ${JSON.stringify(word.slice(0, 60))}: ${hint}`);
}

/** Where the first word stands that is neither a flag nor a flag's value. */
export function firstWord(args: readonly string[], flags: FlagTable): number | null {
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (!arg.startsWith("-")) return at;
    const flag = Object.hasOwn(flags, arg.slice(2)) ? flags[arg.slice(2)] : undefined;
    if (flag && flag.kind !== "switch") at++;
  }
  return null;
}
