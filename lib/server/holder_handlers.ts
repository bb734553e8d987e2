/** The two requests by which a client becomes a holder; after them the connection is not a client's. */
import {
  ALIVE_EVERY_MS,
  encode,
  ERROR_CODES,
  Refusal,
  REPLIES,
  type Request,
} from "../protocol/mod.ts";
import type { Exchange } from "./exchange.ts";

/** `comando:emprestar` */
export async function lend(
  request: Extract<Request, { kind: "lend" }>,
  { connection, depot, holders, give }: Exchange,
): Promise<void> {
  if (!holders) throw new Refusal("sem_emprestimo", ERROR_CODES.sem_emprestimo.means);
  const id = holders.admit(request, connection);
  try {
    await connection.writeLine(encode(REPLIES.lent, { place: id, aliveMs: ALIVE_EVERY_MS }));
  } catch (error) {
    holders.cancel(id);
    throw error;
  }
  give();
  holders.start(id, () => depot.needed(id));
}

/** `comando:atender` */
export async function serve(
  { secret }: Extract<Request, { kind: "serve" }>,
  { connection, holders, give }: Exchange,
): Promise<void> {
  if (!holders) throw new Refusal("sem_emprestimo", ERROR_CODES.sem_emprestimo.means);
  holders.check(secret);
  await connection.writeLine(encode(REPLIES.serving, { serving: true }));
  give();
  holders.take(secret, connection);
}
