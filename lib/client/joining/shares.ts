/** Who may still bring how much: each depot an equal share of all that is lent. Bytes. */

export interface Sharing {
  /** What may be lent in all. */
  limit: number;
  /** How many depots share it, whether they are there or not. */
  depots: number;
  /** What each depot that is there has already, by its identifier. */
  here: ReadonlyMap<string, number>;
  /** What depots have that are not there, or are not joined any more. */
  others: number;
}

/**
 * What each depot that is there may bring beside what it has, and what is kept for the others
 * together. Who has more than its share, as after another one was added, keeps it and brings no
 * more; then the others wait until it has less. With what is there already it is never more than
 * `limit`, unless that alone is more.
 */
export function shareOut({ limit, depots, here, others }: Sharing): {
  mayBring: Map<string, number>;
  kept: number;
} {
  const share = Math.max(0, limit - others) / depots;
  const wishes = new Map(Array.from(here, ([id, has]) => [id, Math.max(0, share - has)]));
  const absent = Math.max(0, depots - here.size) * share;
  const left = Math.max(0, limit - others - sum(here.values()));
  const wished = sum(wishes.values()) + absent;
  const part = wished > left ? left / wished : 1;
  return {
    mayBring: new Map(Array.from(wishes, ([id, wish]) => [id, wish * part])),
    kept: absent * part,
  };
}

export function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
