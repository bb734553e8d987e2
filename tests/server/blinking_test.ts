/** Holders that come and go: what of it is written, and what is moved. */
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import type { Pace } from "../../lib/client/pace.ts";
import { digestOf } from "../../lib/content/digest.ts";
import { assertEquals } from "../assert.ts";
import { someBytes } from "../depot/test_depot.ts";
import { temporaryFolder } from "../disk/bench.ts";
import { ListeningDepot, RunningHolder, until } from "./holding_bench.ts";

const BLINKS = 20;
const FILES = 30;

/** A holder that is back at once. */
const HASTY: Pace = {
  now: () => performance.now(),
  random: Math.random,
  sleep: () => Promise.resolve(),
};

/** Holders of a depot, each in a zone of its own; those that are started later, too. */
async function lending(depot: ListeningDepot) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const started: AsyncDisposable[] = [];
  stack.defer(async () => {
    for (const holder of started) await holder[Symbol.asyncDispose]();
  });
  const resources = stack.move();
  return {
    async start(name: string): Promise<RunningHolder> {
      const more = { name, zone: name, pace: HASTY };
      const holder = await RunningHolder.start(depot, join(folder.path, name), more);
      started.push(holder);
      return holder;
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Counts the rows that each transaction writes from now on, by table. */
class RowCounter implements Disposable {
  #database: DatabaseSync;

  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    const tables = this.#database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
      .all().map(({ name }) => String(name));
    this.#database.exec("CREATE TABLE written (name, row, sequence, UNIQUE (name, row, sequence))");
    for (const table of tables) {
      for (const change of ["INSERT", "UPDATE", "DELETE"]) {
        // What is written twice in one transaction is one row; of other tables there are to be none.
        const row = table === "places" && change === "UPDATE" ? "NEW.key" : "random()";
        this.#database.exec(`CREATE TRIGGER count_${change}_${table} AFTER ${change} ON ${table}
          BEGIN INSERT OR IGNORE INTO written
            SELECT '${table}', ${row}, sequence FROM depot; END`);
      }
    }
  }

  get counts(): Record<string, number> {
    const rows = this.#database.prepare(
      "SELECT name, count(*) AS count FROM written GROUP BY name ORDER BY name",
    ).all();
    return Object.fromEntries(rows.map(({ name, count }) => [String(name), Number(count)]));
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

Deno.test(`a holder that blinks ${BLINKS} times moves no data and writes its own row each time`, async () => {
  await using depot = await ListeningDepot.open();
  await using lenders = await lending(depot);
  const holders = [await lenders.start("h0"), await lenders.start("h1"), await lenders.start("h2")];
  await depot.online(3);
  for (let file = 0; file < FILES; file++) await depot.deposit(`${file}`, someBytes(900, file), 3);
  const moved = () => holders.map(({ holder }) => ({ ...holder.traffic }));
  const before = moved();
  const { place } = holders[0]!.events.find((event) => event.type === "connected")!;
  using rows = new RowCounter(depot.database);
  for (let blink = 1; blink <= BLINKS; blink++) {
    depot.holders.cancel(place);
    await until("it went and came", () => rows.counts["depot"] === 2 * blink);
    await depot.online(3);
  }
  assertEquals(rows.counts, { depot: 2 * BLINKS, places: 2 * BLINKS });
  assertEquals(moved(), before);
});

Deno.test("new holders raise a file that was accepted with fewer copies", async () => {
  await using depot = await ListeningDepot.open();
  await using lenders = await lending(depot);
  await lenders.start("h0");
  await depot.online(1);
  const bytes = someBytes(5_000);
  const { copies } = await depot.deposit("a", bytes, 3, 1);
  assertEquals([copies.live, copies.wanted], [1, 3]);
  for (const [name, count] of [["h1", 2], ["h2", 3], ["h3", 3]] as const) {
    await lenders.start(name);
    await depot.online(Number(name.slice(1)) + 1);
    await until("one copy more", async () => {
      return (await depot.goodPlaces(digestOf(bytes))).length === count;
    });
  }
});
