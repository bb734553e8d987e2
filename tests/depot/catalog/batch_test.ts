import { DatabaseSync } from "node:sqlite";
import { depotOf, runBatch } from "../../../lib/depot/catalog/batch.ts";
import { openDatabase } from "../../../lib/depot/catalog/database_file.ts";
import { Statements } from "../../../lib/depot/catalog/statements.ts";
import { assertEquals, assertThrows } from "../../assert.ts";
import { OWNER, place, temporaryDirectory } from "./temporary_catalog.ts";

const ADD = { verb: "addOwner", args: [OWNER, 1] } as const;
const HAS = { verb: "hasOwner", args: [OWNER] } as const;
const JOIN = { verb: "placeJoined" as const, args: [place("p1"), 1] };

function calls(...some: (typeof ADD | typeof HAS)[]) {
  return some.map(({ verb, args }) => ({ verb, args: [...args] }));
}

Deno.test("a commit that fails undoes the whole batch, and the next one is not harmed", async () => {
  await using directory = temporaryDirectory();
  const database = openDatabase(`${directory.path}/catalog.db`, crypto.randomUUID());
  using db = new Statements(database);
  // A deferred constraint is looked at by COMMIT alone.
  database.exec(`
    CREATE TABLE parent (id INTEGER PRIMARY KEY);
    CREATE TABLE child (id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
    CREATE TRIGGER bad AFTER INSERT ON owners BEGIN INSERT INTO child VALUES (1); END;
  `);
  assertThrows(() => runBatch(db, calls(ADD)), Error, "FOREIGN KEY");
  database.exec("DROP TRIGGER bad");
  assertEquals(runBatch(db, calls(HAS)), { answers: [{ value: false }], sequence: 0 });
  assertEquals(runBatch(db, calls(ADD, HAS)).sequence, 1);
});

Deno.test("a verb that fails after it wrote is undone alone, and the others are done once", async () => {
  await using directory = temporaryDirectory();
  using db = new Statements(openDatabase(`${directory.path}/catalog.db`, crypto.randomUUID()));
  const upload = { upload: "u", owner: OWNER, places: ["never joined"], now: 1 };
  const begin = { verb: "beginUpload" as const, args: [upload] };
  const uploads = { verb: "uploads" as const, args: [] };
  const { answers, sequence } = runBatch(db, [...calls(ADD), begin, uploads, ...calls(HAS)]);
  assertEquals(sequence, 1);
  assertEquals(answers.map((answer) => "error" in answer), [false, true, false, false]);
  assertEquals([answers[2], answers[3]], [{ value: [] }, { value: true }]);
});

Deno.test("a transaction that SQLite ends in mid-batch fails every verb of the batch", async () => {
  await using directory = temporaryDirectory();
  const database = openDatabase(`${directory.path}/catalog.db`, crypto.randomUUID());
  using db = new Statements(database);
  database.exec(`
    CREATE TEMP TRIGGER full BEFORE INSERT ON places BEGIN SELECT RAISE(ROLLBACK, 'disk is full'); END;
  `);
  assertThrows(() => runBatch(db, [...calls(ADD), JOIN, ...calls(HAS)]), Error, "disk is full");
  assertEquals(runBatch(db, calls(HAS)).answers, [{ value: false }]);
});

Deno.test("a verb that finds the database damaged fails every verb of the batch", async () => {
  await using directory = temporaryDirectory();
  const database = openDatabase(`${directory.path}/catalog.db`, crypto.randomUUID());
  using db = new Statements(database);
  database.exec(`
    CREATE TEMP TRIGGER damaged BEFORE INSERT ON places
    BEGIN SELECT RAISE(ABORT, 'database disk image is malformed'); END;
  `);
  assertThrows(() => runBatch(db, [...calls(ADD), JOIN]), Error, "malformed");
  assertEquals(runBatch(db, calls(HAS)).answers, [{ value: false }]);
});

Deno.test("a commit is synced before it is answered", async () => {
  await using directory = temporaryDirectory();
  using database = openDatabase(`${directory.path}/catalog.db`, crypto.randomUUID());
  const FULL = 2;
  assertEquals(database.prepare("PRAGMA synchronous").get()!.synchronous, FULL);
  assertEquals(database.prepare("PRAGMA fullfsync").get()!.fullfsync, 1);
  assertEquals(database.prepare("PRAGMA journal_mode").get()!.journal_mode, "wal");
});

Deno.test("a log that is read elsewhere is neither lost nor in the way", async () => {
  await using directory = temporaryDirectory();
  const path = `${directory.path}/catalog.db`;
  using db = new Statements(openDatabase(path, crypto.randomUUID()));
  using reader = new DatabaseSync(path, { readOnly: true });
  reader.exec("BEGIN");
  assertEquals(reader.prepare("SELECT count(*) AS n FROM owners").get()!.n, 0);
  runBatch(db, calls(ADD));
  assertEquals(reader.prepare("SELECT count(*) AS n FROM owners").get()!.n, 0);
  reader.exec("COMMIT");
  assertEquals(reader.prepare("SELECT count(*) AS n FROM owners").get()!.n, 1);
  assertEquals(depotOf(db).sequence, 1);
});
