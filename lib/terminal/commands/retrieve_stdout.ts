import { LocalError } from "../../client/mod.ts";
import { complaint } from "../complaint.ts";
import { orFolderMeant } from "../folder_meant.ts";
import { Meter } from "../meter.ts";
import { type Context, EXIT } from "./command.ts";

/** Writes one file to standard output as it comes; whether it was right is known at the end. */
export async function retrieveToStdout(name: string, context: Context): Promise<number> {
  const { screen, signal } = context;
  const link = await context.link();
  using meter = new Meter(screen, { many: false });
  const onProgress = (done: number, total: number) =>
    meter.step({ stage: "retrieving", name, done, total });
  let written = 0;
  try {
    const { body } = await link.retrieve(name, { signal, onProgress });
    for await (const bytes of body) {
      await writeAll(context.stdout, bytes);
      written += bytes.length;
    }
    return EXIT.done;
  } catch (error) {
    if (signal.aborted || error instanceof Deno.errors.BrokenPipe) throw error;
    const why = await orFolderMeant(link, { name, error, signal });
    screen.complain(`could not retrieve ${name}: ${wordsFor(why, written)}`);
    return EXIT.failed;
  }
}

async function writeAll(stdout: Context["stdout"], bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await stdout.write(rest));
}

function wordsFor(error: unknown, written: number): string {
  if (error instanceof LocalError && error.code === "conteudo_errado") {
    return `${error.message}: do not use what was written; run the command again`;
  }
  const words = complaint(error);
  return written > 0 ? `${words}; ${written} bytes were written, and more is missing` : words;
}
