/** The help of the operator's commands, and what completes them. */
import type { FlagTable } from "../arguments.ts";
import { type Point, pointOf } from "../completions/points.ts";
import type { Usage } from "../help.ts";
import { SERVER_FLAGS } from "../server_flags.ts";
import type { OperatorCommand } from "./command.ts";
import { OPERATOR_COMMANDS } from "./table.ts";

/** Flags of every operator's command. */
export const OPERATOR_FLAGS = {
  data: { ...SERVER_FLAGS.data, help: "the data directory of the running depot" },
  json: { kind: "switch", help: "Print the result as JSON" },
  help: { kind: "switch", help: "Show this" },
} as const satisfies FlagTable;

/** The help of one command. */
export function operatorUsage(word: string, command: OperatorCommand): Usage {
  const line = `deposito server ${word} ${command.words}`.trimEnd() + " [FLAG]…";
  return { ...command, line, flags: { ...command.flags, ...command.here, ...OPERATOR_FLAGS } };
}

/** For the completions: every command with its flags. */
export function operatorPoints(): Record<string, Point> {
  const points = Object.entries(OPERATOR_COMMANDS).map(([word, command]) => {
    const { summary, flags } = operatorUsage(word, command);
    return [word, pointOf({ summary, flags })] as const;
  });
  return Object.fromEntries(points);
}
