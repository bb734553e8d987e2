/** Who is on when: the comings and goings of machines, by chance from a seed. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** A laptop is on for so long each day. Milliseconds. */
const LAPTOP_ON_MS = 10 * HOUR;

/** One machine comes or goes at `at`, in milliseconds from the start; all are there at 0. */
export interface Step {
  at: number;
  machine: number;
  does: "comes" | "says goodbye" | "falls silent";
  forGood?: boolean;
}

export interface Machines {
  /** On 99 % of the time; they fall silent when they go. */
  steady: number;
  /** On ten hours a day; they say goodbye when they go, except for this part of the times. */
  laptops: number;
  laptopsSilent: number;
  /** Steady until they go for good, on a random day but the last two: every other one says goodbye. */
  leavers: number;
  /** How long a steady machine is away on average. Milliseconds. */
  outageMs: number;
  days: number;
}

/** Machines are numbered: the steady ones first, then the laptops, then the leavers. */
export function schedule(machines: Machines, random: () => number): Step[] {
  const { steady, laptops, leavers, days } = machines;
  const steps: Step[] = [];
  const add = (more: Iterable<Step>) => void steps.push(...more);
  for (let machine = 0; machine < steady; machine++) add(blinks(machine, machines, random));
  for (let machine = steady; machine < steady + laptops; machine++) {
    add(workdays(machine, machines, random));
  }
  for (let leaver = 0; leaver < leavers; leaver++) {
    const machine = steady + laptops + leaver;
    const at = DAY / 2 + random() * (days - 2.5) * DAY;
    add([...blinks(machine, machines, random)].filter((step) => step.at < at));
    const does = leaver % 2 === 0 ? "falls silent" : "says goodbye";
    add([{ at, machine, does, forGood: true }]);
  }
  return steps.filter(({ at }) => at < days * DAY).sort((a, b) => a.at - b.at);
}

/** Up and down by turns, each for a time that has no memory, down for 1 % of all time. */
function* blinks(
  machine: number,
  { outageMs, days }: Machines,
  random: () => number,
): Iterable<Step> {
  const lasting = (mean: number) => -Math.log(1 - random()) * mean;
  for (let at = lasting(99 * outageMs); at < days * DAY; at += lasting(99 * outageMs)) {
    yield { at, machine, does: "falls silent" };
    at += lasting(outageMs);
    yield { at, machine, does: "comes" };
  }
}

/** On from an hour of its own, give or take half an hour each day. */
function* workdays(
  machine: number,
  { days, laptopsSilent }: Machines,
  random: () => number,
): Iterable<Step> {
  const hour = random() * DAY;
  const goes = () => random() < laptopsSilent ? "falls silent" : "says goodbye";
  if (hour + LAPTOP_ON_MS < DAY) yield { at: 1, machine, does: goes() };
  for (let day = -1; day < days; day++) {
    const on = hour + day * DAY + (random() - 0.5) * HOUR;
    if (on > 1) yield { at: on, machine, does: "comes" };
    if (on + LAPTOP_ON_MS > 1) yield { at: on + LAPTOP_ON_MS, machine, does: goes() };
  }
}
