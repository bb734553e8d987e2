/** `deposito completions SHELL`: a script for that shell, from the tables that the parsers use. */
import { type FlagTable, parseFlags } from "../arguments.ts";
import { EXIT } from "../commands/command.ts";
import { printHelp, type Usage } from "../help.ts";
import { nearest } from "../nearest.ts";
import { print } from "../output.ts";
import { UsageError } from "../values.ts";
import { bashCompletions } from "./bash.ts";
import { fishCompletions } from "./fish.ts";
import { type Completing, completing, type Point, pointOf } from "./points.ts";
import { zshCompletions } from "./zsh.ts";

/** What makes the script of each shell. */
export const SHELLS: Readonly<Record<string, (program: Completing) => string>> = {
  bash: bashCompletions,
  zsh: zshCompletions,
  fish: fishCompletions,
};

const FLAGS = { help: { kind: "switch", help: "Show this" } } as const satisfies FlagTable;

export const COMPLETIONS_USAGE = {
  line: "deposito completions bash|zsh|fish",
  summary: "Prints a script with which that shell completes deposito's words, flags and paths.",
  flags: FLAGS,
  examples: [
    ["source <(deposito completions bash)", "for this shell; the same line in ~/.bashrc for all"],
    ["source <(deposito completions zsh)", "after compinit, as in ~/.zshrc"],
    ["deposito completions fish | source", "as in ~/.config/fish/config.fish"],
  ],
} as const satisfies Usage;

/** For the completions of themselves. */
export function completionsPoint(): Point {
  const shells = Object.keys(SHELLS).map((shell) => [
    shell,
    pointOf({ summary: `A script for ${shell}`, flags: {} }),
  ]);
  return pointOf({ ...COMPLETIONS_USAGE, words: Object.fromEntries(shells) });
}

/** Prints the script. Resolves to the exit status. Throws `UsageError`. */
export async function runCompletions(
  args: string[],
  root: () => Promise<Point>,
): Promise<number> {
  const { flags, words: [shell, ...others] } = parseFlags(FLAGS, args);
  if (flags.help) {
    printHelp(COMPLETIONS_USAGE);
    return EXIT.done;
  }
  const names = Object.keys(SHELLS);
  if (shell === undefined || others.length > 0) {
    throw new UsageError(`completions takes one shell: ${names.join(", ")}`);
  }
  const script = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
  if (script) {
    print(script(completing(await root())));
    return EXIT.done;
  }
  const meant = nearest(shell, names);
  const hint = meant ? `did you mean ${meant}?` : `there are ${names.join(", ")}`;
  throw new UsageError(`Unknown shell ${JSON.stringify(shell.slice(0, 60))}: ${hint}`);
}
