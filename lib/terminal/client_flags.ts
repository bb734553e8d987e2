/** The words of `deposito client` before and around a command. */
import type { FlagTable } from "./arguments.ts";
import type { Command } from "./commands/command.ts";
import { COMMANDS } from "./commands/table.ts";
import { type Point, pointOf } from "./completions/points.ts";
import { helpRows, type Usage } from "./help.ts";
import { nearest } from "./nearest.ts";
import { parseAddress, parseIdentifier, UsageError } from "./values.ts";

/** Flags of every command. */
export const CLIENT_FLAGS = {
  "server": {
    kind: "text",
    value: "HOST:PORT",
    help: "The depot; else DEPOSITO_SERVER, else 127.0.0.1:7420",
    check: parseAddress,
  },
  "id": {
    kind: "text",
    value: "UUID",
    help: "Your identifier; else DEPOSITO_ID, else remembered",
    check: parseIdentifier,
  },
  "hold": { kind: "text", value: "DIR", help: "Lend DIR meanwhile, as the command hold does" },
  "json": { kind: "switch", help: "Print the result as JSON" },
  "quiet": { kind: "switch", help: "No progress, no remarks" },
  "help": { kind: "switch", help: "Show this" },
} as const satisfies FlagTable;

/** A command's word, taken out of the rest. */
export interface Split {
  word: string;
  command: Command;
  /** What stood before and after it. */
  rest: string[];
}

/** Finds the command. `null`: no word at all. Throws `UsageError` for a word that is no command. */
export function splitCommand(args: readonly string[]): Split | null {
  const at = firstWord(args);
  if (at === null) return null;
  const word = args[at]!;
  const command = Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : undefined;
  if (command) return { word, command, rest: [...args.slice(0, at), ...args.slice(at + 1)] };
  const meant = nearest(word, Object.keys(COMMANDS));
  const hint = meant ? `did you mean ${meant}?` : `there are ${Object.keys(COMMANDS).join(", ")}`;
  throw new UsageError(`Unknown command ${JSON.stringify(word.slice(0, 60))}: ${hint}`);
}

/** Where the first word stands that is neither a flag nor a flag's value. */
export function firstWord(args: readonly string[]): number | null {
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (!arg.startsWith("-")) return at;
    const flag = (CLIENT_FLAGS as FlagTable)[arg.slice(2)];
    if (flag && flag.kind !== "switch") at++;
  }
  return null;
}

/** The help of one command. */
export function commandUsage(word: string, command: Command): Usage {
  const line = `deposito client ${word} ${command.words}`.trimEnd() + " [FLAG]…";
  return { ...command, line, flags: { ...command.flags, ...CLIENT_FLAGS } };
}

/** For the completions: every command with its flags. */
export function clientPoint(): Point {
  const { summary } = clientUsage();
  const words = Object.entries(COMMANDS).map(([word, command]) => {
    const { flags, summary } = commandUsage(word, command);
    return [word, pointOf({ summary, flags, operands: command.words })] as const;
  });
  return pointOf({ summary, flags: CLIENT_FLAGS, words: Object.fromEntries(words) });
}

/** The help of `deposito client` itself. */
export function clientUsage(columns = 80): Usage {
  const rows = Object.entries(COMMANDS).map(([word, { words, summary }]): [string, string] => [
    `${word} ${words}`.trimEnd(),
    summary,
  ]);
  return {
    line: "deposito client [FLAG]… COMMAND",
    summary: "Deposits files, and brings them back. A command says more with --help.",
    flags: CLIENT_FLAGS,
    more: [
      ...helpRows(rows, columns),
      "",
      "  deposito client HOST PORT [ID]   connects and shows a menu",
      "",
      "Exit status: 0 done; 1 not done; 2 the words were wrong; 3 done with fewer",
      "copies than asked.",
    ],
  };
}
