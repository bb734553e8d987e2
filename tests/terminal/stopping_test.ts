import { Stopping } from "../../lib/terminal/stopping.ts";
import { assert, assertEquals } from "../assert.ts";

Deno.test("a Ctrl-C that comes twice at once, as through a task, is one; a later one ends at once", () => {
  const exits: (number | undefined)[] = [];
  const [exit, now] = [Deno.exit, performance.now];
  let time = 1_000;
  Deno.exit = ((status?: number) => void exits.push(status)) as typeof Deno.exit;
  performance.now = () => time;
  try {
    using stopping = new Stopping();
    stopping.interrupt();
    assert(stopping.signal.aborted);
    time += 100;
    stopping.interrupt();
    assertEquals(exits, []);
    time += 1_000;
    stopping.interrupt();
    assertEquals(exits, [130]);
  } finally {
    Deno.exit = exit;
    performance.now = now;
  }
});
