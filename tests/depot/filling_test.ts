/** Whether places fill in proportion while contents arrive, by the placement that deposits use. */
import { type Candidate, choosePlaces } from "../../lib/depot/placement.ts";
import { assert, assertEquals } from "../assert.ts";
import { seeded } from "../seeded.ts";

const CONTENTS = 10_000;
/** Bytes. */
const SIZE = 1_000;
const SEEDS = [1, 20, 300, 4_000, 50_000];

interface Filling {
  /** Relative rooms. */
  rooms: number[];
  replicas: number;
  /** The part of all room that is taken at the end. */
  full: number;
  zone?: (index: number) => string;
}

/** How far each place's filling is from that of all together, relatively; the worst of them. */
function deviation({ rooms, replicas, full, zone = String }: Filling, seed: number): number {
  const random = seeded(seed);
  const unit = CONTENTS * replicas * SIZE / full / rooms.reduce((sum, room) => sum + room, 0);
  const candidates: Candidate[] = rooms.map((room, index) => (
    { id: String(index), zone: zone(index), free: room * unit }
  ));
  for (let content = 0; content < CONTENTS; content++) {
    const chosen = choosePlaces({
      candidates,
      count: replicas,
      size: SIZE,
      held: [],
      preferred: new Set(),
      random,
    });
    assertEquals(new Set(chosen.map((id) => zone(Number(id)))).size, replicas);
    for (const id of chosen) candidates[Number(id)]!.free -= SIZE;
  }
  const filled = candidates.map(({ free }, index) => 1 - free / (rooms[index]! * unit));
  return Math.max(...filled.map((part) => Math.abs(part / full - 1)));
}

const CASES: [string, Filling][] = [
  ["one replica on places of 1:2:4", { rooms: [1, 2, 4], replicas: 1, full: 0.01 }],
  ["two on 1:1:2:2:4:4:4", { rooms: [1, 1, 2, 2, 4, 4, 4], replicas: 2, full: 0.01 }],
  ["two on 1:1:2:2:4:4:4, nearly full", { rooms: [1, 1, 2, 2, 4, 4, 4], replicas: 2, full: 0.95 }],
  ["three on ten alike in five zones", {
    rooms: Array(10).fill(1),
    replicas: 3,
    full: 0.5,
    zone: (index) => String(index % 5),
  }],
];

for (const [name, filling] of CASES) {
  Deno.test(`places fill in proportion to their room: ${name}`, () => {
    const found = SEEDS.map((seed) => deviation(filling, seed));
    const shown = SEEDS.map((seed, at) => `seed ${seed}: ${(100 * found[at]!).toFixed(1)} %`);
    assert(Math.max(...found) < 0.1, shown.join(", "));
  });
}

Deno.test("choosePlaces() draws a pair of places with the chances that even filling asks for", () => {
  const rooms = [1, 1, 2, 2, 4, 4, 4];
  const random = seeded(6);
  const candidates = rooms.map((free, index) => (
    { id: String(index), zone: String(index), free: free * 1e9 }
  ));
  const counts = rooms.map(() => 0);
  const rounds = 60_000;
  const request = { candidates, count: 2, size: 1, held: [], preferred: new Set<string>(), random };
  for (let round = 0; round < rounds; round++) {
    for (const id of choosePlaces(request)) counts[Number(id)]!++;
  }
  const shares = counts.map((count, index) => count / (rounds * 2 * rooms[index]! / 18));
  assert(shares.every((share) => Math.abs(share - 1) < 0.05), shares.join(" "));
});
