import type { ContentCopies } from "./catalog/catalog.ts";
import { type Core, livePlaces } from "./core.ts";
import type { Source } from "./source_order.ts";

/** For whom a content is read; nothing for the keeper. */
export interface Reading {
  /** Places of the copies that the owner is told of. */
  visible?: string[];
  /** Places that gave the owner wrong bytes before. */
  avoid?: string[];
}

/**
 * Copies of a content that can be read now: good ones by chance, media that the depot reads itself
 * first and places in doubt after others, then set-aside ones. For an owner those to avoid come
 * after the others that it is told of, and after all of these the ones that it is not told of: also
 * how fast a content is read must not show which copies only others want.
 */
export function sourcesOf(
  content: ContentCopies,
  core: Core,
  { visible, avoid }: Reading = {},
): Source[] {
  const at = (id: string) => core.places.get(id);
  const doubted = core.doubts.places;
  const rank = (id: string) => {
    if (visible !== undefined && !visible.includes(id)) return 16;
    return avoid?.includes(id) ? 8 : 0;
  };
  // A disk that hangs would hold up each reader anew.
  const medium = (id: string) => (at(id)!.trusted ? 0 : 2) + (doubted.has(id) ? 4 : 0);
  const good = livePlaces(content, core.places).map((id) => ({
    place: at(id)!,
    aside: false,
    beside: rank(id) === 0,
    order: rank(id) + medium(id) + core.random(),
  }));
  const asides = content.asides.filter(at).map((id) => ({
    place: at(id)!,
    aside: true,
    order: 32,
  }));
  return [...good, ...asides].sort((a, b) => a.order - b.order);
}
