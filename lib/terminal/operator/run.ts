/** `deposito server COMMAND …`: asks the running depot, and shows its answer. */
import type { ControlRequest } from "../../server/control.ts";
import { callDepot } from "../../server/control_call.ts";
import { type FlagTable, type FlagValues, parseFlags } from "../arguments.ts";
import { EXIT } from "../commands/command.ts";
import { plainWords } from "../complaint.ts";
import { printHelp } from "../help.ts";
import { errorJson, jsonText } from "../json.ts";
import { hasTerminal, Questions } from "../prompts.ts";
import { processScreen, type Screen } from "../screen.ts";
import type { Split } from "../split_command.ts";
import { stoppedStatus, stoppedWords, Stopping } from "../stopping.ts";
import { userPath } from "../user_path.ts";
import { UsageError } from "../values.ts";
import { requireCall } from "./answering.ts";
import type { OperatorCommand } from "./command.ts";
import { OPERATOR_FLAGS, operatorUsage } from "./usage.ts";

/** Resolves to the exit status. Throws `UsageError`. */
export async function runOperatorCommand(split: Split<OperatorCommand>): Promise<number> {
  const { word, command, rest } = split;
  const table: FlagTable = { ...OPERATOR_FLAGS, ...command.flags, ...command.here };
  const { flags, words } = parseFlags(table, rest);
  const common = flags as unknown as FlagValues<typeof OPERATOR_FLAGS>;
  if (common.help) {
    printHelp(operatorUsage(word, command));
    return EXIT.done;
  }
  requireCall(word, command, { flags, words });
  const told = Object.keys(command.flags).map((name) => [name, flags[name]]);
  const request = { command: word, words, flags: Object.fromEntries(told), ask: false };
  using stopping = new Stopping();
  const screen = processScreen({ quiet: false, json: common.json });
  const call = { command, request, flags, data: userPath(common.data), screen, stopping };
  try {
    const result = await resultOf(call);
    if (result === undefined) return EXIT.failed;
    if (common.json) screen.result(jsonText(result));
    else screen.sentence(...command.lines(result, screen.columns));
    return EXIT.done;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    if (error instanceof Deno.errors.BrokenPipe) return EXIT.unread;
    return fail(error, call);
  }
}

interface OperatorCall {
  command: OperatorCommand;
  request: ControlRequest;
  flags: FlagValues<FlagTable>;
  data: string;
  screen: Screen;
  stopping: Stopping;
}

/** `undefined`: the operator said no. */
async function resultOf(call: OperatorCall): Promise<unknown> {
  const { command, request, flags, data, screen, stopping: { signal } } = call;
  if (command.question && !flags.yes && !await isConfirmed(call)) {
    screen.complain("nothing was done: the answer was no");
    return undefined;
  }
  const result = await callDepot(data, request, signal);
  return await command.follow?.(result, {
    flags,
    screen,
    signal,
    result: (other) =>
      callDepot(data, { command: other, words: [], flags: {}, ask: false }, signal),
  }) ?? result;
}

async function isConfirmed({ request, data, screen, stopping }: OperatorCall): Promise<boolean> {
  const question = await callDepot(data, { ...request, ask: true }, stopping.signal);
  if (typeof question !== "string") return true;
  if (hasTerminal()) return await new Questions({ stopping, screen }).confirm(question);
  throw new UsageError(`${question} Say --yes: without a terminal there is nobody to ask`);
}

function fail(error: unknown, { flags, screen, stopping: { signal } }: OperatorCall): number {
  screen.live("");
  if (signal.aborted) {
    screen.complain(stoppedWords(false));
    return stoppedStatus(signal, EXIT.failed);
  }
  if (flags.json) screen.result(jsonText(errorJson(error)));
  screen.complain(plainWords(error));
  return EXIT.failed;
}
