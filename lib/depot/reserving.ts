/** Places for a deposit, and room on them. */
import { type Core, livePlaces, Refused } from "./core.ts";
import { type DepositRequest, type Plan, ROOM_STEP_BYTES } from "./deposit_plan.ts";
import { choosePlaces } from "./placement.ts";
import type { Look } from "./rooms.ts";

/**
 * The places for a new upload, with room held on each, and none of `besides`. Throws `Refused` when
 * there are fewer than `least`.
 */
export async function reserve(
  { wanted, request, present, buffered }: Plan,
  core: Core,
  { least, besides }: { least: number; besides?: ReadonlySet<string> },
): Promise<Plan["places"]> {
  // Where the bytes are already they take no room, if they are the bytes that will come.
  const content = present && request.digest === present.digest
    ? await core.catalog.content(present.digest)
    : null;
  const preferred = new Set(content ? livePlaces(content, core.places) : []);
  const takers = core.places.takers().filter(({ id }) => !besides?.has(id));
  const size = roomFor(request);
  const choose = (look: Look) =>
    choosePlaces({
      candidates: look.candidates(),
      count: wanted,
      size: Math.max(size, 1),
      held: [],
      preferred,
      doubted: core.doubts.places,
      from: request.machine,
      random: core.random,
    });
  let chosen = choose(await core.rooms.look(takers, { recent: buffered }));
  // Nobody is refused for room that was made since the places were asked.
  if (buffered && chosen.length < least) chosen = choose(await core.rooms.look(takers));
  // From the last look to the reservations nothing is awaited: two deposits never get the same room.
  if (chosen.length < least) throw tooFew(wanted, chosen.length);
  return chosen.slice(0, request.wait ?? wanted).map((id) => ({
    place: core.places.get(id)!,
    room: core.rooms.reservePlace(id, size),
  }));
}

/** What a place must have room for at the start. Bytes. */
export function roomFor({ size }: DepositRequest): number {
  return size ?? ROOM_STEP_BYTES;
}

/** The refusal of `wanted` replicas where `possible` are. */
export function tooFew(wanted: number, possible: number): Refused {
  if (possible === 0) {
    return new Refused("no room", "Refused: no place has room for the file", 0);
  }
  return new Refused(
    "few places",
    `Refused ${wanted} replicas: only ${possible} ${
      possible === 1 ? "place has" : "places have"
    } room for the file`,
    possible,
  );
}
