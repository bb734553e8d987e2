import { clientSettings } from "../../lib/terminal/client_context.ts";
import {
  CLIENT_FLAGS,
  CLIENT_WORDS,
  clientUsage,
  commandUsage,
} from "../../lib/terminal/client_flags.ts";
import { helpText } from "../../lib/terminal/help.ts";
import { firstWord, splitCommand } from "../../lib/terminal/split_command.ts";
import { COMMANDS } from "../../lib/terminal/commands/table.ts";
import { pathFrom } from "../../lib/terminal/user_path.ts";
import { parseIdentifier, UsageError } from "../../lib/terminal/values.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "../assert.ts";
import { resolve } from "node:path";

Deno.test("the command is found between flags and their values", () => {
  const split = splitCommand(
    ["--server", "list", "--json", "deposit", "list", "--name", "x"],
    CLIENT_WORDS,
  );
  assertEquals(split!.word, "deposit");
  assertEquals(split!.rest, ["--server", "list", "--json", "list", "--name", "x"]);
  assertEquals(firstWord(["--server=a:1", "--quiet"], CLIENT_FLAGS), null);
  assertEquals(splitCommand(["--json"], CLIENT_WORDS), null);
});

Deno.test("an unknown command is refused with the nearest one", () => {
  assertThrows(
    () => splitCommand(["retreive"], CLIENT_WORDS),
    UsageError,
    "did you mean retrieve?",
  );
  assertThrows(
    () => splitCommand(["constructor"], CLIENT_WORDS),
    UsageError,
    "there are deposit, retrieve",
  );
});

Deno.test("every command has a help that fits, and the client's names them all", () => {
  for (const [word, command] of Object.entries(COMMANDS)) {
    const help = helpText(commandUsage(word, command));
    assertStringIncludes(help, `deposito client ${word}`);
    assertStringIncludes(help, "--server HOST:PORT");
    for (const line of help.split("\n")) assert(line.length <= 80, line);
    assertStringIncludes(helpText(clientUsage()), `  ${word} `);
  }
});

Deno.test("an identifier is a UUID version 4, and a wrong one is met before anything is asked", () => {
  const id = "6b6c1f0e-3b5f-4c9e-8a51-0d6a4f1c2b3e";
  assertEquals(parseIdentifier(id.toUpperCase()), id);
  for (const text of ["", "x", id + "\n", id.replace("-4", "-1")]) {
    assertThrows(() => parseIdentifier(text), UsageError, "is no identifier");
  }
  const flags = { server: "h:1", id, json: false, quiet: true };
  assertEquals(clientSettings(flags), {
    address: { hostname: "h", port: 1 },
    named: true,
    id,
    json: false,
    quiet: true,
  });
});

Deno.test("a path is relative to where the user stands, also under deno task", () => {
  const project = resolve("/p");
  const from = (cwd: string, initCwd?: string) =>
    pathFrom("a/../b", { cwd: resolve(cwd), initCwd, project });
  assertEquals(from("/x"), resolve("/x/b"));
  assertEquals(from("/p", "/home/me"), resolve("/home/me/b"));
  // A program that was started from a task has the variable too, and a folder of its own.
  assertEquals(from("/x", "/home/me"), resolve("/x/b"));
  assertEquals(pathFrom("/abs", { cwd: "/p", initCwd: "/home", project }), resolve("/abs"));
});
