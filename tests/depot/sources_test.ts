import type { Core } from "../../lib/depot/core.ts";
import type { ContentRecord } from "../../lib/depot/catalog/catalog.ts";
import { type Reading, sourcesOf } from "../../lib/depot/sources.ts";
import { assertEquals } from "../assert.ts";

/** As far as `sourcesOf` looks: `d…` are the depot's own, `h…` holders, `…9` in doubt, others are away. */
const CORE = {
  places: {
    get: (id: string) => /^[dh]/.test(id) ? { id, trusted: id.startsWith("d") } : undefined,
  },
  doubts: { places: new Set(["d9", "h9"]) },
  random: () => 0.5,
} as unknown as Core;

function content(good: string[], asides: string[] = []): ContentRecord {
  const replicas = good.map((place) => ({ place, state: "good" as const, verifiedAt: null }));
  return { digest: "", size: 1, wanted: good.length, replicas, asides };
}

/** Places in the order of trying; in brackets those that are read only where nothing else serves. */
function order(of: ContentRecord, reading?: Reading): string {
  const sources = sourcesOf(of, CORE, reading);
  return sources.map(({ place, beside }) => beside ? place.id : `(${place.id})`).join(" ");
}

Deno.test("good copies are read, the depot's own first, and set-aside ones at last", () => {
  assertEquals(order(content(["h1", "d1", "h2", "away"], ["d2"])), "d1 h1 h2 (d2)");
});

Deno.test("copies to avoid, and copies that only others want, are read last and never beside another", () => {
  const of = content(["h1", "h2", "h3", "d1"]);
  const visible = ["h1", "h2", "h3"];
  assertEquals(order(of, { visible }), "h1 h2 h3 (d1)");
  assertEquals(order(of, { visible, avoid: ["h2"] }), "h1 h3 (h2) (d1)");
  assertEquals(order(of, { visible: ["h3"], avoid: ["h3"] }), "(h3) (d1) (h1) (h2)");
});

Deno.test("places in doubt are read after the others, but before copies that only others want", () => {
  const of = content(["h9", "d9", "h1", "d1"]);
  assertEquals(order(of), "d1 h1 d9 h9");
  assertEquals(order(of, { visible: ["d9", "h9"], avoid: ["d9"] }), "h9 (d9) (d1) (h1)");
});
