/** `deposito server`: from flags to a running depot. */
import { Joining } from "./lib/client/joining/joining.ts";
import { machineName } from "./lib/client/machine.ts";
import { CatalogFull, CatalogRefused, type PlaceRecord } from "./lib/depot/catalog/catalog.ts";
import { openCatalog } from "./lib/depot/catalog/open.ts";
import { SYSTEM_CLOCK } from "./lib/depot/clock.ts";
import type { DepotSettings } from "./lib/depot/core.ts";
import { Depot } from "./lib/depot/depot.ts";
import type { Log } from "./lib/depot/log.ts";
import { CatalogIsOld, ForeignPlace } from "./lib/depot/marks.ts";
import { defaultReserve } from "./lib/depot/rooms.ts";
import { Control } from "./lib/server/control.ts";
import { DataDirectory, DataDirectoryRefused } from "./lib/server/data_directory.ts";
import { Holders } from "./lib/server/holders.ts";
import { warnOfLeftOut } from "./lib/server/left_out.ts";
import { Listener, ListenRefused } from "./lib/server/listener.ts";
import { tellServiceManager } from "./lib/server/service_manager.ts";
import { VERSION_LINE, withAboutFlag } from "./lib/terminal/about.ts";
import { type FlagValues, parseFlags } from "./lib/terminal/arguments.ts";
import { EXIT } from "./lib/terminal/commands/command.ts";
import { parseReplicas } from "./lib/terminal/commands/shared_flags.ts";
import { plainWords } from "./lib/terminal/complaint.ts";
import { printHelp } from "./lib/terminal/help.ts";
import { joiningSettings } from "./lib/terminal/joining_flags.ts";
import { openLog } from "./lib/terminal/log.ts";
import { checkOffline } from "./lib/terminal/offline_check.ts";
import { answerOperator } from "./lib/terminal/operator/answering.ts";
import { runOperatorCommand } from "./lib/terminal/operator/run.ts";
import { OPERATOR_COMMANDS } from "./lib/terminal/operator/table.ts";
import { print, printError } from "./lib/terminal/output.ts";
import {
  logFormat,
  parseConnectionCount,
  SERVER_FLAGS,
  SERVER_USAGE,
} from "./lib/terminal/server_flags.ts";
import { splitCommand } from "./lib/terminal/split_command.ts";
import { Stopped, Stopping } from "./lib/terminal/stopping.ts";
import { environment, userPath } from "./lib/terminal/user_path.ts";
import {
  formatAddress,
  isLoopback,
  parseDuration,
  parsePort,
  parseSize,
  UsageError,
} from "./lib/terminal/values.ts";
import { fsStore } from "./stores/fs.ts";
import { nameDirectories } from "./stores/fs_directories.ts";
import { directoriesOf, openStores } from "./stores/mod.ts";
import { type StoreContext, StoreRefused } from "./stores/store.ts";

type Flags = FlagValues<typeof SERVER_FLAGS>;

/** Errors that say all that an operator needs, without a trace. */
const PLAIN_ERRORS = [
  CatalogFull,
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
    const given = withAboutFlag(args);
    const split = splitCommand(given, { flags: SERVER_FLAGS, commands: OPERATOR_COMMANDS });
    if (split) return await runOperatorCommand(split);
    const { flags, words } = parseFlags(SERVER_FLAGS, given);
    if (words.length > 0) {
      const word = JSON.stringify(words[0]!.slice(0, 60));
      throw new UsageError(
        `Unknown word ${word}: the server takes flags, or a command first; see deposito server --help`,
      );
    }
    if (flags.help) {
      printHelp(SERVER_USAGE);
      return EXIT.done;
    }
    if (flags.version) {
      print(VERSION_LINE);
      return EXIT.done;
    }
    if (flags.full && !flags.check) throw new UsageError("--full goes with --check");
    if (flags.check) return await check(flags) ? EXIT.done : EXIT.failed;
    await serve(flags);
    return 0;
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return EXIT.unread;
    if (error instanceof Stopped) return error.status;
    if (error instanceof UsageError) {
      printError(error.message);
      return EXIT.usage;
    }
    if (!PLAIN_ERRORS.some((plain) => error instanceof plain)) throw error;
    printError(plainWords(error));
    return EXIT.failed;
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
  const catalog = stack.use(await openCatalog(data.catalog, { log }));
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
      lentAt: (address) => joining?.needed(address) ?? Promise.resolve(0),
    }),
  );
  const paths = flags.store.length > 0
    ? directoriesOf(flags.store, userPath("."))
    : [data.ownStore];
  const named = (await nameDirectories(paths)).map(({ address }) => address);
  warnOfLeftOut(await catalog.places(), named, log);
  const reserve = reserveOf(flags);
  joining = toJoin &&
    stack.use(new Joining({ ...toJoin, depot, folder: data.joined, reserve, log }));
  const listener = stack.use(
    new Listener({
      hostname,
      port,
      maxConnections: parseConnectionCount(flags["max-connections"]),
      patienceMs: parseDuration(flags.patience),
      depot,
      log,
      holders: lenders,
    }),
  );
  const operated = {
    id: depot.id,
    operator: depot.operator,
    connections: () => listener.connections,
  };
  stack.use(
    await Control.open(data.path, { answer: (request) => answerOperator(request, operated), log }),
  );
  joining?.start();
  print(`listening on ${formatAddress(listener.address)}, depot ${depot.id}\n`);
  const manager = { socket: environment("NOTIFY_SOCKET"), folder: data.path, log };
  await tellServiceManager("READY=1", manager);
  await Promise.race([stopping, depot.failed]);
  log.info("Stopping");
  await tellServiceManager("STOPPING=1", manager);
}

/** Resolves to whether all is well. Nothing may run on the data directory meanwhile. */
async function check(flags: Flags): Promise<boolean> {
  using stopping = new Stopping();
  using data = await DataDirectory.open(userPath(flags.data), { create: false });
  return await checkOffline(data.catalog, {
    directories: directoriesOf(flags.store, userPath(".")),
    full: flags.full,
    signal: stopping.signal,
  });
}

/** `owed`: bytes of a disk, by its zone, that are lent to other depots and not yet used. */
function settingsOf(flags: Flags, owed: (zone: string) => number): DepotSettings {
  const fixed = reserveOf(flags);
  return {
    defaultReplicas: parseReplicas(flags["default-replicas"]),
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
  if (isLoopback(host) || plain) return host;
  throw new UsageError(
    `Refused to listen on ${host}: identifiers and files would cross the network in clear. ` +
      `Use a tunnel to 127.0.0.1, or say --plain where the network is trusted`,
  );
}

function storeContext(
  depot: string,
  known: PlaceRecord[],
  log: Log,
): StoreContext {
  // Of several that were there one after another, the last one that is not gone for good.
  const isGone = ({ state }: PlaceRecord) => Number(state === "gone");
  const inTurn = known.toSorted((a, b) => isGone(b) - isGone(a) || a.since - b.since);
  const byAddress = new Map(inTurn.map((place) => [place.address, place]));
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
