/**
 * Where the replicas of a content go.
 *
 * 1. Only places with room: what is free, less what is reserved and the reserve that is kept free,
 *    holds the content.
 * 2. A place that failed lately goes last: what it is given would likely be made twice.
 * 3. A place that has the content already is taken first: it costs nothing.
 * 4. A place on the machine that the bytes come from goes after others, for that machine has them:
 *    what befalls it would take both.
 * 5. Then zones: a place in the zone that has the fewest of this content's replicas goes before
 *    any other, so that no two share a zone while another is free.
 * 6. Among those, by chance, in proportion to free room, and in one draw for all that are needed
 *    at once: a zone is drawn with the room of its places, then a place in it with its own. Drawn
 *    one after the other, large places would get less than their share, for none is drawn twice.
 *    So places fill evenly, and deposits that arrive at once do not all pick the emptiest.
 */

/** A place as placement sees it. Bytes. */
export interface Candidate {
  id: string;
  zone: string;
  /**
   * Free for this content: reservations and the reserve are taken off already. Negative where less
   * than those is free.
   */
  free: number;
  /** The machine that it is on, when that is known. */
  machine?: string;
}

export interface PlacementRequest {
  candidates: Candidate[];
  /** How many places to choose. */
  count: number;
  /** Bytes that each of them must have room for. */
  size: number;
  /** Places that hold a good copy already and stay; they count for zones and are not chosen. */
  held: { id: string; zone: string }[];
  /** Places that hold a good copy already and may be chosen. */
  preferred: ReadonlySet<string>;
  /** Places that failed lately (doubts.ts). */
  doubted?: ReadonlySet<string>;
  /** The machine that the bytes come from, when that is known. */
  from?: string | undefined;
  /** 0 ≤ random() < 1. */
  random: () => number;
}

/** Identifiers of at most `count` places, the first choice first; fewer when there are no more. */
export function choosePlaces(request: PlacementRequest): string[] {
  const held = new Set(request.held.map((place) => place.id));
  const pool = request.candidates.filter((place) =>
    !held.has(place.id) && (place.free >= request.size || request.preferred.has(place.id))
  );
  const inZone = new Map<string, number>();
  for (const { zone } of request.held) inZone.set(zone, (inZone.get(zone) ?? 0) + 1);

  const chosen: string[] = [];
  while (chosen.length < request.count && pool.length > 0) {
    const round = pickRound(pool, request, { inZone, missing: request.count - chosen.length });
    for (const { id, zone } of round) {
      pool.splice(pool.findIndex((place) => place.id === id), 1);
      inZone.set(zone, (inZone.get(zone) ?? 0) + 1);
      chosen.push(id);
    }
  }
  return chosen;
}

/** At most one place of each zone with the fewest replicas, and no more than are missing. */
function pickRound(
  pool: Candidate[],
  { preferred, doubted, random, from }: PlacementRequest,
  { inZone, missing }: { inZone: ReadonlyMap<string, number>; missing: number },
): Candidate[] {
  const sound = pool.filter((place) => !doubted?.has(place.id));
  const able = sound.length > 0 ? sound : pool;
  const having = able.filter((place) => preferred.has(place.id));
  const elsewhere = able.filter((place) => from === undefined || place.machine !== from);
  const eligible = [having, elsewhere, able].find((places) => places.length > 0)!;
  const crowding = (zone: string) => inZone.get(zone) ?? 0;
  const least = Math.min(...eligible.map(({ zone }) => crowding(zone)));
  const zones = Map.groupBy(
    eligible.filter(({ zone }) => crowding(zone) === least),
    ({ zone }) => zone,
  );
  const drawn = draw([...zones.values()], { count: missing, weight: roomOf, random });
  return drawn.flatMap((places) =>
    draw(places, { count: 1, weight: (place) => roomOf([place]), random })
  );
}

/** A place that is full may still be chosen for what it has already. */
function roomOf(places: Candidate[]): number {
  return places.reduce((sum, { free }) => sum + Math.max(free, 1), 0);
}

interface Draw<T> {
  count: number;
  weight: (item: T) => number;
  random: () => number;
}

/**
 * Draws `count` different items, each with a chance in proportion to its weight, as far as that
 * goes: what would be drawn more than once for certain is taken, and the others share the rest.
 * The items are laid end to end in a random order, as long as their weights, and those under
 * marks at equal distances are drawn (Madow's systematic sampling). In no particular order.
 */
function draw<T>(items: T[], { count, weight, random }: Draw<T>): T[] {
  const rest = shuffle(items, random);
  if (rest.length <= count) return rest;
  const certain: T[] = [];
  let open = count;
  let total = rest.reduce((sum, item) => sum + weight(item), 0);
  for (let at = 0; at < rest.length && open > 0;) {
    const one = weight(rest[at]!);
    if (one * open < total) {
      at++;
      continue;
    }
    certain.push(...rest.splice(at, 1));
    total -= one;
    open--;
    at = 0;
  }
  return shuffle([...certain, ...systematic(rest, { open, total, weight, random })], random);
}

function systematic<T>(
  items: T[],
  { open, total, weight, random }: {
    open: number;
    total: number;
    weight: (item: T) => number;
    random: () => number;
  },
): T[] {
  const drawn: T[] = [];
  if (open === 0) return drawn;
  const distance = total / open;
  let mark = random() * distance;
  let end = 0;
  for (const item of items) {
    end += weight(item);
    if (drawn.length === open || end <= mark) continue;
    drawn.push(item);
    mark += distance;
  }
  // Where rounding left the last mark beyond the end, the last item is under it.
  if (drawn.length < open) drawn.push(items.at(-1)!);
  return drawn;
}

/** A copy in random order (Fisher and Yates). */
function shuffle<T>(items: T[], random: () => number): T[] {
  const shuffled = [...items];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [shuffled[last], shuffled[other]] = [shuffled[other]!, shuffled[last]!];
  }
  return shuffled;
}
