/** A lending depot's side, in this process, at a depot with a real socket. */
import { join } from "node:path";
import { Joining } from "../../../lib/client/joining/joining.ts";
import { REAL_PACE } from "../../../lib/client/pace.ts";
import { digestOf } from "../../../lib/content/digest.ts";
import { assertEquals } from "../../assert.ts";
import { someBytes } from "../../depot/test_depot.ts";
import { DEPOT, temporaryFolder } from "../../disk/bench.ts";
import { ListeningDepot, until } from "../../server/holding_bench.ts";

/** Looks and tries again without waiting for long. */
const QUICK = {
  ...REAL_PACE,
  sleep: (ms: number, signal?: AbortSignal) => REAL_PACE.sleep(Math.min(ms, 20), signal),
};

/** Lends directories to a depot; `leaving` names those that are being emptied. */
async function lender(depot: ListeningDepot, root: string, names: string[]) {
  const lines: string[] = [];
  const leaving = new Set<string>();
  const places = [...names];
  for (const name of names) {
    await Deno.mkdir(join(root, name, "deposito", DEPOT), { recursive: true });
  }
  const note = (event: string) => void lines.push(event);
  const joining = new Joining({
    addresses: new Map([["there", depot.listener.address]]),
    limit: 1_000_000,
    name: "me",
    zone: null,
    machine: null,
    folder: join(root, "joined"),
    reserve: 0,
    log: { info: note, warn: note },
    pace: QUICK,
    depot: {
      id: DEPOT,
      placesOf: () =>
        places.map((name) => ({
          address: join(root, name),
          name,
          zone: name,
          leaving: leaving.has(name),
        })),
    },
  });
  joining.start();
  const leave = (name: string) => void leaving.add(name);
  const needed = (name: string) => joining.needed(join(root, name));
  return {
    lines,
    places,
    leave,
    needed,
    [Symbol.asyncDispose]: () => joining[Symbol.asyncDispose](),
  };
}

Deno.test("a directory that is being emptied is given back once its copies are elsewhere", async () => {
  await using depot = await ListeningDepot.open();
  await using folder = await temporaryFolder();
  await using lending = await lender(depot, folder.path, ["one"]);
  await depot.online(1);
  const bytes = someBytes(10_000);
  await depot.deposit("a", bytes, 1);
  await depot.deposit("b", someBytes(10, 2), 1);
  assertEquals(await lending.needed("one"), 2);
  lending.leave("one");
  await until("it is not at home any more", async () => {
    const [place] = await depot.catalog.places();
    return depot.depot.placesOf("clients").some(({ name, leaving }) =>
      name === place!.name && leaving
    );
  });
  // There is no other place yet, so that all is still needed.
  assertEquals(await lending.needed("one"), 2);
  lending.places.push("two");
  await Deno.mkdir(join(folder.path, "two", "deposito", DEPOT), { recursive: true });
  await until("it is gone", async () => await depot.stateOf("me:one") === "gone");
  // The depot knew it before its answers arrived here.
  const notNeeded = "Another depot needs nothing of this directory any more";
  const goodbye = "Said goodbye to another depot";
  const { lines } = lending;
  await until("it is said", () => lines.includes(notNeeded) && lines.at(-1) === goodbye);
  assertEquals(lines.at(-2), notNeeded);
  assertEquals([await lending.needed("one"), await lending.needed("two")], [0, 2]);
  assertEquals(await depot.goodPlaces(digestOf(bytes)), ["me:one", "me:two"]);
  assertEquals(await depot.retrieve("a"), bytes);
});

Deno.test("a depot that refuses is asked again until it takes what is lent, and complains once", async () => {
  await using depot = await ListeningDepot.open({ clients: false });
  await using folder = await temporaryFolder();
  await using lending = await lender(depot, folder.path, ["one"]);
  await until("it is refused", () => lending.lines.length > 0);
  const events: string[] = [];
  using _taking = depot.holders.follow((event) => void events.push(event.type));
  await until("both know that it is taken", () => events.length > 0 && lending.lines.length > 1);
  assertEquals(events, ["joined"]);
  assertEquals(lending.lines, [
    "No room is lent to another depot for now; trying again",
    "Room is lent to another depot",
  ]);
});
