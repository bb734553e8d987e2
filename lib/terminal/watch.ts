/** Showing the same thing again and again. */
import { REAL_PACE } from "../client/pace.ts";
import type { Context } from "./commands/command.ts";
import type { Screen } from "./screen.ts";
import { columnsOf, wrap } from "./text.ts";

/** Between two questions to the depot, at least. Milliseconds. */
const ASK_EVERY_MS = 2_000;
/** And at least so many times what the last answer took: who has many files asks less often. */
const REST_TIMES = 10;
/** A window that changed its size is drawn anew after so long. Milliseconds. */
const DRAW_EVERY_MS = 250;

/** Asks once; what it resolves to lays the answer out, for the window as it is when it is called. */
export type Look = () => Promise<() => string[]>;

/**
 * Shows what `look` finds until the signal aborts: on a terminal always in the same place, elsewhere
 * again whenever it changed. What was there last stays on the screen.
 */
export async function watch(context: Context, look: Look): Promise<void> {
  const { screen, json, signal } = context;
  const isDrawn = !json && screen.columns !== null && screen.progressColumns !== null;
  let last: string[] = [];
  try {
    while (!signal.aborted) {
      const began = performance.now();
      const shown = await look();
      const took = performance.now() - began;
      const until = performance.now() + Math.max(ASK_EVERY_MS, REST_TIMES * took);
      const lines = shown();
      if (!isDrawn && lines.join("\n") !== last.join("\n")) {
        screen.result(...last.length > 0 && !json ? ["", ...lines] : lines);
      }
      last = lines;
      do {
        if (isDrawn) screen.liveResult(...windowful(shown(), screen));
        await REAL_PACE.sleep(isDrawn ? DRAW_EVERY_MS : ASK_EVERY_MS, signal);
      } while (performance.now() < until);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    screen.liveResult();
  }
  if (isDrawn) screen.result(...last);
}

/** As many of the lines as a window holds, below the time of day. */
function windowful(whole: string[], screen: Screen): string[] {
  const head = `${new Date().toTimeString().slice(0, 8)}, until Ctrl-C`;
  const columns = (screen.progressColumns ?? Infinity) - 1;
  const lines = whole.flatMap((line) =>
    columnsOf(line) > columns ? wrap(line, columns) : [line || " "]
  );
  const rows = screen.rows - 1;
  if (lines.length + 1 <= rows) return [head, ...lines];
  const kept = lines.slice(0, Math.max(0, rows - 2));
  return [head, ...kept, `… ${lines.length - kept.length} more lines in a taller window`];
}
