/** `deno task bench`: the depot and what people would use instead, on the same files, in one run. */
import * as os from "node:os";
import { resolve } from "node:path";
import { type FlagTable, parseFlags } from "../lib/terminal/arguments.ts";
import { helpText } from "../lib/terminal/help.ts";
import { print, printError } from "../lib/terminal/output.ts";
import { Stopped, Stopping } from "../lib/terminal/stopping.ts";
import { userPath } from "../lib/terminal/user_path.ts";
import { parseCount, UsageError } from "../lib/terminal/values.ts";
import { emptied, Ground } from "./ground.ts";
import { measureLimits } from "./limits.ts";
import { openMedia, touchMemory } from "./media.ts";
import { head, type Report, section } from "./report.ts";
import { plot } from "./plot.ts";
import { measure } from "./rounds.ts";
import { type Scale, SCALES } from "./scale.ts";
import type { Scenario } from "./scenario.ts";
import { growthSeries } from "./scenarios/growth.ts";
import { SCENARIOS } from "./scenarios/table.ts";

const FLAGS = {
  quick: { kind: "switch", help: "small and once: shows that the bench works, not how fast" },
  json: { kind: "text", value: "PATH", help: "write all numbers there" },
  plot: { kind: "text", value: "PATH", help: "write a picture of growth there, as SVG" },
  rounds: { kind: "text", value: "N", help: "instead of 5" },
  disk: {
    kind: "text",
    value: "DIR",
    help: "where the disk is to be measured (the system's TMPDIR)",
  },
  memory: {
    kind: "text",
    value: "DIR",
    help: "a file system in memory (root mounts one)",
  },
  executable: {
    kind: "text",
    value: "PATH",
    help: "what `deno task compile` made, not the sources",
  },
  help: { kind: "switch", help: "show this" },
} as const satisfies FlagTable;

const USAGE = {
  line: "deno task bench [flags] [SCENARIO…]",
  summary: `Measures the depot and its peers. Scenarios: ${
    SCENARIOS.map(({ id }) => id).join(" ")
  }`,
  flags: FLAGS,
};

/** Memory that is touched before, in units of the large file: what lies there at once, at most. */
const FILES_AT_ONCE = 6;

async function main(args: string[]): Promise<void> {
  const { flags, words } = parseFlags(FLAGS, args);
  if (flags.help) return print(helpText(USAGE));
  const scenarios = chosen(words);
  const usual = SCALES[flags.quick ? "quick" : "full"];
  const rounds = { from: 1, to: 1_000 };
  const scale: Scale = flags.rounds === null
    ? usual
    : { ...usual, rounds: parseCount(flags.rounds, "number of rounds", rounds) };
  const executable = flags.executable === null ? null : userPath(flags.executable);
  const disk = flags.disk === null ? os.tmpdir() : userPath(flags.disk);
  using stopping = new Stopping();
  await using media = await openMedia(
    resolve(disk),
    flags.memory === null ? null : userPath(flags.memory),
  );
  if (media.gap) printError(media.gap);
  const parents = media.folders;
  const { memory } = media;
  if (!flags.quick && memory) await touchMemory(memory, FILES_AT_ONCE * scale.largeBytes);
  const report: Report = {
    date: new Date().toISOString(),
    program: executable ?? "sources",
    machine: machine(),
    ...await measureLimits(parents, scale),
    results: [],
  };
  print(head(report));
  // Removed at the end, all of them: what one scenario deletes would be in the time of the next.
  await using grounds = new AsyncDisposableStack();
  for (const scenario of scenarios) {
    const options = { scale, executable, memory };
    const ground = grounds.use(await Ground.make(parents[scenario.medium], options));
    const result = await measure(scenario, ground, {
      floors: report.floors,
      signal: stopping.signal,
    });
    if (result.amount.of === "bytes") await emptied(ground.root);
    report.results.push(result);
    print(section(result));
  }
  const growth = growthSeries(report.results, scale);
  if (flags.plot !== null && growth.length > 0) {
    await Deno.writeTextFile(userPath(flags.plot), plot(growth));
  }
  if (flags.json !== null) {
    await Deno.writeTextFile(userPath(flags.json), JSON.stringify(report, null, 2) + "\n");
  }
}

function chosen(words: readonly string[]): readonly Scenario[] {
  for (const word of words) {
    if (!SCENARIOS.some(({ id }) => id === word)) throw new UsageError(`No scenario ${word}`);
  }
  return words.length === 0 ? SCENARIOS : SCENARIOS.filter(({ id }) => words.includes(id));
}

function machine(): Report["machine"] {
  return {
    cores: navigator.hardwareConcurrency,
    processor: os.cpus()[0]?.model ?? "unknown",
    memory: `${Math.round(os.totalmem() / 1e9)} GB`,
    system: `${Deno.build.os} ${Deno.osRelease()}`,
    deno: Deno.version.deno,
  };
}

if (import.meta.main) {
  try {
    await main(Deno.args);
  } catch (error) {
    if (error instanceof Stopped) Deno.exit(error.status);
    if (!(error instanceof UsageError)) throw error;
    printError(`${error.message}; see deno task bench --help`);
    Deno.exit(2);
  }
}
