/** Every command of a depot's operator, by its word. */
import { asideCommand } from "./aside.ts";
import type { OperatorCommand } from "./command.ts";
import { drainCommand } from "./drain.ts";
import { forgetCommand } from "./forget.ts";
import { placesCommand } from "./places.ts";
import { replaceCommand } from "./replace.ts";
import { statusCommand } from "./status.ts";

export const OPERATOR_COMMANDS: Readonly<Record<string, OperatorCommand>> = {
  status: statusCommand,
  places: placesCommand,
  drain: drainCommand,
  forget: forgetCommand,
  replace: replaceCommand,
  aside: asideCommand,
};
