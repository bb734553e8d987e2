/** The one executable: `deposito`, `deposito server …`, `deposito client …`. */
import { ABOUT_FLAGS, VERSION_LINE, withAboutFlag } from "./lib/terminal/about.ts";
import { type FlagTable, parseFlags } from "./lib/terminal/arguments.ts";
import { EXIT } from "./lib/terminal/commands/command.ts";
import type { Point } from "./lib/terminal/completions/points.ts";
import { printHelp } from "./lib/terminal/help.ts";
import { runFirstMenu } from "./lib/terminal/menu.ts";
import { nearest } from "./lib/terminal/nearest.ts";
import { print, printError } from "./lib/terminal/output.ts";
import { UsageError } from "./lib/terminal/values.ts";

/** Each part is loaded when it is asked for: a client starts without the depot. */
const PARTS = {
  server: async (args: string[]) => (await import("./server.ts")).runServer(args),
  client: async (args: string[]) => (await import("./client.ts")).runClient(args),
  completions: async (args: string[]) =>
    (await import("./lib/terminal/completions/command.ts")).runCompletions(args, commandLine),
};

const FLAGS = {
  help: { kind: "switch", help: "Show this; each part says more with it" },
  ...ABOUT_FLAGS,
} as const satisfies FlagTable;

const USAGE = {
  line: "deposito [server|client|completions] [WORD]…",
  summary: "A depot for files that keeps as many copies of each as its owner wants.",
  flags: FLAGS,
  more: [
    [
      ["deposito", "a menu, on a terminal"],
      ["deposito server [FLAG]…", "runs a depot"],
      ["deposito client COMMAND", "deposits files, brings them back, lends disk"],
      ["deposito completions SHELL", "completions for bash, zsh or fish"],
    ],
  ],
  examples: [
    ["deposito server --store fs:./disk1,./disk2", "a depot that keeps copies on two disks"],
    ["deposito client deposit report.pdf --replicas 2", "in another terminal"],
    ["deposito client retrieve report.pdf", "and back, on any day"],
  ],
} as const;

/** Runs the program's words. Resolves to the exit status. */
export async function main(args: string[]): Promise<number> {
  try {
    return await run(args);
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return EXIT.unread;
    if (!(error instanceof UsageError)) throw error;
    printError(error.message);
    return EXIT.usage;
  }
}

async function run(args: string[]): Promise<number> {
  const [word, ...rest] = withAboutFlag(args);
  if (word === undefined) return await runFirstMenu(PARTS);
  if (Object.hasOwn(PARTS, word)) return await PARTS[word as keyof typeof PARTS](rest);
  if (!word.startsWith("-")) throw await unknownWord(word);
  const { flags, words } = parseFlags(FLAGS, [word, ...rest]);
  if (flags.version) {
    print(VERSION_LINE);
    return EXIT.done;
  }
  if (!flags.help) throw await unknownWord(words[0] ?? word);
  printHelp(USAGE);
  return EXIT.done;
}

/** A client's command is often typed without the word before it. */
async function unknownWord(word: string): Promise<UsageError> {
  const { COMMANDS } = await import("./lib/terminal/commands/table.ts");
  const meant = nearest(word, [...Object.keys(PARTS), ...Object.keys(COMMANDS)]);
  const words = meant !== null && Object.hasOwn(COMMANDS, meant) ? `client ${meant}` : meant;
  const hint = words ? `did you mean deposito ${words}?` : "see deposito --help";
  return new UsageError(`Unknown word ${JSON.stringify(word.slice(0, 60))}: ${hint}`);
}

/** All that can be typed, for the completions. */
async function commandLine(): Promise<Point> {
  const [
    { SERVER_USAGE },
    { operatorPoints },
    { clientPoint },
    { pointOf },
    { completionsPoint },
  ] = await Promise.all([
    import("./lib/terminal/server_flags.ts"),
    import("./lib/terminal/operator/usage.ts"),
    import("./lib/terminal/client_flags.ts"),
    import("./lib/terminal/completions/points.ts"),
    import("./lib/terminal/completions/command.ts"),
  ]);
  const words = {
    server: pointOf({ ...SERVER_USAGE, words: operatorPoints() }),
    client: clientPoint(),
    completions: completionsPoint(),
  };
  return pointOf({ ...USAGE, words });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
