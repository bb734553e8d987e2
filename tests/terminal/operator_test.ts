/** What the operator's commands look like, and what they accept. */
import { Refusal } from "../../lib/protocol/mod.ts";
import { helpText } from "../../lib/terminal/help.ts";
import { answerOperator } from "../../lib/terminal/operator/answering.ts";
import type { OperatedDepot } from "../../lib/terminal/operator/command.ts";
import { OPERATOR_COMMANDS } from "../../lib/terminal/operator/table.ts";
import { operatorUsage } from "../../lib/terminal/operator/usage.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../assert.ts";

const PLACE = {
  id: "0d1f8a52-31c7-4c55-9a53-0a3c1f1f7e55",
  name: "disk1\u202e",
  kind: "fs",
  zone: "disk-1",
  address: "/mnt/disk1",
  state: "online",
  since: "2026-01-31T12:00:00.000Z",
  draining: true,
};

const ROW = { ...PLACE, remaining: 3, free: 1024 ** 3, capacity: 1024 ** 4, replicas: 12 };

function lines(command: string, result: unknown, width: number | null = null): string[] {
  return OPERATOR_COMMANDS[command]!.lines(result, width);
}

Deno.test("a name out of the depot is shown without what would steer the terminal", () => {
  const shown = [
    lines("places", [ROW]),
    lines("drain", { place: PLACE, remaining: 1, takers: 1 }),
    lines("drain", { place: PLACE, remaining: 0, takers: 1 }),
    lines("forget", PLACE),
    lines("replace", { old: PLACE, new: { id: PLACE.id } }),
  ].flat().join("\n");
  assert(!shown.includes("\u202e"));
  assert(shown.includes("disk1\\u{202e}"));
});

Deno.test("places: one that is emptied says how much is left; one that is away has no room", () => {
  const away = { ...ROW, name: "disk2", state: "lost", draining: false, remaining: null };
  const drained = { ...ROW, name: "disk3", remaining: 0 };
  const table = lines("places", [ROW, drained, away]);
  assertEquals(table[1]!.includes("online, draining, 3 to go"), true);
  assertEquals(table[2]!.includes("online, drained"), true);
  assertEquals(/disk2 +lost +2026-01-31 \d\d:\d\d +12 +disk-1 +fs/.test(table[3]!), true);
  const usual = { ...ROW, name: "disk1", remaining: null, draining: false };
  assertMatch(lines("places", [usual], 80)[1]!, / 0d1f8a52$/);
  assert(lines("places", [ROW], 60).every((line) => line.length <= 60));
  assertEquals(lines("places", []), ["no places"]);
});

Deno.test("drain: says how far it is, what is in the way, and what comes next", () => {
  const first = (remaining: number, takers: number) =>
    lines("drain", { place: { ...PLACE, name: "d" }, remaining, lent: 0, takers })[0];
  assertEquals(
    first(2, 1),
    "d is being drained: 2 contents there need a copy elsewhere, and 1 other place may take them",
  );
  assertEquals(
    first(1, 0),
    "d is being drained: 1 content there needs a copy elsewhere, and no other place takes any " +
      "now: add one",
  );
  const lent = (remaining: number) =>
    lines("drain", { place: { ...PLACE, name: "d" }, remaining, lent: 2, takers: 1 });
  assertEquals(lent(3).slice(0, 2), [
    "d is being drained: 1 content there needs a copy elsewhere, and 1 other place may take them",
    "Besides, 2 contents there are other depots', which have them elsewhere first; this server " +
    "must stay joined meanwhile",
  ]);
  assert(lent(2)[0]!.startsWith("d is being drained: 2 contents there are other depots', which"));
  const done = { place: { ...PLACE, name: "d" }, remaining: 0, lent: 0, takers: 0 };
  assertEquals(lines("drain", done), [
    "d is drained: nothing needs it any more. To have it out of the way:",
    "  deposito server forget d",
  ]);
  for (const name of ["d; echo", "$(echo)", "-d", "disk1\u202e"]) {
    const advice = lines("drain", { place: { ...PLACE, name }, remaining: 0, takers: 0 }).at(-1);
    assertEquals(advice, `  deposito server forget ${PLACE.id}`);
  }
});

Deno.test("every operator's command has its help", () => {
  for (const [word, command] of Object.entries(OPERATOR_COMMANDS)) {
    const help = helpText(operatorUsage(word, command));
    assert(help.startsWith(`Usage: deposito server ${word}`));
    assert(help.includes("--data DIR") && help.includes("--json"));
    for (const line of help.split("\n")) assert(line.length <= 92, line);
  }
});

Deno.test("a request that fits no command of the table reaches nothing", async () => {
  const nothing = new Proxy({} as OperatedDepot, {
    get: (_, key) => {
      throw new Error(`Asked for ${String(key)}`);
    },
  });
  const bad: [string, string[], Record<string, unknown>][] = [
    ["constructor", [], {}],
    ["stop", [], {}],
    ["status", ["x"], {}],
    ["drain", [], { undo: false }],
    ["drain", ["a", "b"], { undo: false }],
    ["drain", ["a"], {}],
    ["drain", ["a"], { undo: "yes" }],
    ["forget", ["a"], { yes: true }],
    ["aside", [], { drop: "spare" }],
    ["aside", [], { drop: ["../x"] }],
    ["aside", [], { drop: [1] }],
  ];
  for (const [command, words, flags] of bad) {
    const request = { command, words, flags, ask: false };
    await assertRejects(() => answerOperator(request, nothing), Refusal);
  }
});
