/** Deposits of a few bytes, one after the other, while many others are connected and do nothing. */
import { depotContestant } from "../depositing.ts";
import { client, depositFew } from "../load.ts";
import { residentBytes } from "../processes.ts";
import type { Contestant, Scenario } from "../scenario.ts";

/** Connections that are opened at once. */
const AT_ONCE = 100;

const ALONE = depositing("nobody else", false);

function depositing(name: string, crowded: boolean): Contestant {
  return depotContestant(name, {}, async ({ port, server, ground }) => {
    const { idle, repeats, smallBytes } = ground.scale;
    const session = await client(port);
    const before = await residentBytes(server.pid);
    for (let left = crowded ? idle : 0; left > 0; left -= AT_ONCE) {
      const some = Array.from({ length: Math.min(left, AT_ONCE) }, () => client(port, session.id));
      await Promise.all(some);
    }
    const after = await residentBytes(server.pid);
    let number = 0;
    return {
      ready: () => Promise.resolve(),
      async run() {
        for (let count = 0; count < repeats; count++) {
          await depositFew(session, `few${number++}`, smallBytes);
        }
      },
      facts: () =>
        Promise.resolve(
          crowded
            ? [
              {
                what: `server with ${idle} idle clients`,
                value: after / 1e6,
                unit: "MB",
                most: 150,
              },
              { what: "server before they came", value: before / 1e6, unit: "MB" },
            ]
            : [],
        ),
    };
  });
}

export const idle: Scenario = {
  id: "idle",
  title: "Deposit small files one by one beside idle clients, synced to a disk",
  medium: "disk",
  amount: ({ repeats }) => ({ of: "files", count: repeats }),
  contestants: [depositing("beside idle clients", true), ALONE],
  targets: { [ALONE.name]: 1 / 1.2 },
};
