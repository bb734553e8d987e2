/** What is said about one file, in a line. */
import type { DepositedFile } from "../client/mod.ts";
import { shown } from "./text.ts";
import { formatSize } from "./units.ts";

/** `stored report.pdf (1.2 MiB): 3 of 3 replicas on disk1, disk2, disk3` */
export function receiptText(verb: string, file: DepositedFile): string {
  return `${verb} ${shown(file.name)} (${formatSize(file.size)}): ${copiesText(file)}`;
}

/** `2 of 3 replicas on disk1, disk2` */
export function copiesText({ replicas, places }: DepositedFile): string {
  const words = `${replicas.live} of ${replicas.wanted} replica${replicas.wanted === 1 ? "" : "s"}`;
  if (places.length === 0) return words;
  const more = replicas.live > places.length ? ` and ${replicas.live - places.length} more` : "";
  return `${words} on ${places.map(({ name }) => shown(name)).join(", ")}${more}`;
}
