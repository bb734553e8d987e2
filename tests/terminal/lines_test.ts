import type { DepotStatus, RepairStatus, ReplicaStatus, StoredFile } from "../../lib/client/mod.ts";
import { ConnectionLost, LocalError, Refusal } from "../../lib/client/mod.ts";
import { listLines } from "../../lib/terminal/commands/list.ts";
import { complaint } from "../../lib/terminal/complaint.ts";
import { fileJson, fileStatusJson, jsonText, statusJson } from "../../lib/terminal/json.ts";
import { receiptText, restOf } from "../../lib/terminal/receipt.ts";
import { fileStatusLines, statusLines } from "../../lib/terminal/status_text.ts";
import { LongTable } from "../../lib/terminal/table.ts";
import { columnsOf } from "../../lib/terminal/text.ts";
import { assert, assertEquals } from "../assert.ts";

const FILE: StoredFile = {
  name: "reports/report.pdf",
  size: 1_300_000,
  digest: "ab".repeat(32),
  version: 2,
  depositedAt: Date.UTC(2026, 0, 31, 12),
  replicas: { wanted: 3, live: 3 },
  places: ["disk1", "disk2", "disk3"].map((name, index) => ({ id: `p${index}`, name })),
  modifiedAt: null,
  executable: false,
};

const DAY_MS = 24 * 3_600_000;
const NOW = Date.UTC(2026, 0, 31, 12);

const STATUS: DepotStatus = {
  files: 12,
  bytes: 1_300_000,
  places: [{
    id: "p1",
    name: "a-place-with-a-rather-long-name-of-its-own",
    kind: "fs",
    zone: "a-zone-that-is-long",
    state: "online",
    draining: false,
    missedInMs: null,
    free: 50_000_000_000,
    capacity: 100_000_000_000,
    replicas: 12_345,
  }],
  repair: { queued: 2, running: 1, deficit: 3, damaged: 1, aside: 2, short: 2, waiting: 2 },
  scrub: { checked: 11, periodMs: 7 * DAY_MS, oldest: NOW - 9 * DAY_MS, place: "p", percent: 37 },
};

const COPIES: ReplicaStatus[] = [{
  place: "p1",
  name: "disk1",
  zone: "z",
  state: "good",
  placeState: "online",
  verifiedAt: null,
  draining: false,
}];

Deno.test("a receipt says what is stored, how often, where, and what becomes of the rest", () => {
  assertEquals(
    receiptText("stored", FILE, restOf(FILE, null)),
    "stored reports/report.pdf (1.2 MiB): 3 of 3 on disk1, disk2, disk3",
  );
  const few = { ...FILE, name: "a\u202eb", replicas: { wanted: 3, live: 1 } };
  few.places = FILE.places.slice(0, 1);
  const text = "stored a\\u{202e}b (1.2 MiB): 1 of 3 on disk1, the rest ";
  assertEquals(receiptText("stored", few, restOf(few, null)), `${text}when holders or disks come`);
  assertEquals(receiptText("stored", few, restOf(few, 2)), `${text}when holders or disks come`);
  assertEquals(receiptText("stored", few, restOf(few, 1)), `${text}follows`);
  const none = { ...FILE, replicas: { wanted: 1, live: 0 }, places: [] };
  assertEquals(receiptText("file", none), "file reports/report.pdf (1.2 MiB): 0 of 1");
  const many = { ...FILE, replicas: { wanted: 40, live: 40 } };
  assertEquals(receiptText("stored", many).endsWith("disk2, disk3 and 37 more"), true);
});

Deno.test("tables fit 80 and 40 columns, whatever the names are", () => {
  const names = ["a", "日本語".repeat(30), "x".repeat(200), "a\nb"];
  const files = names.map((name) => ({ ...FILE, name }));
  for (const width of [80, 40]) {
    const tables = [
      listLines(files, width),
      statusLines(STATUS, { width, now: NOW }),
      fileStatusLines({ file: FILE, copies: COPIES, repair: null }, width),
    ];
    const lines = tables.flat().filter((line) => line !== FILE.digest);
    for (const line of lines) assert(columnsOf(line) <= width, `${width}: ${line}`);
  }
});

Deno.test("a wide list has every column, a narrow one the name and the size", () => {
  const time = listLines([FILE], null)[1]!.slice(-16);
  assertEquals(listLines([FILE], 80), [
    "NAME                    SIZE  COPIES  DEPOSITED",
    `reports/report.pdf   1.2 MiB  3 of 3  ${time}`,
  ]);
  assertEquals(listLines([FILE], 36), [
    "NAME                    SIZE  COPIES",
    "reports/report.pdf   1.2 MiB  3 of 3",
  ]);
  assertEquals(listLines([FILE], 24), [
    "NAME                SIZE",
    "reports…rt.pdf   1.2 MiB",
  ]);
});

Deno.test("a table that comes in parts keeps its columns", () => {
  const table = new LongTable([{ head: "NAME" }, { head: "SIZE", align: "right", least: 8 }]);
  assertEquals(table.lines([["a long name", "99.9 MiB"]], 80), [
    "NAME             SIZE",
    "a long name  99.9 MiB",
  ]);
  assertEquals(table.lines([["b", "4 B"]], 80)[1], "b                 4 B");
});

Deno.test("a status says in words what is short, what is done about it, and how far the checks are", () => {
  assertEquals(statusLines(STATUS, { width: 80, now: NOW }).slice(0, 11), [
    "12 files, 1.2 MiB",
    "3 copies missing in 2 files",
    "  on places that are waited for: 2",
    "  to see which: list --short",
    "1 file without a good copy",
    "2 files with a damaged copy set aside",
    "being repaired: 1",
    "to be looked at: 2",
    "checked in 7 d: 11 of 12 files",
    "  the oldest check 9 d ago",
    "checking p now: 37 %",
  ]);
  const repair = { ...STATUS.repair, queued: 0, running: 0, deficit: 0, damaged: 0, aside: 0 };
  const calm = { ...STATUS, places: [], repair: { ...repair, short: 0, waiting: 0 }, scrub: null };
  assertEquals(statusLines(calm, { width: 80, now: NOW }).slice(1), [
    "nothing to repair",
    "no places",
  ]);
});

Deno.test("a place that is away says until when it is waited for, one that is emptied says so", () => {
  const place = { ...STATUS.places[0]!, name: "laptop", zone: "z" };
  const places = [
    { ...place, state: "lost", missedInMs: 41.5 * 60_000 },
    { ...place, name: "desktop", draining: true },
  ];
  assertEquals(statusLines({ ...STATUS, places }, { width: 44, now: NOW }).slice(-3), [
    "PLACE    STATE     REPLACED IN      FREE",
    "laptop   lost           42 min",
    "desktop  draining               46.6 GiB",
  ]);
});

Deno.test("a file's status says why copies are missing, and when that changes", () => {
  const away = { ...COPIES[0]!, name: "laptop", placeState: "lost" };
  const file = { ...FILE, replicas: { wanted: 2, live: 1 } };
  const why = (repair: RepairStatus, about = file) =>
    fileStatusLines({ file: about, copies: [...COPIES, away], repair }, null)[1]!;
  const inMs = 23.4 * 3_600_000;
  assertEquals(
    why({ state: "away", inMs }),
    "1 copy missing: waits for laptop (lost), and is made elsewhere in 23 h unless it comes back",
  );
  assertEquals(
    why({ state: "queued", inMs: null }),
    "1 copy missing: waits for its turn to be made",
  );
  assertEquals(why({ state: "running", inMs: null }), "1 copy missing: being made now");
  assertEquals(
    why({ state: "no_place", inMs: 60_000 }),
    "1 copy missing: no other place has room for it; tried again in 1 min, and when a place comes",
  );
  assertEquals(
    why({ state: "no_source", inMs: 8_000 }, { ...file, replicas: { wanted: 2, live: 0 } }),
    "2 copies missing: no good copy can be read until laptop (lost) comes back; tried again in 8 s",
  );
  const full = { ...file, replicas: { wanted: 2, live: 2 } };
  assertEquals(
    why({ state: "running", inMs: null }, full),
    "a copy is to move off a place that is emptied: being made now",
  );
  assertEquals(why({ state: "complete", inMs: null }, full).startsWith("version 2"), true);
});

Deno.test("a complaint is one line that says what to do next", () => {
  const few = new Refusal("poucos_locais", "Refused 9 replicas: only 3 places", { available: 3 });
  assertEquals(
    complaint(few),
    "Refused 9 replicas: only 3 places; ask for 3, or deposit it with --allow-fewer",
  );
  const lost = new ConnectionLost("Could not connect to a:1: Connection refused (os error 111)");
  assertEquals(
    complaint(lost),
    "Could not connect to a:1: Connection refused; is a depot running there? " +
      "Start one with `deposito server`, or give --server",
  );
  const absent = new Deno.errors.NotFound("No such file or directory (os error 2): stat '/a: b'");
  assertEquals(complaint(absent), "/a: b: No such file or directory; check the path");
  assertEquals(complaint(new LocalError("ja_existe", "x: y '/z'")), "x: y '/z'");
  const none = "Refused: no place is there now: all 2 are away";
  assertEquals(
    complaint(new Refusal("poucos_locais", none, { available: 0 })),
    `${none}, see \`deposito client status\``,
  );
  // What writes to standard output has no path.
  const full = new Error("No space left on device (os error 28)");
  assertEquals(complaint(full), "No space left on device");
});

Deno.test("JSON has the shapes of the design, and nothing else", () => {
  const file = {
    name: "reports/report.pdf",
    size: 1_300_000,
    sha256: "ab".repeat(32),
    version: 2,
    depositedAt: "2026-01-31T12:00:00.000Z",
    replicas: { wanted: 3, live: 3 },
    places: FILE.places,
  };
  assertEquals(JSON.stringify(fileJson(FILE)), JSON.stringify(file));
  assertEquals<unknown>(fileStatusJson({ file: FILE, copies: COPIES, repair: null }), {
    ...file,
    copies: COPIES,
    repair: null,
  });
  assertEquals(
    JSON.stringify(statusJson(STATUS)),
    JSON.stringify({
      files: 12,
      bytes: 1_300_000,
      places: STATUS.places.map((
        { id, name, kind, zone, state, free, capacity, replicas, draining, missedInMs },
      ) => ({
        id,
        name,
        kind,
        zone,
        state,
        free,
        capacity,
        replicas,
        draining,
        missedInMs,
      })),
      repair: STATUS.repair,
      scrub: { ...STATUS.scrub, oldest: "2026-01-22T12:00:00.000Z" },
    }),
  );
});

Deno.test("JSON has nothing in it that a terminal obeys or does not show", () => {
  const name = "a\x7f\x9b\u202e\u2028\u{e0041}é😀";
  const text = jsonText({ name });
  assertEquals(text, '{"name":"a\\u007f\\u009b\\u202e\\u2028\\udb40\\udc41é😀"}');
  assertEquals(JSON.parse(text).name, name);
});
