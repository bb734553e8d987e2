/** The bench runs, and says what it could not measure; how fast anything is fails nothing. */
import { fileURLToPath } from "node:url";
import project from "../../deno.json" with { type: "json" };
import type { Report } from "../../bench/report.ts";
import { SCENARIOS } from "../../bench/scenarios/table.ts";
import { median } from "../../bench/rounds.ts";
import { assert, assertEquals } from "../assert.ts";
import { tell } from "../server/waiting.ts";

const FOLDER = fileURLToPath(new URL("../..", import.meta.url));

/** A few that have every peer between them: the others are made of the same parts. */
const SOME = ["retrieve-memory", "deposit-disk", "many-16"];

Deno.test("bench --quick measures the depot, and names the peers that are missing", async () => {
  const json = await Deno.makeTempFile();
  try {
    const [, ...words] = project.tasks.bench.command.split(" ");
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [...words, "--quick", "--json", json, ...SOME],
      cwd: FOLDER,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    const report: Report = JSON.parse(await Deno.readTextFile(json));
    assertEquals(report.results.map(({ id }) => id), SOME);
    for (const { id, rows, gaps } of report.results) {
      const { contestants } = SCENARIOS.find((scenario) => scenario.id === id)!;
      const named = new Set([...rows, ...gaps].map(({ contestant }) => contestant));
      assertEquals(named, new Set(contestants.map(({ name }) => name)));
      assertEquals(rows[0]!.contestant, contestants[0]!.name);
      assert(rows.every(({ median, ratio }) => median > 0 && ratio > 0));
      const ours = contestants.filter(({ needs }) => needs.length === 0);
      for (const { name } of ours) assert(rows.some(({ contestant }) => contestant === name), name);
      for (const { contestant, why } of gaps) tell(`bench: not measured: ${contestant}: ${why}`);
    }
  } finally {
    await Deno.remove(json);
  }
});

Deno.test("bench: the median of an even number of rounds is the mean of the middle two", () => {
  assertEquals([median([3, 1, 2]), median([4, 1, 3, 2])], [2, 2.5]);
});
