import { LegWatch, SLOW_MS, STALLED_MS } from "../../lib/depot/leg_watch.ts";
import { Speed } from "../../lib/server/speed.ts";
import { assert, assertEquals } from "../assert.ts";

Deno.test("a place that was given bytes and does not move is dropped after a while", () => {
  const writer = { position: 0 };
  const watch = new LegWatch(writer);
  watch.begin(0);
  assertEquals(watch.judge(STALLED_MS - 1, []), null);
  writer.position = 64;
  assertEquals(watch.judge(STALLED_MS, []), null);
  assert(watch.judge(2 * STALLED_MS, [])?.includes("nothing"));
});

Deno.test("a place that nobody gives bytes is not dropped", () => {
  const watch = new LegWatch({ position: 0 });
  watch.begin(0);
  watch.end(10);
  assertEquals(watch.judge(10 * STALLED_MS, []), null);
});

/** Whether a place at `speed` is dropped, that takes `busy` of every second, for `ms`. */
function isDropped(speed: number | undefined, others: number[], busy: number, ms: number): boolean {
  const writer = { position: 0, speed };
  const watch = new LegWatch(writer);
  for (let now = 0; now <= ms; now += 1_000) {
    watch.begin(now);
    writer.position++;
    watch.end(now + busy);
    if (watch.judge(now + busy, others) !== null) return true;
  }
  return false;
}

Deno.test("a place at under a tenth of the others' median is dropped after a while, if they wait", () => {
  assertEquals(isDropped(9, [100, 1, 200], 900, SLOW_MS + 2_000), true);
  assertEquals(isDropped(9, [100, 1, 200], 900, SLOW_MS - 2_000), false);
  assertEquals(isDropped(11, [100, 1, 200], 900, 3 * SLOW_MS), false);
  assertEquals(isDropped(9, [100, 1, 200], 100, 3 * SLOW_MS), false);
  assertEquals(isDropped(9, [], 900, 3 * SLOW_MS), false);
  assertEquals(isDropped(undefined, [100], 900, 3 * SLOW_MS), false);
});

Deno.test("a holder's speed is that of its work, not of what it waits for", () => {
  const speed = new Speed(0);
  assertEquals(speed.at(0), undefined);
  speed.begin(0, 1_000);
  speed.took(100, 1_000);
  assertEquals(speed.at(5_000), 10_000);
  // Two at once: the second begins when the first is taken.
  speed.begin(5_000, 2_000);
  speed.begin(5_000, 3_000);
  speed.took(5_100, 2_000);
  speed.took(5_200, 3_000);
  assertEquals(speed.at(5_200), 10_000);
  // One under way counts as long as it takes.
  speed.begin(6_000, 4_000);
  assertEquals(speed.at(6_700), 3_000);
});
