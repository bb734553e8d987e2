import { encode } from "./codec.ts";
import type { Connection } from "./connection.ts";
import { PROGRESS_EVERY_MS } from "./limits.ts";
import { REPLIES } from "./messages.ts";

/**
 * Waits for `work`, and says `andamento` every few seconds meanwhile, so that whoever asked knows
 * that this side lives. `work` gets a function to tell how far it is, in bytes, and a signal that
 * aborts when the other side cannot be told any more.
 */
export async function withProgress<T>(
  connection: Connection,
  work: (tell: (done: number, total: number) => void, here: AbortSignal) => Promise<T>,
): Promise<T> {
  let state = { done: 0, total: 0 };
  let telling: Promise<void> = Promise.resolve();
  const gone = new AbortController();
  const timer = setInterval(() => {
    telling = telling.then(() => connection.writeLine(encode(REPLIES.progress, state)))
      .catch((error) => gone.abort(error));
  }, PROGRESS_EVERY_MS / 2);
  try {
    return await work((done, total) => state = { done, total }, gone.signal);
  } finally {
    clearInterval(timer);
    await telling;
  }
}
