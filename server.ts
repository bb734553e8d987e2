/** `deposito server`: from flags to a running depot. */
import { Joining } from "./lib/client/joining/joining.ts";
import { machineName } from "./lib/client/machine.ts";
import { CatalogRefused } from "./lib/depot/catalog/catalog.ts";
import { openCatalog } from "./lib/depot/catalog/open.ts";
import { SYSTEM_CLOCK } from "./lib/depot/clock.ts";
import type { DepotSettings } from "./lib/depot/core.ts";
import { MAX_REPLICAS } from "./lib/depot/deposits.ts";
import { Depot } from "./lib/depot/depot.ts";
import type { Log } from "./lib/depot/log.ts";
import { CatalogIsOld, ForeignPlace } from "./lib/depot/marks.ts";
import { defaultReserve } from "./lib/depot/rooms.ts";
import { DataDirectory, DataDirectoryRefused } from "./lib/server/data_directory.ts";
import { Holders } from "./lib/server/holders.ts";
import { Listener, ListenRefused } from "./lib/server/listener.ts";
import { type FlagTable, type FlagValues, parseFlags } from "./lib/terminal/arguments.ts";
import { EXIT } from "./lib/terminal/commands/command.ts";
import { helpText, type Usage } from "./lib/terminal/help.ts";
import { JOINING_FLAGS, joiningSettings } from "./lib/terminal/joining_flags.ts";
import { openLog } from "./lib/terminal/log.ts";
import { print, printError } from "./lib/terminal/output.ts";
import { userPath } from "./lib/terminal/user_path.ts";
import {
  DEFAULT_PORT,
  formatAddress,
  parseCount,
  parseDuration,
  parsePort,
  parseSize,
  UsageError,
} from "./lib/terminal/values.ts";
import { fsStore } from "./stores/fs.ts";
import { openStores } from "./stores/mod.ts";
import { type StoreContext, StoreRefused } from "./stores/store.ts";

const FLAGS = {
  host: { kind: "text", value: "ADDRESS", default: "127.0.0.1", help: "where to listen" },
  port: {
    kind: "text",
    value: "PORT",
    default: String(DEFAULT_PORT),
    help: "where to listen; 0 takes a free one and says which",
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
  },
  grace: {
    kind: "text",
    value: "TIME",
    default: "1h",
    help: "how long a place that was lost may be away before its replicas are made anew",
  },
  "grace-last": {
    kind: "text",
    value: "TIME",
    default: "10m",
    help: "the same, for what has only one copy left",
  },
  "goodbye-grace": {
    kind: "text",
    value: "TIME",
    default: "24h",
    help: "the same, for a place that said goodbye",
  },
  "gone-after": {
    kind: "text",
    value: "TIME",
    default: "30d",
    help: "how long a place may be away before it is taken for gone",
  },
  settle: {
    kind: "text",
    value: "TIME",
    default: "2m",
    help: "how long after a start places may still come before any is missed",
  },
  linger: {
    kind: "text",
    value: "TIME",
    default: "60s",
    help: "how long bytes that nobody needs stay before they are deleted",
  },
  "repair-rate": {
    kind: "text",
    value: "SIZE",
    default: "50MB",
    help: "bytes a second that repair, change of replicas and checks may move",
  },
  scrub: {
    kind: "text",
    value: "TIME",
    default: "7d",
    help: "every replica is read and checked once in this time",
  },
  "keep-removed": {
    kind: "text",
    value: "TIME",
    default: "24h",
    help: "how long what was removed or replaced can be restored; 0: not at all",
  },
  reserve: {
    kind: "text",
    value: "SIZE",
    help: "room to keep free on each place (the larger of 1GiB and 2 %)",
  },
  "max-connections": {
    kind: "text",
    value: "N",
    default: "10000",
    help: "connections at once",
  },
  patience: {
    kind: "text",
    value: "TIME",
    default: "30s",
    help: "how long a transfer may stand still before it ends",
  },
  log: { kind: "text", value: "text|json", default: "text", help: "the log's form" },
  "accept-old-catalog": {
    kind: "switch",
    help: "start although the places have seen a newer catalog than this one",
  },
  ...JOINING_FLAGS,
  help: { kind: "switch", help: "show this" },
} as const satisfies FlagTable;

type Flags = FlagValues<typeof FLAGS>;

/** The words of `deposito server`, and its help. */
export const SERVER_USAGE = {
  line: "deposito server [flags]",
  summary: "Runs a depot: keeps files on several places and gives them back.",
  flags: FLAGS,
  examples: [
    ["deposito server", "a depot for this machine alone, in ./deposito-data"],
    [
      "deposito server --store fs:/mnt/disk1,/mnt/disk2,/mnt/disk3",
      "three disks, and a copy on as many of them as each file wants",
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

/** Errors that say all that an operator needs, without a trace. */
const PLAIN_ERRORS = [
  CatalogIsOld,
  CatalogRefused,
  DataDirectoryRefused,
  ForeignPlace,
  ListenRefused,
  StoreRefused,
];

/** Runs a depot until it is told to stop; resolves to the exit status. */
export async function runServer(args: string[]): Promise<number> {
  try {
    const { flags, words } = parseFlags(FLAGS, args);
    if (words.length > 0) throw new UsageError(`Unknown word ${JSON.stringify(words[0])}`);
    if (flags.help) {
      print(helpText(SERVER_USAGE));
      return 0;
    }
    await serve(flags);
    return 0;
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return EXIT.unread;
    if (error instanceof UsageError) {
      printError(`${error.message}; see deposito server --help`);
      return EXIT.usage;
    }
    if (!PLAIN_ERRORS.some((plain) => error instanceof plain)) throw error;
    printError((error as Error).message);
    return 1;
  }
}

async function serve(flags: Flags): Promise<void> {
  let joining: Joining | null = null;
  const settings = settingsOf(flags, (zone) => joining?.owed(zone) ?? 0);
  const toJoin = joiningSettings(flags, flags.store);
  const hostname = hostOf(flags);
  const port = parsePort(flags.port, 0);
  const log: Log = openLog(logFormat(flags.log));
  await using stack = new AsyncDisposableStack();
  const stopping = stopSignal(stack);
  const data = stack.use(await DataDirectory.open(userPath(flags.data)));
  const catalog = stack.use(await openCatalog(data.catalog));
  const context = storeContext(catalog.depot, await catalog.places(), log);
  const lenders = stack.use(new Holders({ log, machine: machineName() }));
  const stores = flags.store.length > 0
    ? await openStores(flags.store, { base: userPath("."), context, lenders })
    : [await fsStore({ directories: [data.ownStore], context })];
  for (const store of stores) stack.use(store);
  const depot = stack.use(
    await Depot.open({
      catalog,
      stores,
      settings,
      clock: SYSTEM_CLOCK,
      random: Math.random,
      log,
      acceptOldCatalog: flags["accept-old-catalog"],
    }),
  );
  const reserve = reserveOf(flags);
  joining = toJoin &&
    stack.use(new Joining({ ...toJoin, depot, folder: data.joined, reserve, log }));
  const listener = stack.use(
    new Listener({
      hostname,
      port,
      maxConnections: parseCount(flags["max-connections"], "number of connections", {
        from: 1,
        to: 1_000_000,
      }),
      patienceMs: parseDuration(flags.patience),
      depot,
      log,
      holders: lenders,
    }),
  );
  joining?.start();
  print(`listening on ${formatAddress(listener.address)}, depot ${depot.id}\n`);
  await Promise.race([stopping, depot.failed]);
  log.info("Stopping");
}

/** `owed`: bytes of a disk, by its zone, that are lent to other depots and not yet used. */
function settingsOf(flags: Flags, owed: (zone: string) => number): DepotSettings {
  const fixed = reserveOf(flags);
  return {
    defaultReplicas: parseCount(flags["default-replicas"], "number of replicas", {
      from: 1,
      to: MAX_REPLICAS,
    }),
    graceMs: parseDuration(flags.grace),
    graceLastMs: parseDuration(flags["grace-last"]),
    goodbyeGraceMs: parseDuration(flags["goodbye-grace"]),
    goneAfterMs: parseDuration(flags["gone-after"]),
    settleMs: parseDuration(flags.settle),
    lingerMs: parseDuration(flags.linger),
    repairRate: Math.max(1, parseSize(flags["repair-rate"])),
    keepRemovedMs: parseDuration(flags["keep-removed"]),
    scrubMs: Math.max(1_000, parseDuration(flags.scrub)),
    reserve: (capacity, { zone }) => (fixed ?? defaultReserve(capacity)) + owed(zone),
  };
}

/** `null`: by the disk's capacity. */
function reserveOf({ reserve }: Flags): number | null {
  return reserve === null ? null : parseSize(reserve);
}

/** Without encryption only loopback is listened on, unless the operator says otherwise. */
function hostOf({ host, plain }: Flags): string {
  const loopback = host === "localhost" || host === "::1" || host.startsWith("127.");
  if (loopback || plain) return host;
  throw new UsageError(
    `Refused to listen on ${host}: identifiers and files would cross the network in clear. ` +
      `Use a tunnel to 127.0.0.1, or say --plain where the network is trusted`,
  );
}

function logFormat(text: string): "text" | "json" {
  if (text === "text" || text === "json") return text;
  throw new UsageError(`--log ${text}: expected text or json`);
}

function storeContext(
  depot: string,
  known: { id: string; name: string; address: string }[],
  log: Log,
): StoreContext {
  const byAddress = new Map(known.map((place) => [place.address, place]));
  return {
    depot,
    known: (address) => byAddress.get(address),
    warn: (message) => log.warn(message),
  };
}

/** Resolves at the first SIGINT or SIGTERM. */
function stopSignal(stack: AsyncDisposableStack): Promise<void> {
  return new Promise((resolve) => {
    const signals: Deno.Signal[] = Deno.build.os === "windows"
      ? ["SIGINT", "SIGBREAK"]
      : ["SIGINT", "SIGTERM"];
    for (const signal of signals) {
      const stop = () => resolve();
      Deno.addSignalListener(signal, stop);
      stack.defer(() => Deno.removeSignalListener(signal, stop));
    }
  });
}

if (import.meta.main) Deno.exit(await runServer(Deno.args));
