/** Every command of a client, by its word. */
import type { Command } from "./command.ts";
import { depositCommand } from "./deposit.ts";
import { holdCommand } from "./hold.ts";
import { idCommand } from "./id.ts";
import { listCommand } from "./list.ts";
import { removeCommand } from "./remove.ts";
import { renameCommand } from "./rename.ts";
import { replicasCommand } from "./replicas.ts";
import { restoreCommand } from "./restore.ts";
import { retrieveCommand } from "./retrieve.ts";
import { statusCommand } from "./status.ts";

export const COMMANDS: Readonly<Record<string, Command>> = {
  deposit: depositCommand,
  retrieve: retrieveCommand,
  list: listCommand,
  replicas: replicasCommand,
  rename: renameCommand,
  remove: removeCommand,
  restore: restoreCommand,
  status: statusCommand,
  id: idCommand,
  hold: holdCommand,
};
