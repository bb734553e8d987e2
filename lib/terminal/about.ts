/** What every part of the program says of itself. */
import project from "../../deno.json" with { type: "json" };
import type { FlagTable } from "./arguments.ts";

/** Of a program, not of its commands. */
export const ABOUT_FLAGS = {
  version: { kind: "switch", help: "Show the version" },
} as const satisfies FlagTable;

/** `version` and `help` alone are `--version` and `--help`. */
export function withAboutFlag(args: readonly string[]): readonly string[] {
  const isAbout = args.length === 1 && ["version", "help"].includes(args[0]!);
  return isAbout ? [`--${args[0]}`] : args;
}

/** The same line for every part: they are one program. */
export const VERSION_LINE = `deposito ${project.version}\n`;
