import { LiveBlock } from "../../lib/terminal/live_block.ts";
import { fit } from "../../lib/terminal/text.ts";
import { assertEquals } from "../assert.ts";
import { KeptScreen } from "./kept_screen.ts";
import { SmallTerminal } from "./small_terminal.ts";

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

Deno.test("live lines go away before anything else is written, and come back", () => {
  const kept = new KeptScreen({ progressColumns: 10 });
  kept.screen.live("0123456789", "", "b");
  kept.screen.result("done");
  kept.screen.live();
  assertEquals(kept.out, "done\n");
  const drawn = "0123…6789\x1b[K\r\nb\x1b[K\x1b[J";
  assertEquals(kept.err, `\r${drawn}\r\x1b[1A\x1b[J\r${drawn}\r\x1b[1A\x1b[J`);
});

Deno.test("live lines are drawn over one another, and again only when they changed", () => {
  const terminal = new SmallTerminal(20);
  const block = new LiveBlock(terminal);
  terminal.print("$ command\r\n");
  block.draw(["aaaaaaaaa", "bbbbbbbbb", "c"], 20);
  block.draw(["aa", "b"], 20);
  const { written } = terminal;
  block.draw(["aa", "b"], 20);
  assertEquals(terminal.written, written);
  assertEquals(terminal.rows, ["$ command", "aa", "b"]);
  block.draw([], 20);
  assertEquals(terminal.rows, ["$ command", ""]);
});

Deno.test("a window that becomes narrower or wider leaves nothing of the lines behind", () => {
  const terminal = new SmallTerminal(20);
  const block = new LiveBlock(terminal);
  terminal.print("$ command\r\n");
  const lines = ["0123456789abcdef", "日本語日本語", "x"];
  for (const columns of [20, 7, 19, 40, 5, 16]) {
    terminal.resize(columns);
    block.draw(lines.map((line) => fit(line, columns - 1)), columns);
    assertEquals(terminal.text.length, 4, `at ${columns}: ${terminal.text}`);
    assertEquals(terminal.text[0], "$ command");
  }
  block.draw([], 16);
  assertEquals(terminal.text, ["$ command", ""]);
});

Deno.test("a window holds no more live lines than it has rows", () => {
  const kept = new KeptScreen({ progressColumns: 80, rows: 3 });
  kept.screen.live("a", "b", "c", "d");
  assertEquals(kept.err, "\ra\x1b[K\r\nb\x1b[K\x1b[J");
});
