/** `deposito server --check`: what is in a data directory and its places, in words. */
import { OfflineCatalog } from "../depot/catalog/offline_catalog.ts";
import { checkPlaces, type PlaceFindings, type Problem } from "../depot/offline_check.ts";
import { print } from "./output.ts";
import { shown } from "./text.ts";
import { count, formatSize } from "./units.ts";

/** Of one kind no more are named one by one. */
const NAMED = 20;

/** Checks and prints. Resolves to whether all is as the catalog says. */
export async function checkOffline(
  catalogPath: string,
  options: { directories: string[]; full: boolean; signal: AbortSignal },
): Promise<boolean> {
  using catalog = new OfflineCatalog(catalogPath);
  const complaints = catalog.complaints();
  say(complaints.length === 0 ? "catalog: whole" : "catalog: damaged", ...complaints.map(indented));
  // What a damaged database says of its places is worth nothing.
  if (complaints.length > 0) return false;
  let problems = 0;
  for await (const findings of checkPlaces(catalog, options)) {
    say(...findingLines(findings, options.full));
    problems += findings.problems.length;
  }
  const without = catalog.contentsWithoutCopy();
  if (without.length > 0) {
    say(`${count(without.length, "content")} of files without a good copy`);
    say(...without.slice(0, NAMED).map(indented));
  }
  const total = problems + without.length;
  say(total === 0 ? "all is as the catalog says" : `${count(total, "problem")} found`);
  return total === 0;
}

/** A place in a line, and below it what is wrong. */
export function findingLines(findings: PlaceFindings, full: boolean): string[] {
  const { place, directory, right, read, problems, notes } = findings;
  const kinds = Map.groupBy(problems, ({ what }) => what);
  const parts = [
    ...directory === null ? [] : [`${right} ${right === 1 ? "copy" : "copies"} right`],
    ...full && directory !== null ? [`${formatSize(read)} read`] : [],
    ...[...kinds].map(([what, same]) =>
      what === "mark" ? markWords(directory) : `${same.length} ${what}`
    ),
    ...notes,
  ];
  const where = directory === null ? "" : ` (${shown(directory)})`;
  return [
    `${shown(place)}${where}: ${parts.join(", ")}`,
    ...[...kinds.values()].flatMap(problemLines),
  ];
}

function markWords(directory: string | null): string {
  return directory === null ? "not there" : "newer than the catalog";
}

function problemLines(same: Problem[]): string[] {
  const lines = same.slice(0, NAMED).map(({ what, about }) =>
    indented(what === "mark" ? about : `${what}: ${about}`)
  );
  const more = same.length - NAMED;
  return more > 0 ? [...lines, indented(`and ${more} more ${same[0]!.what}`)] : lines;
}

function indented(line: string): string {
  return `  ${shown(line)}`;
}

function say(...lines: string[]): void {
  if (lines.length > 0) print(lines.join("\n") + "\n");
}
