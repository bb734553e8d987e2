/** The one executable: `deposito`, `deposito server …`, `deposito client …`. */
import project from "./deno.json" with { type: "json" };
import { EXIT } from "./lib/terminal/commands/command.ts";
import { runFirstMenu } from "./lib/terminal/menu.ts";
import { nearest } from "./lib/terminal/nearest.ts";
import { print, printError } from "./lib/terminal/output.ts";
import { UsageError } from "./lib/terminal/values.ts";

const HELP = `Usage: deposito                    a menu
       deposito server [FLAG]…     runs a depot
       deposito client COMMAND     deposits files, and brings them back

  --help     Show this; each part says more with it
  --version  Show the version
`;

/** Each part is loaded when it is asked for: a client starts without the depot. */
const PARTS = {
  server: async (args: string[]) => (await import("./server.ts")).runServer(args),
  client: async (args: string[]) => (await import("./client.ts")).runClient(args),
};

/** Runs the program's words. Resolves to the exit status. */
export async function main(args: string[]): Promise<number> {
  try {
    return await run(args);
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return EXIT.unread;
    if (!(error instanceof UsageError)) throw error;
    printError(error.message);
    return EXIT.usage;
  }
}

async function run([word, ...rest]: string[]): Promise<number> {
  if (word === undefined) return await runFirstMenu(PARTS);
  if (word === "server" || word === "client") return await PARTS[word](rest);
  if (word === "--help" || word === "help") return say(HELP);
  if (word === "--version") return say(`deposito ${project.version}\n`);
  const meant = nearest(word, Object.keys(PARTS));
  const hint = meant ? `did you mean ${meant}?` : "see deposito --help";
  throw new UsageError(`Unknown word ${JSON.stringify(word.slice(0, 60))}: ${hint}`);
}

function say(text: string): number {
  print(text);
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
