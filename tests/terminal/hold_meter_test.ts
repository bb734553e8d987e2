import { holdText } from "../../lib/terminal/hold_meter.ts";
import { IN_CLEAR } from "../../lib/terminal/lending.ts";
import { columnsOf, wrap } from "../../lib/terminal/text.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";

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
  assertMatch(IN_CLEAR.join(" "), /contents are in clear until their owners encrypt them/);
  for (const line of IN_CLEAR) assert(columnsOf(line) <= 80);
});
