/** Depots with many files and with few, asked for the same things. */
import type { Session } from "../lib/client/session.ts";
import { RunningDepot } from "./depot.ts";
import { fillDepot } from "./filled_depot.ts";
import type { Ground } from "./ground.ts";
import { client, depositFew } from "./load.ts";
import { PauseProbe } from "./pauses.ts";
import { delay, processorSeconds, syncDisks } from "./processes.ts";
import { median } from "./rounds.ts";
import type { Scale } from "./scale.ts";
import type { Contestant, Entry, Fact } from "./scenario.ts";

/** Lists of all files of the client that are timed. */
const LISTS = 20;
/** A server that works no longer than this in a look is at rest. Seconds. */
const REST_SECONDS = 0.02;
/** How long a look takes, and how long newcomers ask between two. Milliseconds. */
const LOOK_MS = 500;
/** A server that is not at rest after so long never will be. Milliseconds. */
const RESTLESS_MS = 300_000;

/** What is timed. The client has files `own0`, `own1` …; `number` is another one each time. */
export type Act = (session: Session, number: number, scale: Scale) => Promise<void>;

/** A depot that has `part` of the scale's files in its catalog, beside those of the client. */
export function grown(name: string, part: number, act: Act): Contestant {
  return { name, needs: [], enter: (ground) => enter(ground, part, act) };
}

/** The name of one of the client's own files. */
export function ownName(number: number, { ownFiles }: Scale): string {
  return `own${number % ownFiles}`;
}

async function enter(ground: Ground, part: number, act: Act): Promise<Entry> {
  const files = Math.round(ground.scale.catalogFiles * part);
  const home = await filled(ground, files);
  await using stack = new AsyncDisposableStack();
  const begun = performance.now();
  const depot = stack.use(await RunningDepot.start(ground, { home }));
  const start = (performance.now() - begun) / 1_000;
  const pause = await untilAtRest(depot);
  const compared = (performance.now() - begun) / 1_000;
  const session = await client(depot.port);
  const { scale } = ground;
  const { repeats, smallBytes, ownFiles } = scale;
  for (let number = 0; number < ownFiles; number++) {
    await depositFew(session, ownName(number, scale), smallBytes);
  }
  const list = await listMilliseconds(session, ownFiles);
  await syncDisks();
  await untilAtRest(depot);
  const facts: Fact[] = [
    { what: "start", value: start, unit: "s", most: 2 },
    { what: "start until nothing is left to do", value: compared, unit: "s" },
    { what: `list of ${ownFiles} files`, value: list, unit: "ms", most: 50 },
    { what: "longest pause while the places are compared", value: pause, unit: "ms", most: 20 },
  ];
  let number = 0;
  const resources = stack.move();
  return {
    ready: () => Promise.resolve(),
    async run() {
      for (let count = 0; count < repeats; count++) await act(session, number++, scale);
    },
    facts: () =>
      Promise.resolve(
        facts.map((fact) => ({ ...fact, what: `${files} files in the catalog: ${fact.what}` })),
      ),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** The folder of a depot that is stopped and has so many files. */
async function filled(ground: Ground, files: number): Promise<string> {
  const home = await ground.folder("grown");
  await (await RunningDepot.start(ground, { home }))[Symbol.asyncDispose]();
  await fillDepot(home, files);
  // What was written beside the server is on the disk before anything is timed.
  await syncDisks();
  return home;
}

/**
 * Waits until the depot has nothing to do any more; resolves to its longest pause until then.
 * Milliseconds. Nobody asks while it is looked at: answers are work, too.
 */
async function untilAtRest(depot: RunningDepot): Promise<number> {
  const end = performance.now() + RESTLESS_MS;
  let longest = 0;
  do {
    const probe = new PauseProbe(depot.port);
    await delay(LOOK_MS);
    await probe[Symbol.asyncDispose]();
    longest = Math.max(longest, probe.longest);
    if (performance.now() > end) throw new Error("The server does not come to rest");
  } while (!await isAtRest(depot));
  return longest;
}

/** Whether the server does nothing for one look: what its start and the last requests left is done. */
async function isAtRest({ server }: RunningDepot): Promise<boolean> {
  const before = await processorSeconds(server.pid);
  await delay(LOOK_MS);
  return await processorSeconds(server.pid) - before <= REST_SECONDS;
}

/** Median time of a list of all files of a client, as the client sees it. */
async function listMilliseconds(session: Session, files: number): Promise<number> {
  const times: number[] = [];
  for (let count = 0; count < LISTS; count++) {
    const begun = performance.now();
    const page = await session.page();
    times.push(performance.now() - begun);
    if (page.files.length !== files) throw new Error(`${page.files.length} files are listed`);
  }
  return median(times);
}
