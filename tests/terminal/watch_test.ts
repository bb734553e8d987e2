import type { Context } from "../../lib/terminal/commands/command.ts";
import { watch } from "../../lib/terminal/watch.ts";
import { assertEquals, assertMatch, assertRejects } from "../assert.ts";
import { KeptScreen } from "./kept_screen.ts";

function context(kept: KeptScreen, json = false) {
  const stop = new AbortController();
  const context = { screen: kept.screen, json, signal: stop.signal } as unknown as Context;
  return { stop, context };
}

Deno.test("a watch on a terminal draws in place, and leaves what was there last", async () => {
  const kept = new KeptScreen({ columns: 40, progressColumns: 40, rows: 5, quiet: true });
  const { stop, context: its } = context(kept);
  const lines = ["one", "two", "three", "four", "five"];
  const watching = watch(its, () => Promise.resolve(() => lines));
  await new Promise((resolve) => setTimeout(resolve));
  stop.abort();
  await watching;
  // deno-lint-ignore no-control-regex
  const [drawn, ...rest] = kept.err.split("\x1b[J").map((text) => text.replace(/\x1b\[\d*\w/g, ""));
  assertMatch(
    drawn!,
    /^\r\d\d:\d\d:\d\d, until Ctrl-C\r\none\r\ntwo\r\n… 3 more lines in a taller window$/,
  );
  assertEquals([rest, kept.out], [["\r", ""], lines.join("\n") + "\n"]);
});

Deno.test("a watch without a terminal prints what changed", async () => {
  for (const json of [false, true]) {
    const kept = new KeptScreen();
    const { stop, context: its } = context(kept, json);
    await watch(its, () => {
      stop.abort();
      return Promise.resolve(() => ["{}"]);
    });
    assertEquals([kept.out, kept.err], ["{}\n", ""]);
  }
});

Deno.test("a watch ends with what it cannot see any more", async () => {
  const kept = new KeptScreen();
  const { context: its } = context(kept);
  await assertRejects(() => watch(its, () => Promise.reject(new Error("gone"))), Error, "gone");
});
