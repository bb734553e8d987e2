import { assertEquals, assertStringIncludes, assertThrows } from "../assert.ts";
import { parseFlags } from "../../lib/terminal/arguments.ts";
import { helpText } from "../../lib/terminal/help.ts";
import { clientUsage, commandUsage } from "../../lib/terminal/client_flags.ts";
import { COMMANDS } from "../../lib/terminal/commands/table.ts";
import { OPERATOR_COMMANDS } from "../../lib/terminal/operator/table.ts";
import { operatorUsage } from "../../lib/terminal/operator/usage.ts";
import { SERVER_USAGE } from "../../lib/terminal/server_flags.ts";
import { columnsOf } from "../../lib/terminal/text.ts";
import { nearest } from "../../lib/terminal/nearest.ts";
import { UsageError } from "../../lib/terminal/values.ts";

const TABLE = {
  json: { kind: "switch", help: "Print JSON" },
  output: { kind: "text", value: "PATH", help: "Where to" },
  port: { kind: "text", value: "PORT", default: "7420", help: "Where to listen" },
  store: { kind: "list", value: "SPEC", help: "A store; may be repeated" },
} as const;

Deno.test("parseFlags() reads every kind, and defaults where nothing was given", () => {
  const { flags, words } = parseFlags(TABLE, ["a", "--store", "x", "--store=y", "--json", "b"]);
  assertEquals(flags.json, true);
  assertEquals(flags.output, null);
  assertEquals(flags.port, "7420");
  assertEquals(flags.store, ["x", "y"]);
  assertEquals(words, ["a", "b"]);
});

Deno.test("parseFlags() leaves words alone that look like numbers, truths or flags", () => {
  const { flags, words } = parseFlags(TABLE, [
    "--json",
    "true",
    "007",
    "1e3",
    "-",
    "--",
    "--x",
    "-5",
  ]);
  assertEquals(flags.json, true);
  assertEquals(words, ["true", "007", "1e3", "-", "--x", "-5"]);
});

Deno.test("parseFlags() takes values that are empty, begin with - or have = and line breaks", () => {
  assertEquals(parseFlags(TABLE, ["--output", "-"]).flags.output, "-");
  assertEquals(parseFlags(TABLE, ["--output", "--x"]).flags.output, "--x");
  assertEquals(parseFlags(TABLE, ["--output="]).flags.output, "");
  assertEquals(parseFlags(TABLE, ["--output", "a=b\nc"]).flags.output, "a=b\nc");
  assertEquals(parseFlags(TABLE, ["--output", "0123"]).flags.output, "0123");
});

Deno.test("parseFlags() refuses unknown flags with the nearest one, and wrong uses", () => {
  assertThrows(() => parseFlags(TABLE, ["--outptu", "x"]), UsageError, "did you mean --output?");
  assertThrows(() => parseFlags(TABLE, ["--zzzzzz"]), UsageError, "--help");
  assertThrows(() => parseFlags(TABLE, ["-5"]), UsageError, "Unknown flag");
  assertThrows(() => parseFlags(TABLE, ["--constructor=1"]), UsageError, "Unknown flag");
  assertThrows(() => parseFlags(TABLE, ["--__proto__", "x"]), UsageError, "Unknown flag");
  assertThrows(() => parseFlags(TABLE, ["--output"]), UsageError, "needs a value: --output PATH");
  assertThrows(() => parseFlags(TABLE, ["--json=yes"]), UsageError, "takes no value");
  assertThrows(() => parseFlags(TABLE, ["--port", "1", "--port", "2"]), UsageError, "twice");
});

Deno.test("helpText() comes from the table and fits its columns", () => {
  const usage = { line: "deposito server [FLAG]…", summary: "Runs a depot.", flags: TABLE };
  const wide = helpText(usage, 80);
  assertStringIncludes(wide, "  --output PATH  Where to\n");
  assertStringIncludes(wide, "Where to listen (7420)");
  for (const columns of [40, 80]) {
    const widest = Math.max(...helpText(usage, columns).split("\n").map((line) => line.length));
    assertEquals(widest <= columns, true);
  }
});

Deno.test("every help breaks between words on a terminal of 40 columns", () => {
  const usages = [
    clientUsage(),
    SERVER_USAGE,
    ...Object.entries(COMMANDS).map(([word, command]) => commandUsage(word, command)),
    ...Object.entries(OPERATOR_COMMANDS).map(([word, command]) => operatorUsage(word, command)),
  ];
  for (const usage of usages) {
    for (const line of helpText(usage, 40).split("\n")) {
      // A single word may be as long as it is.
      const isWord = /^ *\S+( \\\\)?$/.test(line);
      assertEquals(columnsOf(line) <= 40 || isWord, true, line);
    }
  }
  const help = helpText(commandUsage("hold", COMMANDS.hold!), 40);
  assertStringIncludes(help, "\n  deposito client hold ./lent \\\n    --capacity 50GB\n");
});

Deno.test("nearest() suggests what is close and nothing else", () => {
  const words = ["deposit", "retrieve", "list", "remove"];
  assertEquals(nearest("depsit", words), "deposit");
  assertEquals(nearest("lst", words), "list");
  assertEquals(nearest("banana", words), null);
});

Deno.test("-h is --help, where that is a flag", () => {
  assertEquals(parseFlags({ help: { kind: "switch", help: "" } }, ["-h"]).flags, { help: true });
});
