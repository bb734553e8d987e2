/** Runs a scenario: all contestants in turn, round after round, so that they share good and bad times. */
import { type Bound, type Floor, ratiosInReach } from "./floor.ts";
import type { Ground } from "./ground.ts";
import { touchMemory } from "./media.ts";
import { missing, syncDisks } from "./processes.ts";
import type { Amount, Contestant, Entry, Fact, Scenario } from "./scenario.ts";

/** Memory that is touched before a round, in units of the large file: more than a round takes. */
const TOUCHED = 1.5;

/** How one contestant did. */
export interface Row {
  contestant: string;
  /** Seconds of each round. */
  seconds: number[];
  /** Median seconds. */
  median: number;
  /** Bytes or files a second, by the median. */
  speed: number;
  /** How many times as fast as it the first one was; 1 for the first. */
  ratio: number;
  /** What that should be at least. */
  target: number | null;
  /** What it would be at each bound that misses a missed target, too: that is out of reach here. */
  inReach: Record<string, number>;
  facts: Fact[];
}

/** What a scenario came to. */
export interface Result {
  id: string;
  title: string;
  medium: string;
  amount: Amount;
  rows: Row[];
  /** Who could not take part, and why. */
  gaps: { contestant: string; why: string }[];
}

interface Timed {
  contestant: Contestant;
  entry: Entry;
  seconds: number[];
}

export interface MeasureOptions {
  floors: readonly Floor[];
  /** Ends it in the middle of a round: what runs for it is ended and removed then, too. */
  signal?: AbortSignal;
}

/**
 * Measures a scenario. What fails of the first contestant is thrown, of another it is a gap; throws
 * the signal's reason.
 */
export async function measure(
  scenario: Scenario,
  ground: Ground,
  { floors, signal = new AbortController().signal }: MeasureOptions,
): Promise<Result> {
  const { id, title, medium } = scenario;
  await using stack = new AsyncDisposableStack();
  const stopped = Promise.withResolvers<never>();
  stopped.promise.catch(() => {});
  signal.addEventListener("abort", () => stopped.reject(signal.reason), { once: true });
  const one = (entry: Entry) => Promise.race([time(entry, scenario, ground), stopped.promise]);
  const gaps: Result["gaps"] = [];
  const timed: Timed[] = [];
  for (const [index, contestant] of scenario.contestants.entries()) {
    signal.throwIfAborted();
    try {
      const absent = await missing(contestant.needs);
      if (absent.length > 0) throw new Error(`not installed: ${absent.join(", ")}`);
      const entry = stack.use(await contestant.enter(ground));
      for (let round = 0; round < ground.scale.warmUps; round++) {
        await one(entry);
      }
      timed.push({ contestant, entry, seconds: [] });
    } catch (error) {
      if (index === 0 || signal.aborted) throw error;
      gaps.push({ contestant: contestant.name, why: String((error as Error).message ?? error) });
    }
  }
  for (let round = 0; round < ground.scale.rounds; round++) {
    for (const { entry, seconds } of timed) seconds.push(await one(entry));
  }
  const amount = scenario.amount(ground.scale);
  const bounds = [
    ...floors.filter(({ transfer }) => transfer === scenario.transfer)
      .map(({ seconds }) => ({ name: "floor", seconds })),
    ...limitsOf(timed),
  ];
  return {
    id,
    title,
    medium,
    amount,
    gaps,
    rows: await rowsOf(timed, scenario, { amount, bounds }),
  };
}

async function time(
  entry: Entry,
  { medium, amount }: Scenario,
  { memory, scale }: Ground,
): Promise<number> {
  await entry.ready();
  // What the one before left to be written is not written in this one's time, and the pages that
  // this one gets, also for a disk's files, are in use by the machine.
  if (medium === "disk") await syncDisks();
  const isLarge = amount(scale).of === "bytes";
  if (isLarge && memory) await touchMemory(memory, TOUCHED * scale.largeBytes);
  const begun = performance.now();
  await entry.run();
  return (performance.now() - begun) / 1_000;
}

/** Of those contestants that do nothing but what any program must. */
function limitsOf(timed: readonly Timed[]): Bound[] {
  return timed.flatMap(({ contestant: { limit }, seconds }) =>
    limit === undefined ? [] : [{ name: limit, seconds: median(seconds) }]
  );
}

async function rowsOf(
  timed: Timed[],
  { targets }: Scenario,
  { amount, bounds }: { amount: Amount; bounds: readonly Bound[] },
): Promise<Row[]> {
  const first = median(timed[0]!.seconds);
  return await Promise.all(timed.map(async ({ contestant: { name }, entry, seconds }) => {
    const middle = median(seconds);
    const target = targets[name] ?? null;
    const ratio = middle / first;
    return {
      contestant: name,
      seconds,
      median: middle,
      speed: amount.count / middle,
      ratio,
      target,
      inReach: ratiosInReach({ median: middle, ratio, target }, bounds),
      facts: await entry.facts?.() ?? [],
    };
  }));
}

/** The middle one; of an even number, the mean of the middle two. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
