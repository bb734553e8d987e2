/** Which targets a machine allows. */
import { floorsOf, ratioInReach } from "../../bench/floor.ts";
import { wantedText } from "../../bench/report.ts";
import { assertEquals } from "../assert.ts";

Deno.test("bench: both sides of a deposit hash, one of a retrieval; the cores share it", () => {
  const floors = floorsOf({ hash: 0.5, copy: 1 }, { bytes: 3e9, cores: 2 });
  assertEquals(floors, [
    { transfer: "deposit", seconds: 1, speed: 3e9 },
    { transfer: "retrieval", seconds: 0.75, speed: 4e9 },
  ]);
});

Deno.test("bench: a target is out of reach where it needs less time than the floor", () => {
  const ratios = [
    { median: 1.25, target: 1.5, floor: 1 }, // 0.83 s
    { median: 1.5, target: 1.5, floor: 1 }, // 1 s, the floor itself
    { median: 5, target: 1.5, floor: 1 },
    { median: 1.25, target: null, floor: 1 },
    { median: 1.25, target: 1.5, floor: null },
  ].map(({ floor, ...row }) => ratioInReach(row, floor));
  assertEquals(ratios, [1.25, null, null, null, null]);
});

Deno.test("bench: a row shows what is wanted, and what the floor allows instead", () => {
  const texts = [
    { target: 1.5, inReach: 0.934 },
    { target: 1.5, inReach: null },
    { target: null, inReach: null },
  ].map(wantedText);
  assertEquals(texts, ["1.50 (floor: 0.93)", "1.50", ""]);
});
