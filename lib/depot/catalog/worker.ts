/// <reference lib="deno.worker" />
/** The worker that has the catalog's database, so that a slow sync stops no socket. */
import { packError } from "../../worker/packed_error.ts";
import { Ballast, isFreeing } from "./ballast.ts";
import { depotOf, runBatch } from "./batch.ts";
import type { Call, Reply, Request } from "./border.ts";
import type { CatalogRefused } from "./catalog.ts";
import { damaged, isDamage, openDatabase } from "./database_file.ts";
import { Statements } from "./statements.ts";

let db: Statements;
let path: string;
let ballast: Ballast;
let refused: CatalogRefused | undefined;

self.onmessage = ({ data }: MessageEvent<Request>) => self.postMessage(reply(data));

function reply(request: Request): Reply {
  try {
    return handle(request);
  } catch (error) {
    return { type: "failed", error: packError(error) };
  }
}

function handle(request: Request): Reply {
  switch (request.type) {
    case "open":
      return open(request.path, request.depot);
    case "batch":
      return batch(request.calls);
    case "close":
      db[Symbol.dispose]();
      return { type: "closed" };
  }
}

function open(file: string, newDepot: string): Reply {
  path = file;
  ballast = new Ballast(path);
  db = new Statements(ballast.lend(() => openDatabase(path, newDepot), true));
  ballast.makeUp(performance.now());
  const { id, sequence } = depotOf(db);
  return { type: "opened", depot: id, sequence };
}

function batch(calls: Call[]): Reply {
  if (refused) throw refused;
  try {
    const mayTake = isFreeing(calls.map(({ verb }) => verb));
    const result = ballast.lend(() => runBatch(db, calls), mayTake);
    ballast.makeUp(performance.now());
    return { type: "batch", ...result };
  } catch (error) {
    // A damaged index can say that a content has no file: nothing may be decided on that.
    if (isDamage(error)) throw refused = damaged(path, error);
    throw error;
  }
}
