/** The step to keys for contents: what a catalog answers is the same before and after it. */
import { DatabaseSync } from "node:sqlite";
import type { Catalog } from "../../../lib/depot/catalog/catalog.ts";
import { migrate } from "../../../lib/depot/catalog/migrate.ts";
import { openCatalog } from "../../../lib/depot/catalog/open.ts";
import { APPLICATION_ID, MIGRATIONS } from "../../../lib/depot/catalog/schema.ts";
import { assert, assertEquals } from "../../assert.ts";
import {
  content,
  deposit,
  digest,
  OTHER_OWNER,
  OWNER,
  temporaryCatalog,
  temporaryDirectory,
} from "./temporary_catalog.ts";

/** The version that knew contents by their digests alone. */
const WITHOUT_KEYS = 5;
const NUMBERS = [1, 2, 3, 4, 5, 6];
const LIVE = ["p1", "p2"];

/** A row for each table and state; contents do not come in the order of their digests. */
async function fill(catalog: Catalog): Promise<void> {
  await deposit(catalog, { number: 5, name: "five", places: ["p1", "p2"], wanted: 3 });
  await deposit(catalog, { number: 2, name: "two", places: ["p2"] });
  await deposit(catalog, { number: 2, name: "also two", places: ["p3"], owner: OTHER_OWNER });
  await deposit(catalog, { number: 4, name: "five", places: ["p1"], keepUntil: 50 });
  await deposit(catalog, { number: 1, name: "one", places: ["p4"] });
  await catalog.removeFile(OWNER, "one", { now: 20, until: 40 });
  await deposit(catalog, { number: 3, name: "three", places: ["p1", "p2"] });
  await catalog.removeFile(OWNER, "three");
  await catalog.doomSurplus(digest(3), [], []);
  await catalog.beginCopy(digest(2), "p4");
  await catalog.replicaLost(digest(5), "p1", "aside", 30);
  await catalog.addAside({ digest: digest(9), place: "p2", since: 31 });
  const places = ["p1", "p3"];
  await catalog.beginUpload({ upload: "u", owner: OWNER, places, now: 32, content: content(6) });
  await catalog.beginUpload({ upload: "v", owner: OTHER_OWNER, places, now: 33 });
  await catalog.placeLeft("p3", "lost", 34);
  await catalog.setDraining("p2", true);
  await catalog.setKnownChanges("p3", 7);
}

/** What every verb that only reads answers. */
async function answers(catalog: Catalog): Promise<unknown> {
  const owners = [OWNER, OTHER_OWNER];
  const files = { prefix: "", after: "", afterVersion: 0, limit: 9 };
  const totals = { after: "", limit: 9, live: LIVE, counted: LIVE, checkedSince: 0 };
  return {
    sequence: catalog.sequence,
    places: await catalog.places(),
    changes: await catalog.knownChanges("p3"),
    counts: await Promise.all(["p1", "p2", "p3", "p4"].map((id) => catalog.replicaCount(id))),
    on: await Promise.all(
      ["p1", "p2", "p3", "p4"].map((id) => catalog.replicasOn(id, { limit: 9 })),
    ),
    looks: (await catalog.looksAt("p2", { after: null, limit: 9 })).looks.map((look) =>
      `${look.digest} ${look.verifiedAt}`
    ).sort(),
    writing: await catalog.replicasIn("writing", { after: null, limit: 9 }),
    doomed: await catalog.replicasIn("doomed", { after: null, limit: 9 }),
    asides: await catalog.asides(),
    contents: await Promise.all(NUMBERS.map((number) => catalog.content(digest(number)))),
    checks: await Promise.all(NUMBERS.map((number) => catalog.chunkChecks(digest(number)))),
    tally: (await catalog.tally({ after: null, limit: 9, live: LIVE })).tally,
    survey: inOrder(await catalog.survey({ after: null, limit: 9, counted: LIVE })),
    surveyOfPlace: inOrder(
      await catalog.survey({ after: null, limit: 9, counted: [], place: "p2" }),
    ),
    uploads: await catalog.uploads(),
    upload: await catalog.upload("u"),
    owners: await Promise.all(owners.map(async (owner) => ({
      files: await catalog.listFiles({ ...files, owner }),
      removed: await catalog.removedFiles({ ...files, owner }),
      totals: await catalog.ownerTotals({ ...totals, owner }),
      owned: await catalog.ownedAmong(owner, NUMBERS.map(digest)),
      byEnd: await catalog.removedByEnd(owner, 9),
      read: await catalog.fileToRead(owner, "five"),
    }))),
  };
}

/** A survey comes in the order of keys. */
function inOrder({ contents }: Awaited<ReturnType<Catalog["survey"]>>) {
  return contents.sort((a, b) => a.size - b.size);
}

/** Writes at `path` what a program without keys would have of the catalog at `from`. */
function writeWithoutKeys(path: string, from: string): void {
  using db = new DatabaseSync(path);
  migrate(db, MIGRATIONS.slice(0, WITHOUT_KEYS));
  db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA foreign_keys = OFF; BEGIN`);
  using keyed = new DatabaseSync(from, { readOnly: true });
  for (const table of tablesOf(db)) {
    const columns = db.prepare(`PRAGMA table_info(${table})`).all().map(({ name }) => String(name));
    const ofContent = table === "asides"
      ? "digest"
      : "(SELECT digest FROM contents WHERE key = content)";
    const values = columns.map((column) => column === "content" ? ofContent : column);
    const rows = keyed.prepare(`SELECT ${values} FROM ${table}`).all();
    assert(rows.length > 0, `there is a row in ${table}`);
    const insert = db.prepare(
      `INSERT INTO ${table} (${columns}) VALUES (${columns.map(() => "?")})`,
    );
    for (const row of rows) insert.run(...Object.values(row));
  }
  db.exec("COMMIT");
}

function tablesOf(db: DatabaseSync): string[] {
  return db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rootpage")
    .all().map(({ name }) => String(name));
}

Deno.test("a catalog without keys for contents opens with all it had, and answers the same", async () => {
  await using directory = temporaryDirectory();
  await using temporary = await temporaryCatalog();
  await fill(temporary.catalog);
  const path = `${directory.path}/catalog.db`;
  writeWithoutKeys(path, temporary.path);
  const told: string[] = [];
  const tell = (event: string) => void told.push(event);
  await using catalog = await openCatalog(path, { log: { info: tell, warn: tell, error: tell } });
  assertEquals(told.map((event) => event.split(" ")[0]), ["Bringing", "Brought"]);
  assertEquals(await answers(catalog), await answers(temporary.catalog));
  // What changes it finds what was there, in both.
  for (const each of [temporary.catalog, catalog]) {
    assertEquals(await each.forgetFile(OWNER, "five"), [digest(4), digest(5)]);
    assertEquals(await each.releaseRemoved(40, 9), [digest(1)]);
    await each.replicaGone(digest(3), "p1");
    await each.endUpload("u");
    await deposit(each, { number: 7, name: "seven" });
  }
  assertEquals(await answers(catalog), await answers(temporary.catalog));
});

Deno.test("what refers to a table refers to one that is there", () => {
  using db = new DatabaseSync(":memory:");
  migrate(db);
  const tables = tablesOf(db);
  const referred = tables.flatMap((table) =>
    db.prepare(`PRAGMA foreign_key_list(${table})`).all().map((key) => String(key.table))
  );
  assertEquals(new Set(referred), new Set(["owners", "places", "contents", "uploads"]));
  assertEquals(new Set(referred).difference(new Set(tables)), new Set());
});
