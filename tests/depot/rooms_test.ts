import { Rooms } from "../../lib/depot/rooms.ts";
import { MemoryPlace } from "../stores/memory_place.ts";
import { assertEquals } from "../assert.ts";

async function freeOf(rooms: Rooms, place: MemoryPlace): Promise<number> {
  return (await rooms.look([place])).candidates()[0]!.free;
}

Deno.test("room that is reserved is not there for another, and comes back when it is let go", async () => {
  const rooms = new Rooms(() => 10);
  const place = new MemoryPlace({ id: "p", name: "p", capacity: 100 });
  assertEquals(await freeOf(rooms, place), 90);
  const room = rooms.reservePlace("p", 50);
  assertEquals(await freeOf(rooms, place), 40);
  room.used(20);
  assertEquals(await freeOf(rooms, place), 60);
  room.extend(5);
  assertEquals(await freeOf(rooms, place), 55);
  room[Symbol.dispose]();
  room[Symbol.dispose]();
  assertEquals(await freeOf(rooms, place), 90);
});

Deno.test("a look sees reservations that were made after it, so that nobody is promised the same room", async () => {
  const rooms = new Rooms(() => 0);
  const look = await rooms.look([new MemoryPlace({ id: "p", name: "p", capacity: 100 })]);
  using _room = rooms.reservePlace("p", 70);
  assertEquals(look.candidates()[0]!.free, 30);
});

Deno.test("a recent look asks a place once for many, and counts what was written since", async () => {
  let now = 0;
  const rooms = new Rooms(() => 0, () => now);
  const place = new MemoryPlace({ id: "p", name: "p", capacity: 100 });
  let asked = 0;
  const room = place.room.bind(place);
  place.room = () => {
    asked++;
    return room();
  };
  const free = async () => (await rooms.look([place], { recent: true })).candidates()[0]!.free;
  assertEquals(await free(), 100);
  using held = rooms.reservePlace("p", 30);
  assertEquals(await free(), 70);
  held.used(30);
  assertEquals([await free(), asked], [70, 1]);
  now = 1_000;
  assertEquals([await free(), asked], [100, 2]);
});
