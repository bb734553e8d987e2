import { runBatch } from "../../../lib/depot/catalog/batch.ts";
import { openDatabase } from "../../../lib/depot/catalog/database_file.ts";
import { Statements } from "../../../lib/depot/catalog/statements.ts";
import type { Verb } from "../../../lib/depot/catalog/verb.ts";
import { assert, assertEquals } from "../../assert.ts";
import { content, digest, OWNER, place, temporaryDirectory } from "./temporary_catalog.ts";

const D = digest(1);
const COMMIT = { upload: "u", owner: OWNER, name: "n", digest: D, wanted: 1, now: 1 };
const ATTRIBUTES = { modifiedAt: null, executable: false };
const UPLOAD = { upload: "u", owner: OWNER, places: ["p1", "p2"], now: 1 };

/** Every verb, in an order in which most of them find something to do. */
const CALLS: Record<Verb, unknown[]> = {
  raiseSequence: [1],
  addOwner: [OWNER, 1],
  hasOwner: [OWNER],
  placeJoined: [place("p1"), 1],
  placeLeft: ["p1", "lost", 1],
  setKnownChanges: ["p1", 7],
  knownChanges: ["p1"],
  places: [],
  beginUpload: [UPLOAD],
  prepareCommit: ["u", content(1), ["p1"]],
  keepUpload: ["u", 1, 1],
  upload: ["u"],
  uploads: [OWNER],
  commitDeposit: [{ ...COMMIT, good: ["p1"], keepWanted: false, attributes: ATTRIBUTES }],
  endUpload: ["u"],
  file: [OWNER, "n"],
  fileToRead: [OWNER, "n"],
  listFiles: [{ owner: OWNER, prefix: "a/", after: "a/b", limit: 10 }],
  changeFile: [{ owner: OWNER, name: "n", wanted: 2 }],
  ownerTotals: [{
    owner: OWNER,
    after: "",
    limit: 10,
    live: ["p1"],
    counted: ["p1"],
    checkedSince: 0,
  }],
  ownedAmong: [OWNER, [D]],
  content: [D],
  chunkChecks: [D],
  survey: [{ after: null, limit: 10, counted: ["p1"] }],
  tally: [{ after: null, limit: 10, live: ["p1"] }],
  setDraining: ["p1", true],
  replicaCount: ["p1"],
  beginCopy: [D, "p1"],
  finishCopy: [D, "p1", 1],
  dropCopy: [D, "p1"],
  verified: [D, "p1", 1],
  replicasIn: ["writing", { after: null, limit: 10 }],
  replicasOn: ["p1", { limit: 10 }],
  looksAt: ["p1", { after: null, limit: 10 }],
  doomSurplus: [D, ["p1"], ["p1"]],
  renameFiles: [{ owner: OWNER, from: "n", to: "m", replace: false, longest: 9, most: 9 }],
  removeFile: [OWNER, "m", { now: 1, until: 2 }],
  removedFiles: [{ owner: OWNER, prefix: "a/", after: "a/b", afterVersion: 1, limit: 10 }],
  restoreFile: [{ owner: OWNER, name: "m", version: null, replace: true }],
  removedByEnd: [OWNER, 10],
  forgetRemoved: [OWNER, [D]],
  forgetFile: [OWNER, "m"],
  releaseRemoved: [1, 10],
  replicaLost: [D, "p1", "aside", 1],
  replicaGone: [D, "p1"],
  addAside: [{ digest: D, place: "p1", since: 1 }],
  asides: [],
  dropAside: [D, "p1"],
};

/** What may be read whole: tables that stay small, results of inner queries, lists from callers. */
const MAY_BE_SCANNED =
  /^SCAN (places|asides|a|u|depot|json_each|found|\(subquery-\d+\)|mine|CONSTANT ROW)(?!\w)/;
/** Where what is sorted is one owner's contents, one content's replicas, or small anyway. */
const MAY_SORT =
  /SELECT DISTINCT content FROM|LIMIT \?\n\s+\) GROUP BY wanted|WHERE r\.content = \?|FROM asides|FROM uploads/;

Deno.test("no verb reads files, contents or replicas from end to end, nor sorts a page", async () => {
  await using directory = temporaryDirectory();
  const database = openDatabase(`${directory.path}/catalog.db`, crypto.randomUUID());
  using db = new Statements(database);
  const join = { verb: "placeJoined" as const, args: [place("p2"), 1] };
  const calls = Object.entries(CALLS).map(([verb, args]) => ({ verb: verb as Verb, args }));
  const copy = { verb: "beginUpload" as const, args: [{ ...UPLOAD, content: content(1) }] };
  runBatch(db, [join, ...calls, copy, { verb: "uploads", args: [] }, {
    verb: "survey",
    args: [{ after: null, limit: 10, counted: ["p1"], place: "p1" }],
  }, {
    verb: "renameFiles",
    args: [{ owner: OWNER, from: "n/", to: "m/", replace: false, longest: 9, most: 9 }],
  }]);
  const statements = db.texts.filter((sql) => /^\s*(SELECT|INSERT|UPDATE|DELETE)/.test(sql));
  assert(statements.length > 40, "the verbs did their work");
  const found = statements.flatMap((sql) =>
    database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all()
      .map((row) => String(row.detail))
      .filter((step) => isSlow(step, sql))
      .map((step) => `${step}: ${sql}`)
  );
  assertEquals(found, []);
});

function isSlow(step: string, sql: string): boolean {
  if (step.startsWith("SCAN")) return !MAY_BE_SCANNED.test(step);
  return step.includes("TEMP B-TREE") && !MAY_SORT.test(sql);
}
