import type { Call, Command, Context } from "./commands/command.ts";
import { EXIT } from "./commands/command.ts";
import { complaint } from "./complaint.ts";
import { arrayLines, jsonText } from "./json.ts";
import { stoppedStatus, stoppedWords } from "./stopping.ts";
import { UsageError } from "./values.ts";

/** Runs a command, and says in one line why it could not be done. Throws `UsageError`. */
export async function runCommand(
  command: Command,
  call: Call<Command["flags"]>,
  context: Context,
): Promise<number> {
  const { screen, json, signal } = context;
  try {
    const status = await command.run(call, context);
    return signal.aborted && status !== EXIT.done ? stoppedStatus(signal, EXIT.failed) : status;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    // Who reads the result has enough of it.
    if (error instanceof Deno.errors.BrokenPipe) return EXIT.unread;
    screen.live("");
    const stopped = stoppedWords(command.goesOn?.(call) ?? false);
    const why = signal.aborted ? stopped : complaint(error);
    const failure = command.failure?.(call, signal.aborted ? signal.reason : error, context);
    if (json && failure !== undefined) {
      screen.result(Array.isArray(failure) ? arrayLines(failure) : jsonText(failure));
    }
    screen.complain(why);
    return stoppedStatus(signal, EXIT.failed);
  }
}
