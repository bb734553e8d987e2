/** What is said about one file, in a line. */
import type { DepositedFile } from "../client/mod.ts";
import { shown } from "./text.ts";
import { formatSize } from "./units.ts";

/** When there will be the copies that are not there yet. */
export type Rest = "follows" | "when places come" | null;

const REST = {
  "follows": ", the rest follows",
  "when places come": ", the rest when holders or disks come",
} as const;

/** `stored report.pdf (1.2 MiB): 3 of 3 on desktop, laptop, office` */
export function receiptText(verb: string, file: DepositedFile, rest: Rest = null): string {
  const { live, wanted } = file.replicas;
  const ending = rest === null || live >= wanted ? "" : REST[rest];
  return `${verb} ${shown(file.name)} (${formatSize(file.size)}): ${copiesText(file)}${ending}`;
}

/** Of a deposit or a change that was to be answered with `wait` copies (`null`: all). */
export function restOf({ replicas }: DepositedFile, wait: number | null): Rest {
  return replicas.live >= (wait ?? replicas.wanted) ? "follows" : "when places come";
}

function copiesText({ replicas, places }: DepositedFile): string {
  const words = `${replicas.live} of ${replicas.wanted}`;
  if (places.length === 0) return words;
  const more = replicas.live > places.length ? ` and ${replicas.live - places.length} more` : "";
  return `${words} on ${places.map(({ name }) => shown(name)).join(", ")}${more}`;
}
