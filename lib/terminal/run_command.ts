import type { Call, Command, Context } from "./commands/command.ts";
import { EXIT } from "./commands/command.ts";
import { complaint } from "./complaint.ts";
import { arrayLines } from "./json.ts";
import { UsageError } from "./values.ts";

const STOPPED = "stopped; the same command goes on where it was";

/** Runs a command, and says in one line why it could not be done. Throws `UsageError`. */
export async function runCommand(
  command: Command,
  call: Call<Command["flags"]>,
  context: Context,
): Promise<number> {
  const { screen, json, signal } = context;
  try {
    return await command.run(call, context);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    screen.live("");
    const why = signal.aborted ? STOPPED : complaint(error);
    const failure = command.failure?.(call, signal.aborted ? new Error(STOPPED) : error);
    if (json && failure !== undefined) {
      screen.result(Array.isArray(failure) ? arrayLines(failure) : JSON.stringify(failure));
    }
    screen.complain(why);
    return EXIT.failed;
  }
}
