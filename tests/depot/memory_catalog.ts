/** The real catalog's verbs on a database in memory, without a worker: no answer takes real time. */
import { DatabaseSync } from "node:sqlite";
import { runBatch } from "../../lib/depot/catalog/batch.ts";
import { unpackError } from "../../lib/depot/catalog/border.ts";
import type { Catalog } from "../../lib/depot/catalog/catalog.ts";
import { migrate } from "../../lib/depot/catalog/migrate.ts";
import { Statements } from "../../lib/depot/catalog/statements.ts";
import type { Verb } from "../../lib/depot/catalog/verb.ts";
import { VERBS } from "../../lib/depot/catalog/verbs.ts";

/** Each verb is a transaction, as with the real one. */
export function memoryCatalog(): Catalog {
  const database = new DatabaseSync(":memory:");
  migrate(database);
  const depot = crypto.randomUUID();
  database.prepare("INSERT INTO depot (only, id, sequence) VALUES (1, ?, 0)").run(depot);
  const db = new Statements(database);
  let latest = 0;
  // deno-lint-ignore require-await
  const call = async (verb: Verb, args: unknown[]) => {
    const { answers: [answer], sequence } = runBatch(db, [{ verb, args }]);
    latest = sequence;
    if ("error" in answer!) throw unpackError(answer.error);
    return answer!.value;
  };
  const verbs = (Object.keys(VERBS) as Verb[]).map((verb) => [
    verb,
    (...args: unknown[]) => call(verb, args),
  ]);
  return {
    ...Object.fromEntries(verbs) as Pick<Catalog, Verb>,
    depot,
    get sequence() {
      return latest;
    },
    [Symbol.asyncDispose]() {
      db[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}
