/** A deposit that goes on when the connection breaks, and when the program is started again. */
import { AHEAD_BYTES, Refusal } from "../protocol/mod.ts";
import { type AttemptOptions, deposit, type DepositRequest } from "./deposit.ts";
import { LocalError } from "./errors.ts";
import type { Sessions } from "./sessions.ts";
import { mayTryAgain } from "./pace.ts";
import type { Receipt } from "./records.ts";
import type { Session } from "./session.ts";
import { type Source, uploadId } from "./source.ts";
import { SourceHash } from "./source_hash.ts";

/** What to deposit a source as; its upload's identifier is made here. */
export type SendRequest = Omit<DepositRequest, "upload">;

export interface SendOptions extends Pick<AttemptOptions, "signal" | "onProgress" | "known"> {
  source: Source;
}

/**
 * An upload that another connection is sending is waited for so often: it may be this program's
 * own, which the depot does not know yet to be broken. Then the file is sent as another upload.
 */
const BUSY_ATTEMPTS = 3;

/** Deposits `source` under `request.name`; resolves to the receipt. Throws what a request throws. */
export async function send(
  sessions: Sessions,
  request: SendRequest,
  { source, signal, onProgress, known = new SourceHash() }: SendOptions,
): Promise<Receipt> {
  // A stream takes no turn: it may last for ever, and its bytes may depend on another's.
  const isLarge = source.size !== null && source.size > AHEAD_BYTES;
  using _turn = isLarge ? await sessions.large.take(1, signal) : null;
  let upload = uploadOf(sessions, request.name, source);
  let busy = 0;
  return await sessions.run(async (session: Session, advanced) => {
    try {
      const options = { source, signal, onProgress, advanced, known };
      return await deposit(session, { ...request, upload }, options);
    } catch (error) {
      const inUse = error instanceof Refusal && error.code === "envio_em_uso";
      if (inUse && ++busy >= BUSY_ATTEMPTS) upload = crypto.randomUUID();
      throw source.spent && mayTryAgain(error) ? cannotRepeat(error as Error) : error;
    }
  }, { signal });
}

function uploadOf(sessions: Sessions, name: string, source: Source): string {
  if (source.identity === null) return crypto.randomUUID();
  const { depot, id: owner } = sessions.peer;
  return uploadId({ depot, owner, name, identity: source.identity });
}

function cannotRepeat(cause: Error): LocalError {
  return new LocalError(
    "envio_unico",
    `${cause.message}; a stream cannot be read again: deposit it again from its start`,
    { cause },
  );
}
