import { createHash } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { CatalogRefused } from "../../../lib/depot/catalog/catalog.ts";
import { openCatalog } from "../../../lib/depot/catalog/open.ts";
import { MIGRATIONS } from "../../../lib/depot/catalog/schema.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../../assert.ts";
import {
  deposit,
  OWNER,
  settle,
  temporaryCatalog,
  temporaryDirectory,
} from "./temporary_catalog.ts";

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** A closed catalog's file with `files` files. */
async function closedCatalog(directory: string, files: number): Promise<string> {
  const path = `${directory}/catalog.db`;
  await using catalog = await openCatalog(path);
  await settle(catalog);
  const numbers = Array.from({ length: files }, (_, number) => number);
  await Promise.all(numbers.map((number) => deposit(catalog, { number, name: `file ${number}` })));
  return path;
}

/** Opens what cannot be opened, and checks that the directory is the same to the byte after it. */
async function refusal(path: string, why: string): Promise<CatalogRefused> {
  const before = contentsOf(path);
  const error = await assertRejects(() => openCatalog(path), CatalogRefused, why);
  assertEquals(contentsOf(path), before);
  return error;
}

/**
 * The digests of the files beside `path`. Looking at a database in SQLite may leave an index of its
 * log, and a log with nothing in it.
 */
function contentsOf(path: string): Record<string, string> {
  const directory = path.slice(0, path.lastIndexOf("/"));
  const names = Array.from(Deno.readDirSync(directory), (entry) => entry.name).sort();
  const digests = names.filter((name) => !name.endsWith("-shm"))
    .map((name) => [name, Deno.readFileSync(`${directory}/${name}`)] as const)
    .filter(([name, bytes]) => !(name.endsWith("-wal") && bytes.length === 0))
    .map(([name, bytes]) => [name, createHash("sha256").update(bytes).digest("hex")]);
  return Object.fromEntries(digests);
}

function change(path: string, sql: string): void {
  using db = new DatabaseSync(path);
  db.exec(sql);
}

Deno.test({
  name: "only its owner may read the catalog, also where others may look into its folder",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using temporary = await temporaryCatalog();
    await deposit(temporary.catalog, { number: 1 });
    const folder = temporary.path.slice(0, temporary.path.lastIndexOf("/"));
    for (const { name } of Deno.readDirSync(folder)) {
      assertEquals([name, Deno.statSync(`${folder}/${name}`).mode! & 0o077], [name, 0]);
    }
  },
});

Deno.test("openCatalog() makes an identifier once, and keeps it and the sequence", async () => {
  await using directory = temporaryDirectory();
  const path = await closedCatalog(directory.path, 1);
  await using catalog = await openCatalog(path, { newDepot: "not used" });
  assertMatch(catalog.depot, UUID_V4);
  assert(catalog.sequence > 0);
  assert(await catalog.file(OWNER, "file 0"));
});

Deno.test("openCatalog() takes the identifier it is given for a new depot", async () => {
  await using directory = temporaryDirectory();
  const newDepot = crypto.randomUUID();
  await using catalog = await openCatalog(`${directory.path}/catalog.db`, { newDepot });
  assertEquals([catalog.depot, catalog.sequence], [newDepot, 0]);
});

Deno.test("openCatalog() begins again after it was stopped while making the file", async () => {
  await using directory = temporaryDirectory();
  const path = `${directory.path}/catalog.db`;
  Deno.writeTextFileSync(`${path}.new`, "half of a database");
  await using catalog = await openCatalog(path);
  assertEquals(catalog.sequence, 0);
});

Deno.test("openCatalog() refuses a newer schema with both numbers", async () => {
  await using directory = temporaryDirectory();
  const path = await closedCatalog(directory.path, 1);
  change(path, "PRAGMA user_version = 99");
  const { message } = await refusal(path, "version 99");
  assertMatch(message, new RegExp(`up to ${MIGRATIONS.length}\\b.*newer program`));
});

Deno.test("openCatalog() refuses what is not a database, or another program's", async () => {
  await using directory = temporaryDirectory();
  const path = `${directory.path}/catalog.db`;
  for (const bytes of ["", "short", "a text that is longer than a header ".repeat(9)]) {
    Deno.writeTextFileSync(path, bytes);
    await refusal(path, "it is not a database");
  }
  Deno.removeSync(path);
  change(path, "CREATE TABLE t (a); PRAGMA user_version = 1");
  await refusal(path, "another program's database");
});

Deno.test("openCatalog() refuses a directory that is not there", async () => {
  await using directory = temporaryDirectory();
  const path = `${directory.path}/none/catalog.db`;
  await assertRejects(() => openCatalog(path), CatalogRefused, "unable to open");
});

Deno.test("openCatalog() refuses to make a catalog where only its log is left", async () => {
  await using directory = temporaryDirectory();
  const path = `${directory.path}/catalog.db`;
  Deno.writeTextFileSync(`${path}-wal`, "what was committed last");
  await refusal(path, "its log");
  Deno.writeTextFileSync(`${path}-wal`, "");
  await using _catalog = await openCatalog(path);
});

Deno.test("openCatalog() refuses a damaged and a shortened file, and changes nothing", async () => {
  await using directory = temporaryDirectory();
  const path = await closedCatalog(directory.path, 300);
  const whole = Deno.readFileSync(path);
  Deno.writeFileSync(path, whole.slice(0, whole.length - 8192));
  await refusal(path, "its file is damaged");
  Deno.writeFileSync(path, whole.fill(0x5a, whole.length / 2, whole.length / 2 + 4096));
  await refusal(path, "its file is damaged");
});

Deno.test("openCatalog() says so when another process keeps the file locked", async () => {
  await using directory = temporaryDirectory();
  const path = await closedCatalog(directory.path, 1);
  using db = new DatabaseSync(path);
  db.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
  await assertRejects(() => openCatalog(path), CatalogRefused, "locked");
});

Deno.test("a catalog that turns out damaged while it is open refuses everything from then on", async () => {
  await using temporary = await temporaryCatalog();
  const { catalog, path } = temporary;
  await deposit(catalog, { number: 1 });
  change(path, "PRAGMA wal_checkpoint(TRUNCATE)");
  const whole = Deno.readFileSync(path);
  overwrite(path, whole.slice().fill(0x5a, 4096));
  await assertRejects(() => catalog.content("1".repeat(64)), CatalogRefused, "damaged");
  overwrite(path, whole);
  await assertRejects(() => catalog.places(), CatalogRefused, "damaged");
});

/** Writes over the bytes of an open file, which `Deno.writeFile` would first shorten to nothing. */
function overwrite(path: string, bytes: Uint8Array): void {
  using file = Deno.openSync(path, { write: true });
  for (let written = 0; written < bytes.length;) {
    written += file.writeSync(bytes.subarray(written));
  }
}
