/** `deposito client …`: words → one command → an exit status. */
import { VERSION_LINE, withAboutFlag } from "./about.ts";
import { type FlagValues, parseFlags } from "./arguments.ts";
import {
  CLIENT_ALONE_FLAGS,
  CLIENT_FLAGS,
  CLIENT_WORDS,
  clientUsage,
  commandUsage,
} from "./client_flags.ts";
import { clientSettings, ProcessClient } from "./client_context.ts";
import { EXIT } from "./commands/command.ts";
import { COMMANDS } from "./commands/table.ts";
import { printHelp } from "./help.ts";
import { LendingBeside } from "./lending.ts";
import { print, printError } from "./output.ts";
import { hasTerminal, Questions } from "./prompts.ts";
import { runCommand } from "./run_command.ts";
import { processScreen } from "./screen.ts";
import { firstWord, splitCommand } from "./split_command.ts";
import { Stopping } from "./stopping.ts";
import { formatAddress, parsePort, UsageError } from "./values.ts";

/** Loaded when it is asked for: a command starts without it. */
const menu = () => import("./client_menu.ts");

/** Runs one command, or the menu. Resolves to the exit status. */
export async function runClientCommand(args: readonly string[]): Promise<number> {
  try {
    const seeds = seedWords(args);
    if (seeds) return await (await menu()).runClientMenu(seeds);
    return await runWords(withAboutFlag(args));
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return EXIT.unread;
    if (!(error instanceof UsageError)) throw error;
    printError(error.message);
    return EXIT.usage;
  }
}

async function runWords(args: readonly string[]): Promise<number> {
  const split = splitCommand(args, CLIENT_WORDS);
  if (!split) return await withoutCommand(args);
  const { word, command, rest } = split;
  const { flags, words } = parseFlags({ ...CLIENT_FLAGS, ...command.flags }, rest);
  const common = flags as unknown as FlagValues<typeof CLIENT_FLAGS>;
  if (common.help) {
    printHelp(commandUsage(word, command));
    return EXIT.done;
  }
  const settings = clientSettings(common);
  using stopping = new Stopping();
  const { signal } = stopping;
  const screen = processScreen(settings);
  const questions = hasTerminal() ? new Questions({ stopping, screen }) : null;
  const confirm = questions && ((question: string) => questions.confirm(question));
  using client = new ProcessClient(settings, { screen, signal, confirm });
  await using beside = new LendingBeside(client.context);
  if (common.hold !== null) beside.start(common.hold);
  return await runCommand(command, { flags, words }, client.context);
}

/** The seed's form, `HOST PORT [ID]`; `null`: another one. */
function seedWords(args: readonly string[]): { server: string; id: string | null } | null {
  const [host, port, id = null] = args;
  if (args.length < 2 || args.length > 3 || host!.startsWith("-")) return null;
  if (Object.hasOwn(COMMANDS, host!) || !/^[0-9]+$/.test(port!)) return null;
  return { server: formatAddress({ hostname: host!, port: parsePort(port!) }), id };
}

async function withoutCommand(args: readonly string[]): Promise<number> {
  const { flags } = parseFlags(CLIENT_ALONE_FLAGS, args);
  if (flags.help || flags.version) {
    if (flags.help) printHelp(clientUsage());
    else print(VERSION_LINE);
    return EXIT.done;
  }
  if (firstWord(args, CLIENT_FLAGS) === null && hasTerminal()) {
    return await (await menu()).runClientMenu(flags);
  }
  const names = Object.keys(COMMANDS).join(", ");
  throw new UsageError(`Missing COMMAND: one of ${names}; see deposito client --help`);
}
