/** What a command of a depot's operator is: told to the running depot, done there, shown here. */
import type { PlaceRecord } from "../../depot/catalog/catalog.ts";
import type { Operator } from "../../depot/operator.ts";
import type { Call } from "../commands/command.ts";
import type { FlagTable, FlagValues } from "../arguments.ts";
import type { Example } from "../help.ts";
import type { Screen } from "../screen.ts";

/** What commands work on, in the depot's process. */
export interface OperatedDepot {
  readonly id: string;
  readonly operator: Operator;
  /** Open connections of clients and holders. */
  connections(): number;
}

/** What a command works with where it was typed, after the depot's answer. */
export interface Asking {
  flags: FlagValues<FlagTable>;
  screen: Screen;
  signal: AbortSignal;
  /** Asks the depot for the result of another command. */
  result(command: string): Promise<unknown>;
}

export interface OperatorCommand {
  /** The one word that it takes after its own, or none. */
  words: "PLACE" | "";
  summary: string;
  /** Told to the depot. */
  flags: FlagTable;
  /** For this side alone. */
  here: FlagTable;
  more?: readonly string[];
  examples: readonly Example[];
  /** Throws `UsageError` for flags that mean nothing. */
  check?(call: Call<FlagTable>): void;
  /** In the depot's process; resolves to what `--json` prints. Throws `Refused`. */
  run(call: Call<FlagTable>, depot: OperatedDepot): Promise<unknown>;
  /** In the depot's process: what to ask the operator first. `null`: nothing. Throws as `run` does. */
  question?(call: Call<FlagTable>, depot: OperatedDepot): Promise<string | null>;
  /** Resolves to the result that is shown. */
  follow?(result: unknown, asking: Asking): Promise<unknown>;
  /** `width` as in `tableLines`. */
  lines(result: unknown, width: number | null): string[];
}

/** A command that sees its flags and its result with their types. */
export function defineOperatorCommand<const T extends FlagTable, R>(
  command: Omit<OperatorCommand, "flags" | "check" | "run" | "question" | "follow" | "lines"> & {
    flags: T;
    check?(call: Call<T>): void;
    run(call: Call<T>, depot: OperatedDepot): Promise<R>;
    question?(call: Call<T>, depot: OperatedDepot): Promise<string | null>;
    follow?(result: R, asking: Asking): Promise<R>;
    lines(result: R, width: number | null): string[];
  },
): OperatorCommand {
  return command as unknown as OperatorCommand;
}

/** For commands that ask first. */
export const YES_FLAG = {
  yes: { kind: "switch", help: "Do it without asking" },
} as const satisfies FlagTable;

/** A place in `--json`. */
export function placeJson({ id, name, kind, zone, address, state, since, draining }: PlaceRecord) {
  return {
    ...{ id, name, kind, zone, address, state },
    since: new Date(since).toISOString(),
    draining,
  };
}
