import { Meter } from "../../lib/terminal/meter.ts";
import { assertEquals } from "../assert.ts";
import { KeptScreen } from "./kept_screen.ts";

Deno.test("the result is on standard output, all else on standard error", () => {
  const kept = new KeptScreen();
  kept.screen.result("a\u202eb", "c");
  kept.screen.remark("by the way\n");
  kept.screen.complain("no\x1b[2J");
  kept.screen.live("never without a terminal");
  assertEquals(kept.out, "a\u202eb\nc\n");
  assertEquals(kept.err, "by the way\\n\ndeposito: no\\u{1b}[2J\n");
});

Deno.test("a quiet screen has complaints and results only", () => {
  const kept = new KeptScreen({ quiet: true, progressColumns: 80 });
  kept.screen.remark("x");
  kept.screen.live("x");
  kept.screen.complain("y");
  kept.screen.result("z");
  assertEquals([kept.out, kept.err], ["z\n", "deposito: y\n"]);
});

Deno.test("the live line goes away before anything else is written, and comes back", () => {
  const kept = new KeptScreen({ progressColumns: 10 });
  kept.screen.live("0123456789");
  kept.screen.result("done");
  kept.screen.live("");
  assertEquals(kept.out, "done\n");
  const drawn = "\r\x1b[2K0123…6789";
  assertEquals(kept.err, `${drawn}\r\x1b[2K${drawn}\r\x1b[2K`);
});

Deno.test("a meter draws ten times a second on a terminal, and says a line now and then without", () => {
  for (const [progressColumns, times] of [[80, 10], [null, 1]] as const) {
    const kept = new KeptScreen({ progressColumns });
    let now = 0;
    const meter = new Meter(kept.screen, { many: false, now: () => now });
    for (; now <= (progressColumns === null ? 15_000 : 1000); now += 10) {
      meter.step({ stage: "sending", name: `a${now}`, done: now, total: null });
    }
    assertEquals(kept.err.split("sending a").length - 1, times);
  }
});

Deno.test("a meter knows the speed after a second", () => {
  const kept = new KeptScreen({ progressColumns: 80 });
  let now = 0;
  const meter = new Meter(kept.screen, { many: false, now: () => now });
  meter.step({ stage: "sending", name: "a", done: 1000, total: 10_000 });
  now = 2000;
  meter.step({ stage: "sending", name: "a", done: 5000, total: 10_000 });
  assertEquals(kept.err, "\r\x1b[2Ksending a: 50 % of 9.8 KiB, 2.0 KiB/s, 3 s left");
});
