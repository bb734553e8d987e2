import type { Identities } from "../../client/identity.ts";
import type { Address, Link } from "../../client/mod.ts";
import type { FlagTable, FlagValues } from "../arguments.ts";
import type { Example } from "../help.ts";
import type { Screen } from "../screen.ts";

/** Done, not done, the words were wrong, done with fewer copies than asked, nobody reads it. */
export const EXIT = { done: 0, failed: 1, usage: 2, fewer: 3, unread: 141 } as const;

/** What a command works with. */
export interface Context {
  screen: Screen;
  json: boolean;
  signal: AbortSignal;
  /** Connects when it is first asked for. */
  link(): Promise<Link>;
  /** The depot that was named; `null`: none was, and the usual address is meant. */
  server: Address | null;
  /** What this machine remembers. Throws `LocalError` when there is nowhere to. */
  identities(): Identities;
  /** A path as the user means it, absolute. */
  path(text: string): string;
  stdin: ReadableStream<Uint8Array>;
  stdout: { write(data: Uint8Array): Promise<number> };
  /** A question with the answers yes and no; `null`: there is nobody to ask. */
  confirm: ((question: string) => Promise<boolean>) | null;
}

/** One command: what it is called with, what its help says, what it does. */
export interface Command {
  /** Such as `PATH…`. */
  words: string;
  summary: string;
  flags: FlagTable;
  more?: readonly string[];
  /** Shown by `--help`; each is a line that the parser takes. */
  examples: readonly Example[];
  /** Resolves to the exit status. Throws `UsageError`, and what stops all of it. */
  run(call: Call<FlagTable>, context: Context): Promise<number>;
  /** Whether the same words take up what was left when it was stopped; not when not given. */
  goesOn?(call: Call<FlagTable>): boolean;
  /** What is printed with `--json` when all of it failed; nothing when not given. */
  failure?(call: Call<FlagTable>, error: unknown, context: Context): unknown;
}

export interface Call<T extends FlagTable> {
  flags: FlagValues<T>;
  words: string[];
}

/** A command whose `run` sees its own flags with their types. */
export function defineCommand<const T extends FlagTable>(
  command: Omit<Command, "flags" | "run"> & {
    flags: T;
    run(call: Call<T>, context: Context): Promise<number>;
  },
): Command {
  return command as unknown as Command;
}
