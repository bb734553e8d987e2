/**
 * The least that a verified transfer can take on a machine's cores, whatever program does it: its
 * processor time that cannot be spared, shared out evenly. A target under it is out of reach there.
 */

/** Sides that must hash every byte: both of a deposit; of a retrieval the one who receives. */
const HASHING_SIDES = { deposit: 2, retrieval: 1 };

export type Transfer = keyof typeof HASHING_SIDES;

/** Processor seconds that the large file costs: SHA-256 once, and a bare copy through loopback. */
export interface Costs {
  hash: number;
  copy: number;
}

/** One floor, of the large file. */
export interface Floor {
  transfer: Transfer;
  seconds: number;
  /** Bytes a second. */
  speed: number;
}

/** The floor of each kind of transfer, of `bytes` bytes on so many cores. */
export function floorsOf(
  { hash, copy }: Costs,
  machine: { bytes: number; cores: number },
): Floor[] {
  return Object.entries(HASHING_SIDES).map(([transfer, sides]) => {
    const seconds = (sides * hash + copy) / machine.cores;
    return { transfer: transfer as Transfer, seconds, speed: machine.bytes / seconds };
  });
}

/** Seconds in which the same is done where nothing is done that could be spared. */
export interface Bound {
  name: string;
  seconds: number;
}

/**
 * How many times as fast as a peer of `median` seconds the bounds are, by their names: those that
 * miss `target`, where the depot, which is `ratio` times as fast, misses it.
 */
export function ratiosInReach(
  { median, ratio, target }: { median: number; ratio: number; target: number | null },
  bounds: readonly Bound[],
): Record<string, number> {
  if (target === null || ratio >= target) return {};
  const reached = bounds.map(({ name, seconds }) => [name, median / seconds] as const);
  return Object.fromEntries(reached.filter(([, most]) => most < target));
}
