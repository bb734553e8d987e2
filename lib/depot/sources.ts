import type { ContentRecord } from "./catalog/catalog.ts";
import type { Source } from "./content_reader.ts";
import { type Core, livePlaces } from "./core.ts";

/** Copies of a content that can be read now: good ones by chance, media the depot reads first, then set-aside ones. */
export function sourcesOf(content: ContentRecord, core: Core, avoid: string[] = []): Source[] {
  const at = (id: string) => core.places.get(id);
  const good = livePlaces(content, core.places).map((id) => ({
    place: at(id)!,
    aside: false,
    order: (avoid.includes(id) ? 4 : 0) + (at(id)!.trusted ? 0 : 2) + core.random(),
  }));
  const asides = content.asides.filter(at).map((id) => ({ place: at(id)!, aside: true, order: 9 }));
  return [...good, ...asides].sort((a, b) => a.order - b.order);
}
