/** Which targets a machine allows. */
import { floorsOf, ratiosInReach } from "../../bench/floor.ts";
import { wantedText } from "../../bench/report.ts";
import { assertEquals } from "../assert.ts";

Deno.test("bench: both sides of a deposit hash, one of a retrieval; the cores share it", () => {
  const floors = floorsOf({ hash: 0.5, copy: 1 }, { bytes: 3e9, cores: 2 });
  assertEquals(floors, [
    { transfer: "deposit", seconds: 1, speed: 3e9 },
    { transfer: "retrieval", seconds: 0.75, speed: 4e9 },
  ]);
});

Deno.test("bench: a target is out of reach where a bound misses it, and the depot, too", () => {
  const bounds = [{ name: "floor", seconds: 1 }, { name: "bare", seconds: 2 }];
  const ratios = [
    { median: 1.25, ratio: 1, target: 1.5 }, // 0.83 s
    { median: 1.5, ratio: 1, target: 1.5 }, // 1 s, the floor itself
    { median: 5, ratio: 1, target: 1.5 },
    { median: 1.25, ratio: 1.5, target: 1.5 }, // the depot is there
    { median: 1.25, ratio: 1, target: null },
  ].map((row) => ratiosInReach(row, bounds));
  assertEquals(ratios, [{ floor: 1.25, bare: 0.625 }, { bare: 0.75 }, {}, {}, {}]);
});

Deno.test("bench: a row shows what is wanted, and what its bounds reach instead", () => {
  const texts = [
    { target: 1.5, inReach: { floor: 0.934, bare: 0.9 } },
    { target: 1.5, inReach: { bare: 0.9 } },
    { target: 1.5, inReach: {} },
    { target: null, inReach: {} },
  ].map(wantedText);
  assertEquals(texts, ["1.50 (floor: 0.93, bare: 0.90)", "1.50 (bare: 0.90)", "1.50", ""]);
});
