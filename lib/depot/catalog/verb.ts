import type { Catalog } from "./catalog.ts";
import type { Statements } from "./statements.ts";

/** The names of the catalog's verbs. */
export type Verb = Exclude<keyof Catalog, "depot" | "sequence" | typeof Symbol.asyncDispose>;

/** What each verb does: it throws, and its transaction is undone to where it began, or returns. */
export type Verbs = {
  readonly [V in Verb]: (
    db: Statements,
    ...args: Parameters<Catalog[V]>
  ) => Awaited<ReturnType<Catalog[V]>>;
};
