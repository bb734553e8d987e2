import { HoldMeter, holdText } from "../../lib/terminal/hold_meter.ts";
import { IN_CLEAR } from "../../lib/terminal/lending.ts";
import { columnsOf, wrap } from "../../lib/terminal/text.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { KeptScreen } from "./kept_screen.ts";

const MIB = 1024 * 1024;
const STATE = {
  connected: true,
  contents: 12,
  bytes: 3_400 * MIB,
  capacity: 50_000_000_000,
  received: 3_400 * MIB,
  sent: 20 * MIB,
};

Deno.test("a holder says what it holds, and what comes and goes", () => {
  assertEquals(
    holdText(STATE, { in: 12 * MIB, out: null }),
    "connected: holding 12 contents, 3.3 GiB of 46.6 GiB; in 12.0 MiB/s, out 0 B/s; " +
      "received 3.3 GiB, sent 20.0 MiB in all",
  );
  assertEquals(
    holdText({ ...STATE, connected: false, contents: 1 }, null),
    "not connected: holding 1 content, 3.3 GiB of 46.6 GiB; received 3.3 GiB, sent 20.0 MiB in all",
  );
  for (const line of wrap(holdText(STATE, { in: 1e9, out: 1e9 }), 39)) {
    assert(columnsOf(line) <= 39 && line.includes(" "), line);
  }
});

Deno.test("the first thing that is said to who lends is that contents are in clear", () => {
  assertMatch(IN_CLEAR, /contents are in clear until their owners encrypt them/);
});

Deno.test("a reader that has enough of a holder's events is told of, and stops nothing by itself", () => {
  const writeSync = () => {
    throw new Deno.errors.BrokenPipe();
  };
  const { screen } = new KeptScreen({ stdout: { writeSync } });
  const unread: Error[] = [];
  const options = { screen, json: true, directory: "d", drawn: true };
  using meter = new HoldMeter({ ...options, onUnread: (error) => unread.push(error) });
  meter.tell({ type: "connected", place: "p" });
  assertEquals(unread.map((error) => error instanceof Deno.errors.BrokenPipe), [true]);
});

Deno.test("a holder's events steer no terminal with what a depot said", () => {
  const kept = new KeptScreen();
  using meter = new HoldMeter({ screen: kept.screen, json: true, directory: "d", drawn: true });
  meter.tell({ type: "reconnecting", why: "a\x9b31m", delayMs: 1 });
  assertMatch(kept.out, /"why":"a\\u009b31m"/);
});
