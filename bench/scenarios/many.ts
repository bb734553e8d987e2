/** The same bytes in one deposit, or in many at once. */
import { depotContestant } from "../depositing.ts";
import { client, depositLoad, type Load, makeLoads } from "../load.ts";
import type { Contestant, Scenario } from "../scenario.ts";

const ONE = concurrent("one deposit", 1);

/** `clients` deposits at once, which have the large file's size together. */
function concurrent(name: string, clients: number): Contestant {
  return depotContestant(name, {}, async (depot) => {
    const { port, ground } = depot;
    const first = await client(port);
    const others = Array.from({ length: clients - 1 }, () => client(port, first.id));
    const sessions = [first, ...await Promise.all(others)];
    const bytes = Math.floor(ground.scale.largeBytes / clients);
    let loads: Load[] = [];
    return {
      async ready() {
        for (const index of loads.keys()) await first.remove(`load${index}`);
        await depot.emptied();
        loads = makeLoads(clients, bytes);
      },
      async run() {
        await Promise.all(
          sessions.map((session, index) => depositLoad(session, `load${index}`, loads[index]!)),
        );
      },
    };
  });
}

function many(clients: number): Scenario {
  return {
    id: `many-${clients}`,
    title: `${clients} deposits at once, beside one of as many bytes, in memory`,
    medium: "memory",
    amount: ({ largeBytes }) => ({ of: "bytes", count: largeBytes }),
    contestants: [concurrent(`${clients} deposits at once`, clients), ONE],
    targets: { [ONE.name]: 0.9 },
  };
}

export const many16: Scenario = many(16);
export const many64: Scenario = many(64);
