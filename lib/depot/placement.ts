/**
 * Where the replicas of a content go.
 *
 * 1. Only places with room: what is free, less what is reserved and the reserve that is kept free,
 *    holds the content.
 * 2. A place that has the content already is taken first: it costs nothing.
 * 3. A place on the machine that the bytes come from goes last, for that machine has them: what
 *    befalls it would take both.
 * 4. Then zones: a place in the zone that has the fewest of this content's replicas goes before
 *    any other, so that no two share a zone while another is free.
 * 5. Among those, by chance, weighted by free room: places fill in proportion, and deposits that
 *    arrive at once do not all pick the emptiest.
 */

/** A place as placement sees it. Bytes. */
export interface Candidate {
  id: string;
  zone: string;
  /** Free for this content: reservations and the reserve are taken off already. */
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
    const next = pickOne(pool, request, inZone);
    pool.splice(pool.indexOf(next), 1);
    inZone.set(next.zone, (inZone.get(next.zone) ?? 0) + 1);
    chosen.push(next.id);
  }
  return chosen;
}

function pickOne(
  pool: Candidate[],
  { preferred, random, from }: PlacementRequest,
  inZone: ReadonlyMap<string, number>,
): Candidate {
  const having = pool.filter((place) => preferred.has(place.id));
  const elsewhere = pool.filter((place) => from === undefined || place.machine !== from);
  const eligible = [having, elsewhere, pool].find((places) => places.length > 0)!;
  const crowding = (place: Candidate) => inZone.get(place.zone) ?? 0;
  const least = Math.min(...eligible.map(crowding));
  return weighted(eligible.filter((place) => crowding(place) === least), random);
}

function weighted(places: Candidate[], random: () => number): Candidate {
  const weight = (place: Candidate) => Math.max(place.free, 1);
  let ticket = random() * places.reduce((sum, place) => sum + weight(place), 0);
  for (const place of places) {
    ticket -= weight(place);
    if (ticket < 0) return place;
  }
  return places[places.length - 1]!;
}
