import {
  countsFor,
  type Delays,
  type Situation,
  stillCounts,
  turningPoints,
} from "../../lib/depot/judgement.ts";
import type { AwayState } from "../../lib/depot/catalog/catalog.ts";
import { assertEquals } from "../assert.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DELAYS: Delays = { goodbyeGraceMs: 24 * HOUR, graceMs: HOUR, graceLastMs: 10 * MINUTE };
const CALM: Situation = { settling: false, live: 2, silentMs: Infinity };
const SETTLING = { settling: true };
/** One copy is left, and so long ago another place fell silent. */
const last = (silentMs: number) => ({ live: 1, silentMs });

/** How the place left, how long ago, what else is so, and whether its replica counts. */
const CASES: [AwayState, number, Partial<Situation>, boolean][] = [
  ["goodbye", 0, {}, true],
  ["goodbye", 24 * HOUR - 1, {}, true],
  ["goodbye", 24 * HOUR, {}, false],
  ["goodbye", 23 * HOUR, last(23 * HOUR), true],
  ["goodbye", 25 * HOUR, SETTLING, true],
  ["lost", 0, {}, true],
  ["lost", HOUR - 1, {}, true],
  ["lost", HOUR, {}, false],
  ["lost", HOUR, last(0), false],
  ["lost", 10 * MINUTE - 1, last(10 * MINUTE - 1), true],
  ["lost", 10 * MINUTE, last(10 * MINUTE), false],
  // Another place of the content blinks: that alone sets nothing off.
  ["lost", 59 * MINUTE, last(MINUTE), true],
  ["lost", 59 * MINUTE, last(10 * MINUTE), false],
  ["lost", 30 * MINUTE, { live: 0, silentMs: 30 * MINUTE }, false],
  ["lost", 30 * MINUTE, { live: 2, silentMs: 30 * MINUTE }, true],
  ["lost", 2 * HOUR, { ...last(2 * HOUR), ...SETTLING }, true],
  ["gone", 0, {}, false],
  ["gone", 0, SETTLING, false],
];

Deno.test("stillCounts() gives each way of leaving its own time", () => {
  for (const [why, awayMs, situation, counts] of CASES) {
    const said = stillCounts({ why, awayMs }, { ...CALM, ...situation }, DELAYS);
    assertEquals(said, counts, `${why} for ${awayMs / MINUTE} min, ${JSON.stringify(situation)}`);
  }
});

Deno.test("a longer grace for the last copy than for others is no longer than theirs", () => {
  const delays = { ...DELAYS, graceLastMs: 5 * HOUR };
  assertEquals(stillCounts({ why: "lost", awayMs: 2 * HOUR }, { ...CALM, live: 1 }, delays), false);
  assertEquals(turningPoints("lost", delays), [HOUR, HOUR]);
});

Deno.test("what counts changes at no other time than a turning point", () => {
  for (const [why, awayMs, situation] of CASES) {
    const points = turningPoints(why, DELAYS);
    const before = Math.max(0, ...points.filter((point) => point <= awayMs));
    const settled = { ...CALM, ...situation, settling: false };
    const at = (ms: number) =>
      stillCounts({ why, awayMs: ms }, { ...settled, silentMs: ms }, DELAYS);
    assertEquals(at(awayMs), at(before), `${why} for ${awayMs} ms`);
  }
});

Deno.test("a copy counts for as long as is said that it will", () => {
  for (const why of ["goodbye", "lost", "gone"] as const) {
    for (const live of [0, 1, 2]) {
      for (const awayMs of [0, 500, 599, 600, 3_599, 3_600, 86_399, 86_400]) {
        for (const silentMs of [0, awayMs]) {
          const absence = { why, awayMs };
          const delays = { goodbyeGraceMs: 86_400, graceMs: 3_600, graceLastMs: 600 };
          const left = countsFor(absence, { live, silentMs }, { ...delays, settledInMs: 0 });
          const counts = (later: number) =>
            stillCounts(
              { why, awayMs: awayMs + later },
              { settling: false, live, silentMs: silentMs + later },
              delays,
            );
          assertEquals(counts(0), left > 0);
          if (left > 0) assertEquals([counts(left - 1), counts(left)], [true, false]);
          const settling = countsFor(absence, { live, silentMs }, { ...delays, settledInMs: 9 });
          assertEquals(settling, why === "gone" ? 0 : Math.max(9, left));
        }
      }
    }
  }
});
