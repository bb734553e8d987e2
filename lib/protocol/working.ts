import { encode } from "./codec.ts";
import type { Connection } from "./connection.ts";
import { PROGRESS_EVERY_MS } from "./limits.ts";
import { REPLIES, type Values } from "./messages.ts";

/** How far the work is. `null`: copies are not what it is about. */
export type WorkState = Values<typeof REPLIES.progress>;

/** What changed is said after so long. Milliseconds. */
const SOON_MS = 500;
/** So often in that time nothing changes before it is said that this side lives. */
const SILENT_TURNS = PROGRESS_EVERY_MS / 2 / SOON_MS;

/**
 * Waits for `work`, and says `andamento` every few seconds meanwhile, sooner when it got further, so
 * that whoever asked knows that this side lives. `work` gets a function to tell how far it is, and a
 * signal that aborts when the other side cannot be told any more.
 */
export async function withProgress<T>(
  connection: Connection,
  work: (tell: (state: Partial<WorkState>) => void, here: AbortSignal) => Promise<T>,
): Promise<T> {
  let state: WorkState = { done: 0, total: 0, replicas: null, wanted: null };
  let said = state;
  let turns = 0;
  let telling: Promise<void> = Promise.resolve();
  const gone = new AbortController();
  const timer = setInterval(() => {
    if (state === said && ++turns % SILENT_TURNS !== 0) return;
    said = state;
    telling = telling.then(() => connection.writeLine(encode(REPLIES.progress, state)))
      .catch((error) => gone.abort(error));
  }, SOON_MS);
  try {
    return await work((change) => state = { ...state, ...change }, gone.signal);
  } finally {
    clearInterval(timer);
    await telling;
  }
}
