/** `deno task simulate`: a month among a hundred machines, and its figures. */
import { parseArgs } from "@std/cli/parse-args";
import { parseDuration } from "../../../lib/terminal/values.ts";
import { simulate } from "./simulation.ts";

const DEFAULTS = {
  seed: Date.now() % 1e6,
  contents: 100_000,
  days: 30,
  /** How long steady holders are away on average. */
  outage: "5m",
  grace: "1h",
  /** The part of their times of going at which laptops say no goodbye. */
  "laptops-silent": 0,
};
const flags = parseArgs(Deno.args, { string: ["outage", "grace"], default: DEFAULTS });
const { seed, contents, days, outage, grace } = flags;
const started = performance.now();
const { leftBytes, movedBytes, ...rest } = await simulate({
  steady: 60,
  laptops: 30,
  leavers: 10,
  laptopsSilent: Number(flags["laptops-silent"]),
  days: Number(days),
  contents: Number(contents),
  outageMs: parseDuration(String(outage)),
  seed: Number(seed),
  settings: { graceMs: parseDuration(String(grace)) },
});
const lines = {
  seed,
  contents,
  days,
  "outages of steady holders last on average": outage,
  "grace": grace,
  "laptops go without a goodbye": flags["laptops-silent"],
  "bytes moved, of those that left for good": (movedBytes / leftBytes).toFixed(2),
  "contents lost": rest.lost,
  "fewest copies of a content at any time": rest.fewestCopies,
  "contents with too few copies at the end": rest.short,
  "copies above the wanted number at the end": rest.surplus,
  "comings and goings": rest.steps,
  "seconds taken": Math.round((performance.now() - started) / 1000),
};
const width = Math.max(...Object.keys(lines).map((name) => name.length));
for (const [name, value] of Object.entries(lines)) {
  await Deno.stdout.write(new TextEncoder().encode(`${name.padEnd(width)}  ${value}\n`));
}
