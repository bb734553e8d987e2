/** The words of `deposito server`: its flags, with what reads them, and its help. */
import { ABOUT_FLAGS } from "./about.ts";
import type { FlagTable } from "./arguments.ts";
import { parseReplicas } from "./commands/shared_flags.ts";
import type { HelpRow, Usage } from "./help.ts";
import { JOINING_FLAGS } from "./joining_flags.ts";
import type { LogFormat } from "./log.ts";
import { OPERATOR_COMMANDS } from "./operator/table.ts";
import {
  DEFAULT_PORT,
  parseCount,
  parseDuration,
  parsePort,
  parseSize,
  UsageError,
} from "./values.ts";

/** The flags of `deposito server`. */
export const SERVER_FLAGS = {
  host: { kind: "text", value: "ADDRESS", default: "127.0.0.1", help: "where to listen" },
  port: {
    kind: "text",
    value: "PORT",
    default: String(DEFAULT_PORT),
    help: "where to listen; 0 takes a free one and says which",
    check: (text: string) => parsePort(text, 0),
  },
  plain: {
    kind: "switch",
    help: "listen on an address that is not loopback, without encryption",
  },
  data: {
    kind: "text",
    value: "DIR",
    default: "./deposito-data",
    help: "the depot's own directory: the catalog and, without --store, the replicas",
  },
  store: {
    kind: "list",
    value: "SPEC",
    help:
      "where replicas go: fs:DIR,DIR, clients (whoever is connected and lends room) or ./plugin.js?options; may be repeated",
  },
  "default-replicas": {
    kind: "text",
    value: "N",
    default: "2",
    help: "replicas of a new file when its client names no number",
    check: parseReplicas,
  },
  grace: {
    kind: "text",
    value: "TIME",
    default: "1h",
    help: "how long a place that was lost may be away before its replicas are made anew",
    check: parseDuration,
  },
  "grace-last": {
    kind: "text",
    value: "TIME",
    default: "10m",
    help: "the same, for what has only one copy left",
    check: parseDuration,
  },
  "goodbye-grace": {
    kind: "text",
    value: "TIME",
    default: "24h",
    help: "the same, for a place that said goodbye",
    check: parseDuration,
  },
  "gone-after": {
    kind: "text",
    value: "TIME",
    default: "30d",
    help: "how long a place may be away before it is taken for gone",
    check: parseDuration,
  },
  settle: {
    kind: "text",
    value: "TIME",
    default: "2m",
    help: "how long after a start places may still come before any is missed",
    check: parseDuration,
  },
  linger: {
    kind: "text",
    value: "TIME",
    default: "60s",
    help: "how long bytes that nobody needs stay before they are deleted",
    check: parseDuration,
  },
  "repair-rate": {
    kind: "text",
    value: "SIZE",
    default: "50MB",
    help: "bytes a second that repair, change of replicas and checks may move",
    check: parseSize,
  },
  scrub: {
    kind: "text",
    value: "TIME",
    default: "7d",
    help: "every replica is read and checked once in this time",
    check: parseDuration,
  },
  "keep-removed": {
    kind: "text",
    value: "TIME",
    default: "24h",
    help: "how long what was removed or replaced can be restored; 0: not at all",
    check: parseDuration,
  },
  reserve: {
    kind: "text",
    value: "SIZE",
    help: "room to keep free on each place (the larger of 1GiB and 2 %)",
    check: parseSize,
  },
  "max-connections": {
    kind: "text",
    value: "N",
    default: "10000",
    help: "connections at once",
    check: parseConnectionCount,
  },
  patience: {
    kind: "text",
    value: "TIME",
    default: "30s",
    help: "how long a transfer may stand still before it ends",
    check: parseDuration,
  },
  log: {
    kind: "text",
    value: "text|json",
    default: "text",
    help: "the log's form",
    check: logFormat,
  },
  "accept-old-catalog": {
    kind: "switch",
    help: "start although the places have seen a newer catalog than this one",
  },
  ...JOINING_FLAGS,
  check: {
    kind: "switch",
    help: "compare the catalog with the places, say what is found, change nothing, and end",
  },
  full: { kind: "switch", help: "with --check: read every byte of every copy" },
  help: { kind: "switch", help: "show this" },
  ...ABOUT_FLAGS,
} as const satisfies FlagTable;

/** The words of `deposito server`, and its help. */
export const SERVER_USAGE = {
  line: "deposito server [flags]",
  summary: "Runs a depot: keeps files on several places and gives them back.",
  flags: SERVER_FLAGS,
  more: [
    "Beside a running depot, for whoever runs it (each says more with --help):",
    "",
    Object.entries(OPERATOR_COMMANDS).map(([word, { words, summary }]): HelpRow => [
      `deposito server ${word} ${words}`.trimEnd(),
      summary,
    ]),
  ],
  examples: [
    ["deposito server", "a depot for this machine alone, in ./deposito-data"],
    [
      "deposito server --store fs:/mnt/disk1,/mnt/disk2,/mnt/disk3",
      "three disks, and a copy on as many of them as each file wants",
    ],
    [
      "deposito server --data /srv/deposito --check",
      "while it does not run: whether every copy is where the catalog says",
    ],
    [
      "deposito server --store clients --store fs:./disk1 --grace 4h",
      "copies also on the machines that run `deposito client hold DIR`",
    ],
    [
      "deposito server --store fs:./disk1 --join office:7420 --lend 100GB",
      "keeps copies for the depot at office, too",
    ],
  ],
} as const satisfies Usage;

/** How many may be connected at once. Throws `UsageError`. */
export function parseConnectionCount(text: string): number {
  return parseCount(text, "number of connections", { from: 1, to: 1_000_000 });
}

/** Throws `UsageError`. */
export function logFormat(text: string): LogFormat {
  if (text === "text" || text === "json") return text;
  throw new UsageError(`${JSON.stringify(text.slice(0, 60))} is no form of the log: text or json`);
}
