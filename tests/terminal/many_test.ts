import { failureWords } from "../../lib/terminal/commands/many.ts";
import { assertEquals } from "../assert.ts";

Deno.test("what was under way when a command was ended is not called failed", () => {
  const reason = new Error("stopped");
  const outcomes = [
    { item: "a", result: {} },
    { item: "b", error: reason },
    { item: "c", error: new Error("no room") },
    { item: "d", error: reason },
  ];
  const ended = { outcomes, notBegun: [], stopped: { reason } };
  assertEquals(failureWords(ended), ["1 failed", "2 not finished"]);
  assertEquals(failureWords({ ...ended, stopped: null }), ["3 failed"]);
  assertEquals(failureWords({ outcomes: [], notBegun: ["e"], stopped: null }), ["1 not begun"]);
});
