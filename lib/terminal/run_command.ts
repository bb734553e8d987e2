import type { Call, Command, Context } from "./commands/command.ts";
import { EXIT } from "./commands/command.ts";
import { complaint } from "./complaint.ts";
import { arrayLines } from "./json.ts";
import { stoppedWords } from "./stopping.ts";
import { UsageError } from "./values.ts";

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
    const stopped = stoppedWords(command.goesOn?.(call) ?? false);
    const why = signal.aborted ? stopped : complaint(error);
    const failure = command.failure?.(call, signal.aborted ? new Error(stopped) : error);
    if (json && failure !== undefined) {
      screen.result(Array.isArray(failure) ? arrayLines(failure) : JSON.stringify(failure));
    }
    screen.complain(why);
    return EXIT.failed;
  }
}
