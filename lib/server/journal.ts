/**
 * A line of the log for each thing that a client was given or refused. A content's digest is in it,
 * as in the lines about repair; never an identifier, and never a file's name.
 */
import type { FileRecord } from "../depot/catalog/catalog.ts";
import type { Receipt } from "../depot/deposit_plan.ts";
import type { Log } from "../depot/log.ts";
import type { Refusal } from "../protocol/mod.ts";

export function logStored(log: Log, { file, copies }: Receipt): void {
  const { live, wanted } = copies;
  log.info("Stored a file", { content: file.digest, bytes: file.size, live, wanted });
}

/** `bytes`: those that were sent, which are fewer when a retrieval goes on. */
export function logSent(log: Log, { digest }: FileRecord, bytes: number): void {
  log.info("Sent a file", { content: digest, bytes });
}

/** Without the refusal's words, which may repeat a name. */
export function logRefused(log: Log, { code }: Refusal): void {
  log.info("Refused a request", { code });
}
