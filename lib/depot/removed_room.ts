/** An owner's removed files make way for what the same owner deposits, where nothing else can. */
import type { Core } from "./core.ts";
import type { Keeper } from "./keeper.ts";

/** Removed files that are looked at, at most. */
const MOST = 10_000;
/** Room is looked for so often while it is made. Milliseconds. */
const LOOK_EVERY_MS = 250;
/** Bytes are deleted after the linger; a deposit waits so much longer for it. Milliseconds. */
const PATIENCE_MS = 30_000;

/** What a deposit needs: room for `size` bytes at `least` places. */
export interface Need {
  size: number;
  least: number;
}

/**
 * Lets go of as many of an owner's removed files as it takes, those first whose time is over first,
 * and waits until their bytes are deleted. False, and all of them stay, when it would not be enough.
 */
export async function releaseForRoom(
  owner: string,
  need: Need,
  { core, keeper, signal }: { core: Core; keeper: Keeper; signal: AbortSignal },
): Promise<boolean> {
  const { catalog, clock, settings } = core;
  const contents = await enough(owner, need, core);
  if (contents === null) return false;
  const digests = await catalog.forgetRemoved(owner, contents);
  await Promise.all(digests.map((digest) => keeper.ensure(digest)));
  core.log.info("Let go of removed files for a deposit", { contents: digests.length });
  const end = clock.monotonic() + settings.lingerMs + PATIENCE_MS;
  while (!await hasRoom(need, core)) {
    signal.throwIfAborted();
    if (clock.monotonic() > end) return false;
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
  return true;
}

/** Digests of what has to go; `null` when all of it together is not enough. */
async function enough(
  owner: string,
  { size, least }: Need,
  core: Core,
): Promise<string[] | null> {
  const look = await core.rooms.look(core.places.takers());
  const free = new Map(look.candidates().map((place) => [place.id, place.free]));
  const contents = await core.catalog.removedByEnd(owner, MOST);
  for (const [index, content] of contents.entries()) {
    for (const place of content.places) {
      const before = free.get(place);
      if (before !== undefined) free.set(place, before + content.size);
    }
    const able = [...free.values()].filter((bytes) => bytes >= size).length;
    if (able >= least) return contents.slice(0, index + 1).map(({ digest }) => digest);
  }
  return null;
}

async function hasRoom({ size, least }: Need, { rooms, places }: Core): Promise<boolean> {
  const look = await rooms.look(places.takers());
  return look.candidates().filter(({ free }) => free >= size).length >= least;
}
