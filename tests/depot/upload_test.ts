/** The bytes of one deposit on their way to several places. */
import { digestOf } from "../../lib/content/digest.ts";
import { Hashers } from "../../lib/depot/hashing/hashers.ts";
import { STALLED_MS } from "../../lib/depot/leg_watch.ts";
import { Reservation } from "../../lib/depot/rooms.ts";
import { openLeg, Upload } from "../../lib/depot/upload.ts";
import type { Place } from "../../stores/store.ts";
import { assertEquals } from "../assert.ts";
import { MemoryPlace } from "../stores/memory_place.ts";

const { signal } = new AbortController();

/** A place that kept `bytes` of the upload `u`. */
async function keeping(name: string, bytes: number[], trusted: boolean): Promise<MemoryPlace> {
  const place = new MemoryPlace({ id: name, name, trusted });
  await using writer = await place.begin({ id: "u", signal });
  await writer.write(new Uint8Array(bytes));
  await writer.keep();
  return place;
}

async function resumed(places: Place[]): Promise<Upload> {
  const open = (place: Place) =>
    openLeg(place, new Reservation(0, () => {}), { id: "u", resume: true, signal });
  const upload = new Upload(await Promise.all(places.map(open)), { hashers: new Hashers() });
  await upload.resume(100);
  return upload;
}

Deno.test("an upload goes on from what most places kept, and drops those that have other bytes", async () => {
  await using upload = await resumed([
    await keeping("liar", [9, 9, 9], false),
    await keeping("one", [1, 2, 3], false),
    await keeping("two", [1, 2, 3], false),
  ]);
  assertEquals(upload.places, ["one", "two"]);
  assertEquals(upload.position, 3);
  assertEquals(upload.keptDigest, digestOf(new Uint8Array([1, 2, 3])));
  assertEquals((await upload.sum()).digest, digestOf(new Uint8Array([1, 2, 3])));
});

Deno.test("places that the depot reads itself are believed before any number of others", async () => {
  await using upload = await resumed([
    await keeping("liar", [9, 9, 9], false),
    await keeping("liar's friend", [9, 9, 9], false),
    await keeping("disk", [1, 2, 3], true),
  ]);
  assertEquals(upload.places, ["disk"]);
});

Deno.test("a place that takes nothing any more is dropped, and the others go on", async () => {
  let now = 0;
  const [stuck, well] = ["stuck", "well"].map((id) => new MemoryPlace({ id, name: id }));
  const open = async (place: Place) =>
    await openLeg(place, new Reservation(0, () => {}), { id: "u", resume: false, signal });
  const leg = await open(stuck!);
  leg.writer.write = () => {
    now += STALLED_MS;
    return new Promise(() => {});
  };
  await using upload = new Upload([leg, await open(well!)], { now: () => now });
  const bytes = new Uint8Array([1, 2, 3]);
  await upload.write(bytes);
  assertEquals(upload.places, ["well"]);
  assertEquals(await upload.commit({ digest: digestOf(bytes), size: 3 }), ["well"]);
});
