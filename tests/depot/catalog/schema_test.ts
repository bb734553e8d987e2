import { createHash } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { openCatalog } from "../../../lib/depot/catalog/open.ts";
import { migrate, schemaVersion } from "../../../lib/depot/catalog/migrate.ts";
import { APPLICATION_ID, MIGRATIONS } from "../../../lib/depot/catalog/schema.ts";
import { assertEquals, assertThrows } from "../../assert.ts";
import { content, digest, OWNER, temporaryDirectory } from "./temporary_catalog.ts";

/** The start of each step's SHA-256: files out there have been through it as it was. */
const RELEASED = [
  "5ea653a4b8ebdbd0",
  "8a044d8d69524e41",
  "1cc9d415e7588b4a",
  "d0e343060c2fb00c",
  "23e7c7abbae271ad",
  "468dacf12d2e0ba5",
];

const TABLES_OF_2 = `
  ALTER TABLE places ADD COLUMN colour TEXT NOT NULL DEFAULT 'grey';
  UPDATE places SET colour = 'red' WHERE id = 'p1';
`;

/** What a program that knew only version 1 left. */
function writeVersion1(path: string): void {
  using db = new DatabaseSync(path);
  migrate(db, MIGRATIONS.slice(0, 1));
  db.exec(`
    PRAGMA application_id = ${APPLICATION_ID};
    INSERT INTO depot (only, id, sequence) VALUES (1, 'the depot', 41);
    INSERT INTO owners (key, owner, added_at) VALUES (1, '${OWNER}', 5);
    INSERT INTO places (key, id, kind, address, name, zone, state, since)
      VALUES (1, 'p1', 'fs', '/disks/p1', 'first', 'zone', 'lost', 6);
    INSERT INTO contents (digest, size, checks) VALUES (x'${digest(3)}', 3, x'03010203');
    INSERT INTO files (owner, name, version, content, wanted, deposited_at, modified_at, executable)
      VALUES (1, 'kept', 7, x'${digest(3)}', 2, 8, 9, 1);
    INSERT INTO replicas (content, place, state, verified_at) VALUES (x'${
    digest(3)
  }', 1, 'good', 10);
    INSERT INTO uploads (upload, owner, content, bytes, touched_at) VALUES ('u', 1, NULL, 11, 12);
    INSERT INTO upload_places (upload, place, prepared) VALUES ('u', 1, 0);
  `);
}

Deno.test("a step of the schema that files have been through is never changed", () => {
  const now = MIGRATIONS.map((step) =>
    createHash("sha256").update(step).digest("hex").slice(0, 16)
  );
  assertEquals(now.slice(0, RELEASED.length), RELEASED);
});

Deno.test("a catalog of version 1 opens with all it had", async () => {
  await using directory = temporaryDirectory();
  writeVersion1(`${directory.path}/catalog.db`);
  await using catalog = await openCatalog(`${directory.path}/catalog.db`);
  assertEquals([catalog.depot, catalog.sequence], ["the depot", 41]);
  assertEquals(await catalog.file(OWNER, "kept"), {
    ...{ name: "kept", version: 7, digest: digest(3), size: 3, wanted: 2, depositedAt: 8 },
    ...{ modifiedAt: 9, executable: true, places: ["p1"] },
  });
  assertEquals(await catalog.chunkChecks(digest(3)), content(3).checks);
  assertEquals((await catalog.content(digest(3)))?.replicas, [
    { place: "p1", state: "good", verifiedAt: 10 },
  ]);
  const upload = { upload: "u", owner: OWNER, places: ["p1"], bytes: 11, touchedAt: 12 };
  assertEquals(await catalog.uploads(), [upload]);
  assertEquals((await catalog.places())[0]?.state, "lost");
  // What later versions know of works on what this one left.
  const keeping = { now: 20, until: 30 };
  await catalog.removeFile(OWNER, "kept", keeping);
  assertEquals((await catalog.content(digest(3)))?.wanted, 2);
  const restoring = { owner: OWNER, name: "kept", version: null, replace: false, keeping };
  const restored = await catalog.restoreFile(restoring);
  assertEquals(restored, await catalog.file(OWNER, "kept"));
  assertEquals(typeof restored === "object" && restored.version, 7);
});

Deno.test("migrate() takes a file through the steps it lacks, once", async () => {
  await using directory = temporaryDirectory();
  writeVersion1(`${directory.path}/catalog.db`);
  using db = new DatabaseSync(`${directory.path}/catalog.db`);
  const steps = [MIGRATIONS[0]!, TABLES_OF_2];
  migrate(db, steps);
  migrate(db, steps);
  assertEquals(schemaVersion(db), 2);
  assertEquals(db.prepare("SELECT colour FROM places").get()!.colour, "red");
});

Deno.test("a step that leaves a row referring to nothing is not taken", async () => {
  await using directory = temporaryDirectory();
  writeVersion1(`${directory.path}/catalog.db`);
  using db = new DatabaseSync(`${directory.path}/catalog.db`);
  const steps = [MIGRATIONS[0]!, "DELETE FROM owners"];
  assertThrows(() => migrate(db, steps), Error, "refers to nothing");
  assertEquals(schemaVersion(db), 1);
  assertEquals(db.prepare("SELECT count(*) AS n FROM owners").get()!.n, 1);
});

Deno.test("a step that fails leaves the file at the version before it", async () => {
  await using directory = temporaryDirectory();
  writeVersion1(`${directory.path}/catalog.db`);
  using db = new DatabaseSync(`${directory.path}/catalog.db`);
  const steps = [MIGRATIONS[0]!, TABLES_OF_2, "DELETE FROM upload_places; DROP TABLE none"];
  assertThrows(() => migrate(db, steps), Error, "none");
  assertEquals(schemaVersion(db), 2);
  assertEquals(db.prepare("SELECT count(*) AS n FROM upload_places").get()!.n, 1);
});
