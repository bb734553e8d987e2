/** In the depot's process: what a command that came over the control socket does. */
import { Refusal } from "../../protocol/mod.ts";
import type { ControlRequest } from "../../server/control.ts";
import type { Flag, FlagTable, FlagValues } from "../arguments.ts";
import { UsageError } from "../values.ts";
import type { Call } from "../commands/command.ts";
import type { OperatedDepot, OperatorCommand } from "./command.ts";
import { OPERATOR_COMMANDS } from "./table.ts";

/** Resolves to the command's result, or to its question. Throws `Refusal`, `Refused`. */
export async function answerOperator(
  { command: word, words, flags, ask }: ControlRequest,
  depot: OperatedDepot,
): Promise<unknown> {
  const command = Object.hasOwn(OPERATOR_COMMANDS, word) ? OPERATOR_COMMANDS[word] : undefined;
  if (!command) throw new Refusal("mensagem_invalida", `Refused the request: no command ${word}`);
  const call = { words, flags: checkedFlags(command.flags, flags) };
  try {
    requireCall(word, command, call);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new Refusal("valor_invalido", error.message, { cause: error });
  }
  if (ask) return await command.question?.(call, depot) ?? null;
  return await command.run(call, depot);
}

/** Throws `UsageError` unless the command can be called like this. */
export function requireCall(
  word: string,
  command: OperatorCommand,
  call: Call<FlagTable>,
): void {
  const { words } = call;
  const expected = command.words === "" ? 0 : 1;
  if (words.length === expected) return command.check?.(call);
  const more = `see deposito server ${word} --help`;
  if (words.length < expected) {
    throw new UsageError(`Missing ${command.words}: ${word} needs one; ${more}`);
  }
  throw new UsageError(
    `Unknown word ${JSON.stringify(words[expected]!.slice(0, 60))}: ${word} takes ` +
      (expected === 0 ? "none" : `one ${command.words}`) + `; ${more}`,
  );
}

const FITS: Record<Flag["kind"], (value: unknown) => boolean> = {
  switch: (value) => typeof value === "boolean",
  text: (value) => value === null || typeof value === "string",
  list: (value) => Array.isArray(value) && value.every((item) => typeof item === "string"),
};

/** What the other side sent as flags, when it is that: all of the table, and nothing else. */
function checkedFlags(table: FlagTable, flags: Record<string, unknown>): FlagValues<FlagTable> {
  const names = Object.keys(table);
  const unknown = Object.keys(flags).find((name) => !names.includes(name));
  const bad = unknown ?? names.find((name) => !FITS[table[name]!.kind](flags[name]));
  if (bad === undefined) return flags as FlagValues<FlagTable>;
  throw new Refusal("mensagem_invalida", `Refused the request: its flag ${bad} is wrong`);
}
