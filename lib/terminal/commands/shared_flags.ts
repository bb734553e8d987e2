import type { Flag } from "../arguments.ts";
import { parseCount } from "../values.ts";

/** How many connections a command with many files uses at once. */
export const CONNECTIONS: Flag & { kind: "text"; default: string } = {
  kind: "text",
  value: "N",
  default: "16",
  help: "Connections at once, which small files share; 1: one file after the other",
  check: parseConnections,
};

export function parseConnections(text: string): number {
  return parseCount(text, "number of connections", { from: 1, to: 64 });
}

/** Replicas of one file, at most: what the depot accepts. */
const MOST_REPLICAS = 1_000;

export function parseReplicas(text: string): number {
  return parseCount(text, "number of replicas", { from: 1, to: MOST_REPLICAS });
}

/** `null` stays `null`. */
export function parseWait(
  text: string | null,
  { from, to = MOST_REPLICAS }: { from: number; to?: number },
): number | null {
  if (text === null) return null;
  return parseCount(text, "number of replicas to wait for", { from, to });
}
