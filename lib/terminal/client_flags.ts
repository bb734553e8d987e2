/** The words of `deposito client` before and around a command. */
import { ABOUT_FLAGS } from "./about.ts";
import type { FlagTable } from "./arguments.ts";
import type { Command } from "./commands/command.ts";
import { COMMANDS } from "./commands/table.ts";
import { type Point, pointOf } from "./completions/points.ts";
import type { HelpRow, Usage } from "./help.ts";
import { parseAddress, parseIdentifier } from "./values.ts";

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

/** Where no command is given. */
export const CLIENT_ALONE_FLAGS = { ...CLIENT_FLAGS, ...ABOUT_FLAGS } as const satisfies FlagTable;

/** What `splitCommand` reads a client's words by. */
export const CLIENT_WORDS = { flags: CLIENT_FLAGS, commands: COMMANDS };

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
  return pointOf({ summary, flags: CLIENT_ALONE_FLAGS, words: Object.fromEntries(words) });
}

/** The help of `deposito client` itself. */
export function clientUsage(): Usage {
  const rows = Object.entries(COMMANDS).map(([word, { words, summary }]): HelpRow => [
    `${word} ${words}`.trimEnd(),
    summary,
  ]);
  return {
    line: "deposito client [FLAG]… COMMAND",
    summary: "Deposits files, and brings them back. A command says more with --help.",
    flags: CLIENT_ALONE_FLAGS,
    more: [
      rows,
      "",
      [["deposito client HOST PORT [ID]", "connects and shows a menu"]],
      "",
      "Exit status: 0 done; 1 not done; 2 the words were wrong; 3 done with fewer copies than " +
      "asked; 130 stopped with Ctrl-C, except hold and --watch; 141 nobody reads the result any " +
      "more.",
    ],
  };
}
