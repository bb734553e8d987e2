import { Meter } from "../../lib/terminal/meter.ts";
import { progressLines, totalText, transferText } from "../../lib/terminal/progress.ts";
import { Speed } from "../../lib/terminal/speed.ts";
import { columnsOf } from "../../lib/terminal/text.ts";
import { assert, assertEquals } from "../assert.ts";
import { KeptScreen } from "./kept_screen.ts";

const TRANSFER = {
  stage: "sending",
  name: "report.pdf",
  done: 600_000_000,
  total: 1_200_000_000,
  rate: 100_000_000,
  copies: null,
};

const TOTAL = {
  files: 12,
  bytes: 34_000_000,
  expected: { files: 1000, bytes: 250_000_000, isAll: true },
  rate: 30_000_000,
};

Deno.test("a transfer is one line with bytes, rate, time left and durable copies", () => {
  const line = (change: Partial<typeof TRANSFER> | object) =>
    transferText({ ...TRANSFER, ...change }, 80);
  assertEquals(line({}), "sending report.pdf: 50 % of 1.1 GiB, 95.4 MiB/s, 6 s left");
  assertEquals(line({ total: null }), "sending report.pdf: 572 MiB, 95.4 MiB/s");
  assertEquals(line({ rate: 0 }), "sending report.pdf: 50 % of 1.1 GiB, 0 B/s");
  assertEquals(line({ done: 0, total: 0, rate: null }), "sending report.pdf: 100 % of 0 B");
  const copies = { live: 1, wanted: 3 };
  assertEquals(
    line({ stage: "storing", done: 0, total: 0, copies }),
    "storing report.pdf: 1 of 3 replicas",
  );
  assertEquals(
    line({ stage: "copying", copies }),
    "copying report.pdf: 50 % of 1.1 GiB, 1 of 3 replicas, 95.4 MiB/s, 6 s left",
  );
});

Deno.test("a total says how many files and bytes of all there are, as far as that is known", () => {
  assertEquals(
    totalText(TOTAL, 80),
    "12 of 1000 files, 32.4 MiB of 238 MiB, 28.6 MiB/s, 8 s left",
  );
  assertEquals(totalText(TOTAL, 50), "12 of 1000 files, 13 %, 28.6 MiB/s, 8 s left");
  assertEquals(totalText(TOTAL, 40), "12 of 1000 files, 13 %, 28.6 MiB/s");
  const growing = { ...TOTAL.expected, isAll: false };
  assertEquals(
    totalText({ ...TOTAL, expected: growing }, 80),
    "12 of at least 1000 files, 32.4 MiB, 28.6 MiB/s",
  );
  assertEquals(
    totalText({ ...TOTAL, expected: growing }, 40),
    "12 of 1000+ files, 32.4 MiB, 28.6 MiB/s",
  );
  const names = { files: 1, bytes: null, isAll: true };
  assertEquals(totalText({ ...TOTAL, files: 0, bytes: 0, expected: names }, 80), "0 of 1 file");
});

Deno.test("every line fits, whatever its name is, and shows nothing that a terminal obeys", () => {
  const names = ["日本語".repeat(40), "\u202e\x1b[2J\n", "x".repeat(1024), "🧑‍🚀".repeat(30), "a"];
  const copies = { live: 12, wanted: 1000 };
  for (const name of names) {
    for (let columns = 1; columns < 120; columns++) {
      const transfers = [{ ...TRANSFER, name, copies }, { ...TRANSFER, name }];
      const lines = [
        ...progressLines({ total: TOTAL, transfers }, { columns, rows: 24 }),
        ...progressLines({ total: null, transfers }, { columns, rows: 24 }),
      ];
      assertEquals(lines.length, 4);
      for (const line of lines) {
        assert(columnsOf(line) <= columns, `${columns}: ${line}`);
        // deno-lint-ignore no-control-regex
        assert(!/[\x00-\x1f\x7f\u202e]/.test(line), line);
      }
    }
  }
  assertEquals(
    transferText({ ...TRANSFER, name: "a-folder/a-long-name-of-a-report.pdf" }, 44),
    "sending a-folder/…eport.pdf: 50 % of 1.1 GiB",
  );
});

Deno.test("a small window shows fewer transfers beside the total", () => {
  const transfers = Array.from({ length: 20 }, (_, index) => ({ ...TRANSFER, name: `f${index}` }));
  const shown = (rows: number) =>
    progressLines({ total: TOTAL, transfers }, { columns: 80, rows }).length;
  assertEquals([shown(50), shown(6), shown(2), shown(1)], [9, 5, 1, 1]);
});

Deno.test("a speed is that of the last ten seconds, and falls when nothing moves", () => {
  const speed = new Speed();
  speed.note(0, 1_000);
  assertEquals(speed.at(500), null);
  for (let at = 100; at <= 20_000; at += 100) speed.note(at, 1_000 + at);
  assert(Math.abs(speed.at(20_000)! - 1_000) < 25, String(speed.at(20_000)));
  for (let at = 20_100; at <= 30_000; at += 100) speed.note(at, 21_000 + 5 * (at - 20_000));
  assert(Math.abs(speed.at(30_000)! - 5_000) < 150, String(speed.at(30_000)));
  assert(speed.at(35_000)! < 3_000);
  assertEquals(speed.at(60_000), 0);
});

Deno.test("a meter draws ten times a second on a terminal, and says a line now and then without", () => {
  for (const [progressColumns, times] of [[80, 10], [null, 2]] as const) {
    const kept = new KeptScreen({ progressColumns });
    let now = 0;
    using meter = new Meter(kept.screen, { many: false, now: () => now });
    for (; now <= (progressColumns === null ? 20_000 : 1000); now += 10) {
      meter.step({ stage: "sending", name: "a", done: now, total: null });
    }
    assertEquals(kept.err.split("sending a").length - 1, times);
  }
});

Deno.test("a quiet meter says nothing at all", () => {
  const kept = new KeptScreen({ progressColumns: 80, quiet: true });
  let now = 0;
  using meter = new Meter(kept.screen, { many: true, now: () => now });
  for (; now < 60_000; now += 100) {
    meter.step({ stage: "sending", name: "a", done: now, total: null });
  }
  meter.fileDone("a");
  assertEquals(kept.err, "");
});

Deno.test("of several files a meter shows the total, and what takes longer than a second", () => {
  const kept = new KeptScreen({ progressColumns: 80 });
  let now = 0;
  using meter = new Meter(kept.screen, { many: true, now: () => now });
  for (let file = 0; file < 3; file++) meter.expect(1_000);
  meter.expectNoMore();
  meter.step({ stage: "sending", name: "small", done: 1000, total: 1000 });
  meter.step({ stage: "hashing", name: "large", done: 1000, total: 1000 });
  meter.fileDone("small", 1_000);
  meter.step({ stage: "sending", name: "large", done: 0, total: 1000 });
  now = 2_000;
  meter.step({ stage: "sending", name: "large", done: 500, total: 1000 });
  meter.step({ stage: "sending", name: "new", done: 0, total: 1000 });
  assertEquals(lastDrawn(kept.err), [
    "1 of 3 files, 1.5 KiB of 2.9 KiB, 250 B/s, 6 s left",
    "  sending large: 50 % of 1.0 KiB, 250 B/s, 2 s left",
  ]);
  now = 2_200;
  meter.fileDone("large", 1_000);
  assertEquals(lastDrawn(kept.err)[0]!.slice(0, 32), "2 of 3 files, 2.0 KiB of 2.9 KiB");
});

Deno.test("bytes of unchanged files make no speed, and are not left to be moved", () => {
  const kept = new KeptScreen({ progressColumns: 80 });
  let now = 0;
  using meter = new Meter(kept.screen, { many: true, now: () => now });
  for (const bytes of [1_000, 1_000_000]) meter.expect(bytes);
  meter.expectNoMore();
  meter.fileUnchanged("old", 1_000_000);
  meter.step({ stage: "sending", name: "new", done: 0, total: 1_000 });
  now = 2_000;
  meter.step({ stage: "sending", name: "new", done: 500, total: 1_000 });
  assertEquals(lastDrawn(kept.err)[0], "1 of 2 files, 500 B of 1.0 KiB, 250 B/s, 2 s left");
});

/** What a terminal shows after the last drawing. */
function lastDrawn(err: string): string[] {
  const frames = err.split("\x1b[J").filter(Boolean);
  // deno-lint-ignore no-control-regex
  return frames.at(-1)!.replace(/\x1b\[\d*[A-Z]|\r/g, "").split("\n");
}
