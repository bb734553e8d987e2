/** Opens the catalog: its verbs, each a call to the worker that has the database. */
import type { Log } from "../log.ts";
import type { Catalog } from "./catalog.ts";
import { isOutdated } from "./database_file.ts";
import { GroupedCalls } from "./grouped_calls.ts";
import type { Verb } from "./verb.ts";
import { VERBS } from "./verbs.ts";

const BRINGING_UP =
  "Bringing the catalog to the form of this program, which older ones then refuse: some 10 s and " +
  "500 MB of disk for a million files. It may be stopped, and begins again at the next start";

export interface OpenOptions {
  /** The identifier of a depot whose catalog is made by this call; a random UUID when not given. */
  newDepot?: string;
  /** Is told when the catalog is an older program's, which takes a while to open. */
  log?: Log;
}

/**
 * Opens the catalog at `path`, or makes it; the directory must be there, and be nobody else's.
 * The arguments of a verb must stay as they are until it is answered.
 *
 * Throws `CatalogRefused`, with the file as it was, when the file is not a catalog, is damaged,
 * locked or of a newer schema.
 */
export async function openCatalog(path: string, options: OpenOptions = {}): Promise<Catalog> {
  const { log } = options;
  const outdated = log !== undefined && isOutdated(path);
  if (outdated) log.warn(BRINGING_UP);
  const worker = new Worker(new URL("./worker.ts", import.meta.url), {
    type: "module",
    name: "catalog",
  });
  const calls = new GroupedCalls(worker);
  try {
    const { depot } = await calls.open(path, options.newDepot ?? crypto.randomUUID());
    if (outdated) log.info("Brought the catalog to the form of this program");
    return catalogOf(calls, depot);
  } catch (error) {
    worker.terminate();
    throw error;
  }
}

function catalogOf(calls: GroupedCalls, depot: string): Catalog {
  const verbs = (Object.keys(VERBS) as Verb[]).map((verb) => [
    verb,
    (...args: unknown[]) => calls.call({ verb, args }),
  ]);
  return {
    ...Object.fromEntries(verbs) as Pick<Catalog, Verb>,
    depot,
    get sequence() {
      return calls.sequence;
    },
    [Symbol.asyncDispose]: () => calls[Symbol.asyncDispose](),
  };
}
