/** Runs a batch of verbs as one transaction with one sync, each undone alone when it throws. */
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

/** A verb threw after it had written. */
class HalfDone extends Error {}

/**
 * Runs the calls and commits once. A verb that throws is undone alone. Throws when the transaction
 * as a whole failed: then none of the calls has changed anything.
 *
 * A savepoint a verb copies each page that the verb changes, and most verbs that throw have written
 * nothing yet. So there are none until one has: then all is undone and done again with them.
 */
export function runBatch(db: Statements, calls: Call[]): BatchResult {
  try {
    return transact(db, calls, attempt);
  } catch (error) {
    if (!(error instanceof HalfDone)) throw error;
    return transact(db, calls, attemptApart);
  }
}

function transact(db: Statements, calls: Call[], run: typeof attempt): BatchResult {
  db.control("BEGIN IMMEDIATE");
  try {
    let changed = false;
    const answers = calls.map((call) => {
      const before = db.changes;
      const answer = run(db, call);
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

function attempt(db: Statements, call: Call): Answer {
  const before = db.changes;
  try {
    return { value: perform(db, call) };
  } catch (error) {
    const answer = answerOf(db, error);
    if (db.changes > before) throw new HalfDone("A verb threw after it had written");
    return answer;
  }
}

function attemptApart(db: Statements, call: Call): Answer {
  db.control("SAVEPOINT verb");
  try {
    const value = perform(db, call);
    db.control("RELEASE verb");
    return { value };
  } catch (error) {
    const answer = answerOf(db, error);
    db.control("ROLLBACK TO verb");
    db.control("RELEASE verb");
    return answer;
  }
}

function perform(db: Statements, { verb, args }: Call): unknown {
  return (VERBS[verb] as AnyVerb)(db, ...args);
}

/**
 * Throws the error where it is not the verb's alone. A full or failing disk ends the transaction,
 * and the other verbs' work with it; in a damaged database they may have decided on what is not so.
 */
function answerOf(db: Statements, error: unknown): Answer {
  if (!db.inTransaction || isDamage(error)) throw error;
  return { error: packError(error) };
}
