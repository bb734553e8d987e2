import { assert, assertEquals } from "../../assert.ts";
import { type Outcome, simulate, type SimulationOptions } from "./simulation.ts";

const SEED = 7;
const MACHINES: Omit<SimulationOptions, "seed"> = {
  steady: 60,
  laptops: 30,
  laptopsSilent: 0,
  leavers: 10,
  outageMs: 5 * 60_000,
  days: 5,
  contents: 1_000,
};

function shown(outcome: Outcome): string {
  return `seed ${SEED}: ${JSON.stringify(outcome)}`;
}

Deno.test("among machines that come and go nothing is lost, and little more moves than what left for good", async () => {
  const outcome = await simulate({ ...MACHINES, seed: SEED });
  assertEquals(outcome.lost, 0, shown(outcome));
  assertEquals(outcome.short, 0, shown(outcome));
  assert(outcome.leftBytes > 0, shown(outcome));
  assert(outcome.movedBytes <= 1.5 * outcome.leftBytes, shown(outcome));
});
