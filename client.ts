/** `deposito client …`: one command, or the menu. */
import { runClientCommand } from "./lib/terminal/command_line.ts";

/** Runs a client's words. Resolves to the exit status. */
export function runClient(args: string[]): Promise<number> {
  return runClientCommand(args);
}

if (import.meta.main) Deno.exit(await runClient(Deno.args));
