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
  if (chosen.length < least) {
    throw await tooFew(wanted, chosen.length, { core, size });
  }
  return chosen.slice(0, request.wait ?? wanted).map((id) => ({
    place: core.places.get(id)!,
    room: core.rooms.reservePlace(id, size),
  }));
}

/** What a place must have room for at the start. Bytes. */
export function roomFor({ size }: DepositRequest): number {
  return size ?? ROOM_STEP_BYTES;
}

/**
 * The refusal of `wanted` replicas of `size` bytes where `possible` are. The operator reads which
 * place has the most room, and what is kept free there; the client how much that comes to.
 */
export async function tooFew(
  wanted: number,
  possible: number,
  { core, size }: { core: Core; size: number },
): Promise<Refused> {
  if (possible === 0 && core.places.online().length === 0) return noneThere(core);
  const { place, free, kept } = await mostRoom(core);
  core.log.info("Too little room for a deposit (--reserve is kept free)", {
    bytes: size,
    wanted,
    possible,
    most: place,
    usable: free,
    reserve: kept,
  });
  const bytes = `: ${size} bytes are needed`;
  if (possible === 0) {
    const most = `and a place can take ${free} at most`;
    return new Refused("no room", `Refused: no place has room for the file${bytes}, ${most}`, 0);
  }
  // Where all places have room, their number is what is short: the same for a folder's every file.
  const why = core.places.takers().length > possible ? bytes : "";
  const places = possible === 1 ? "1 place has" : `${possible} places have`;
  return new Refused(
    "few places",
    `Refused ${wanted} replicas: only ${places} room for the file${why}`,
    possible,
  );
}

/** What helps is that a place comes back: no room has to be made. */
function noneThere({ places, log }: Core): Refused {
  const away = places.known().filter(({ state }) => state !== "gone").length;
  log.info("No place is there for a deposit", { away });
  const why = away === 0
    ? "none has joined this depot"
    : away === 1
    ? "the only one is away"
    : `all ${away} are away`;
  return new Refused("few places", `Refused: no place is there now: ${why}`, 0);
}

/** Of the place that can take most. Bytes; `place` is its name, for people. */
async function mostRoom(
  { places, rooms }: Core,
): Promise<{ place: string; free: number; kept: number }> {
  let most = { place: "", free: 0, kept: 0 };
  for (const place of places.takers()) {
    const room = await rooms.usable(place);
    if (room && (room.free > most.free || !most.place)) most = { place: place.name, ...room };
  }
  return most;
}
