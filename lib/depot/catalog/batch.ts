/** Runs a batch of verbs as one transaction with one sync, each verb in a savepoint of its own. */
import { packError } from "../../worker/packed_error.ts";
import type { Answer, Call } from "./border.ts";
import { isDamage } from "./database_file.ts";
import type { Statements } from "./statements.ts";
import { VERBS } from "./verbs.ts";

/** What a batch came to, and the catalog's sequence number after it. */
export interface BatchResult {
  answers: Answer[];
  sequence: number;
}

/** A verb without its own types: calls have crossed a border, where the caller's were checked. */
type AnyVerb = (db: Statements, ...args: unknown[]) => unknown;

/**
 * Runs the calls and commits once. A verb that throws is undone alone. Throws when the transaction
 * as a whole failed: then none of the calls has changed anything.
 */
export function runBatch(db: Statements, calls: Call[]): BatchResult {
  db.control("BEGIN IMMEDIATE");
  try {
    let changed = false;
    const answers = calls.map((call) => {
      const before = db.changes;
      const answer = attempt(db, call);
      changed ||= "value" in answer && db.changes > before;
      return answer;
    });
    if (changed) db.run("UPDATE depot SET sequence = sequence + 1");
    const { sequence } = depotOf(db);
    db.control("COMMIT");
    return { answers, sequence };
  } catch (error) {
    if (db.inTransaction) db.control("ROLLBACK");
    throw error;
  }
}

/** The depot's identifier and the sequence number now. */
export function depotOf(db: Statements): { id: string; sequence: number } {
  return db.get<{ id: string; sequence: number }>("SELECT id, sequence FROM depot")!;
}

function attempt(db: Statements, { verb, args }: Call): Answer {
  db.control("SAVEPOINT verb");
  try {
    const value = (VERBS[verb] as AnyVerb)(db, ...args);
    db.control("RELEASE verb");
    return { value };
  } catch (error) {
    // A full or failing disk ends the transaction, and the other verbs' work with it. In a damaged
    // database the other verbs may have decided on what is not so.
    if (!db.inTransaction || isDamage(error)) throw error;
    db.control("ROLLBACK TO verb");
    db.control("RELEASE verb");
    return { error: packError(error) };
  }
}
