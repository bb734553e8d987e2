import type { Reply, Request } from "../../../lib/depot/catalog/border.ts";
import { GroupedCalls } from "../../../lib/depot/catalog/grouped_calls.ts";
import { openCatalog } from "../../../lib/depot/catalog/open.ts";
import { assert, assertEquals, assertRejects } from "../../assert.ts";
import { FakePort } from "../../worker/fake_port.ts";
import {
  deposit,
  OWNER,
  place,
  temporaryCatalog,
  temporaryDirectory,
} from "./temporary_catalog.ts";

Deno.test("100 calls at once share few transactions", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  const before = catalog.sequence;
  const names = Array.from({ length: 100 }, (_, index) => `file ${index}`);
  await Promise.all(names.map((name) => deposit(catalog, { number: 1, name })));
  assertEquals(catalog.sequence - before, 2, "one to begin them, one to commit them");
  const { files } = await catalog.listFiles({ owner: OWNER, prefix: "", after: "", limit: 200 });
  assertEquals(files.length, 100);
});

Deno.test("the sequence counts batches that changed something, and can be raised", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  const before = catalog.sequence;
  await catalog.places();
  await catalog.file(OWNER, "none");
  await catalog.addOwner(OWNER, 2);
  await catalog.removeFile(OWNER, "none");
  await assertRejects(() => catalog.keepUpload("none", 1, 1), Error);
  assertEquals(catalog.sequence, before, "none of these changed anything");
  await catalog.placeJoined(place("p5"), 3);
  assertEquals(catalog.sequence, before + 1);
  await catalog.raiseSequence(1_000);
  assert(catalog.sequence >= 1_000);
  const raised = catalog.sequence;
  await catalog.raiseSequence(10);
  assertEquals(catalog.sequence, raised);
});

Deno.test("a verb that fails rejects its own caller and leaves the others of its batch", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  const begin = (upload: string, places: string[]) =>
    catalog.beginUpload({ upload, owner: OWNER, places, now: 5 });
  const settled = await Promise.allSettled([
    begin("u", ["p1"]),
    begin("v", ["p1", "p9"]), // fails after it has written its row
    catalog.changeFile({ owner: OWNER, name: "none", wanted: 1 }),
    catalog.content("no digest"),
    begin("w", ["p2"]),
  ]);
  const outcomes = settled.map(({ status }) => status);
  assertEquals(outcomes, ["fulfilled", "rejected", "fulfilled", "rejected", "fulfilled"]);
  assertEquals((await catalog.uploads()).map(({ upload }) => upload), ["u", "w"]);
});

Deno.test("an error keeps its name, its message and its code on the way from the worker", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog } = temporary;
  await deposit(catalog, { number: 1 });
  await assertRejects(() => catalog.content("x"), TypeError, 'Cannot read the digest "x"');
  const change = { owner: OWNER, name: "file", wanted: -1 };
  const error = await assertRejects(() => catalog.changeFile(change), Error, "CHECK constraint");
  assertEquals((error as Error & { code?: string }).code, "ERR_SQLITE_ERROR");
});

Deno.test("a closed catalog has done what was called before and refuses what comes after", async () => {
  await using directory = temporaryDirectory();
  const path = `${directory.path}/catalog.db`;
  const catalog = await openCatalog(path);
  const added = catalog.addOwner(OWNER, 1);
  const closed = catalog[Symbol.asyncDispose]();
  await assertRejects(() => catalog.hasOwner(OWNER), Error, "it is closed");
  await added;
  await closed;
  await catalog[Symbol.asyncDispose]();
  const files = Array.from(Deno.readDirSync(directory.path), (entry) => entry.name);
  assertEquals(
    files.sort(),
    ["catalog.db", "catalog.db.ballast"],
    "the log went into the database",
  );
  await using again = await openCatalog(path);
  assertEquals(await again.hasOwner(OWNER), true);
});

/** A worker in whose place the test answers. */
class SilentWorker extends FakePort<Request, Reply> {
  readonly received = Promise.withResolvers<Request>();

  postMessage(message: Request): void {
    this.received.resolve(message);
  }
}

Deno.test("a worker that dies rejects what it was doing, what waits, and what comes later", async () => {
  const worker = new SilentWorker();
  const calls = new GroupedCalls(worker);
  const doing = calls.call({ verb: "places", args: [] });
  await worker.received.promise;
  const waiting = calls.call({ verb: "asides", args: [] });
  worker.die("out of memory");
  await assertRejects(() => doing, Error, "its worker died (out of memory)");
  await assertRejects(() => waiting, Error, "its worker died");
  await assertRejects(() => calls.call({ verb: "places", args: [] }), Error, "its worker died");
  await calls[Symbol.asyncDispose]();
  assert(worker.ended);
});

Deno.test("a batch that fails as a whole rejects every caller of it", async () => {
  const worker = new SilentWorker();
  const calls = new GroupedCalls(worker);
  const both = ["places", "asides"] as const;
  const settled = Promise.allSettled(both.map((verb) => calls.call({ verb, args: [] })));
  await worker.received.promise;
  const error = { name: "Error", message: "disk I/O error", code: "ERR_SQLITE_ERROR" };
  worker.reply({ type: "failed", error });
  const reasons = (await settled).map((result) =>
    result.status === "rejected" && result.reason.message
  );
  assertEquals(reasons, ["disk I/O error", "disk I/O error"]);
});
