import { type Connection, encode, PROGRESS_EVERY_MS, REPLIES } from "../protocol/mod.ts";

/**
 * Waits for `work`, and says `andamento` every few seconds meanwhile, so that the client knows that
 * the depot lives. `work` gets a function to tell how far it is, in bytes.
 */
export async function withProgress<T>(
  connection: Connection,
  work: (onBytes: (done: number, total: number) => void) => Promise<T>,
): Promise<T> {
  let state = { done: 0, total: 0 };
  let telling: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    // One that cannot be told is found out by the answer.
    telling = telling.then(() => connection.writeLine(encode(REPLIES.progress, state)))
      .catch(() => {});
  }, PROGRESS_EVERY_MS / 2);
  try {
    return await work((done, total) => state = { done, total });
  } finally {
    clearInterval(timer);
    await telling;
  }
}
