/** Every example that a help shows is taken by the parser and by the command's own checks. */
import { parseFlags } from "../../lib/terminal/arguments.ts";
import { CLIENT_FLAGS, CLIENT_WORDS, commandUsage } from "../../lib/terminal/client_flags.ts";
import type { Context } from "../../lib/terminal/commands/command.ts";
import { COMMANDS } from "../../lib/terminal/commands/table.ts";
import { type Example, helpText } from "../../lib/terminal/help.ts";
import { requireCall } from "../../lib/terminal/operator/answering.ts";
import { OPERATOR_FLAGS, operatorUsage } from "../../lib/terminal/operator/usage.ts";
import { OPERATOR_COMMANDS } from "../../lib/terminal/operator/table.ts";
import { splitCommand } from "../../lib/terminal/split_command.ts";
import { SERVER_USAGE } from "../../lib/terminal/server_flags.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../assert.ts";
import { KeptScreen } from "./kept_screen.ts";

class Reached extends Error {}

/** Words that were right lead a command to its depot, which is not there. */
function context(): Context {
  return {
    screen: new KeptScreen().screen,
    json: false,
    signal: new AbortController().signal,
    link: () => Promise.reject(new Reached()),
    server: null,
    identities: () => {
      throw new Reached();
    },
    path: (text) => text,
    stdin: new ReadableStream(),
    stdout: { write: (data) => Promise.resolve(data.length) },
    confirm: null,
  };
}

/** The words after the program's name, without what a pipe does before and after them. */
function wordsOf([line]: Example, program: string): string[] {
  const own = line.split(" | ").find((part) => part.startsWith(program))!;
  return own.slice(program.length).split(" ").filter((word) => word !== "");
}

for (const [word, command] of Object.entries(COMMANDS)) {
  Deno.test(`the examples of ${word} are taken as they are shown`, async () => {
    assert(command.examples.length > 0);
    for (const example of command.examples) {
      const split = splitCommand(wordsOf(example, "deposito client"), CLIENT_WORDS)!;
      assertEquals(split.word, word, example[0]);
      const call = parseFlags({ ...CLIENT_FLAGS, ...command.flags }, split.rest);
      await assertRejects(() => command.run(call, context()), Reached);
      assertStringIncludes(helpText(commandUsage(word, command)), `\n  ${example[0]}\n      `);
    }
  });
}

Deno.test("the examples of the operator's commands are taken as they are shown", () => {
  const commands = OPERATOR_COMMANDS;
  for (const [word, command] of Object.entries(commands)) {
    assert(command.examples.length > 0);
    const flags = { ...OPERATOR_FLAGS, ...command.flags, ...command.here };
    for (const example of command.examples) {
      const split = splitCommand(wordsOf(example, "deposito server"), { flags, commands })!;
      assertEquals(split.word, word, example[0]);
      requireCall(word, command, parseFlags(flags, split.rest));
      assertStringIncludes(helpText(operatorUsage(word, command)), `\n  ${example[0]}\n      `);
    }
  }
});

Deno.test("the server's examples are taken as they are shown", () => {
  for (const example of SERVER_USAGE.examples) {
    const { words } = parseFlags(SERVER_USAGE.flags, wordsOf(example, "deposito server"));
    assertEquals(words, []);
    assertStringIncludes(helpText(SERVER_USAGE), `\n  ${example[0]}\n`);
  }
});
