/** Depots with many files and with few, asked for the same things. */
import type { Session } from "../lib/client/session.ts";
import { RunningDepot } from "./depot.ts";
import { fillDepot } from "./filled_depot.ts";
import type { Ground } from "./ground.ts";
import { client, depositFew } from "./load.ts";
import { PauseProbe } from "./pauses.ts";
import { processorSeconds, run } from "./processes.ts";
import { median } from "./rounds.ts";
import type { Scale } from "./scale.ts";
import type { Contestant, Entry, Fact } from "./scenario.ts";

/** Lists of all files of the client that are timed. */
const LISTS = 20;
/** A server that works less than this in a second has done what its start brought. Seconds. */
const CALM_SECONDS = 0.2;

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
  const pause = await longestPause(depot);
  const session = await client(depot.port);
  const { repeats, smallBytes, ownFiles } = ground.scale;
  for (let number = 0; number < ownFiles; number++) {
    await depositFew(session, ownName(number, ground.scale), smallBytes);
  }
  const list = await listMilliseconds(session, ownFiles);
  const facts: Fact[] = [
    { what: "start", value: start, unit: "s", most: 2 },
    { what: `list of ${ownFiles} files`, value: list, unit: "ms", most: 50 },
    { what: "longest pause while the places are compared", value: pause, unit: "ms", most: 20 },
  ];
  let number = 0;
  const resources = stack.move();
  return {
    ready: () => Promise.resolve(),
    async run() {
      for (let count = 0; count < repeats; count++) await act(session, number++, ground.scale);
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
  await run("sync", []);
  return home;
}

/** Milliseconds, from the start until the depot has nothing to do any more. */
async function longestPause({ port, server }: RunningDepot): Promise<number> {
  await using probe = new PauseProbe(port);
  let before = -Infinity;
  let now = await processorSeconds(server.pid);
  while (now - before > CALM_SECONDS) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    [before, now] = [now, await processorSeconds(server.pid)];
  }
  return probe.longest;
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
