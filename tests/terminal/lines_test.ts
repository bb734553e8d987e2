import type { DepotStatus, StoredFile } from "../../lib/client/mod.ts";
import { ConnectionLost, LocalError, Refusal } from "../../lib/client/mod.ts";
import { listLines } from "../../lib/terminal/commands/list.ts";
import { fileStatusLines, statusLines } from "../../lib/terminal/commands/status.ts";
import { complaint } from "../../lib/terminal/complaint.ts";
import { fileJson, fileStatusJson, jsonText, statusJson } from "../../lib/terminal/json.ts";
import { receiptText } from "../../lib/terminal/receipt.ts";
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

const STATUS: DepotStatus = {
  files: 12,
  bytes: 1_300_000,
  places: [{
    id: "p1",
    name: "a-place-with-a-rather-long-name-of-its-own",
    kind: "fs",
    zone: "a-zone-that-is-long",
    state: "online",
    free: 50_000_000_000,
    capacity: 100_000_000_000,
    replicas: 12_345,
  }],
  repair: { queued: 2, running: 1, deficit: 3, damaged: 1, aside: 2 },
};

const COPIES = [
  { place: "p1", name: "disk1", zone: "z", state: "good", placeState: "online", verifiedAt: null },
];

Deno.test("a receipt says what is stored, how often, and where", () => {
  assertEquals(
    receiptText("stored", FILE),
    "stored reports/report.pdf (1.2 MiB): 3 of 3 replicas on disk1, disk2, disk3",
  );
  const few = { ...FILE, name: "a\u202eb", replicas: { wanted: 1, live: 0 }, places: [] };
  assertEquals(receiptText("stored", few), "stored a\\u{202e}b (1.2 MiB): 0 of 1 replica");
  const many = { ...FILE, replicas: { wanted: 40, live: 40 } };
  assertEquals(receiptText("stored", many).endsWith("disk2, disk3 and 37 more"), true);
});

Deno.test("tables fit 80 and 40 columns, whatever the names are", () => {
  const names = ["a", "日本語".repeat(30), "x".repeat(200), "a\nb"];
  const files = names.map((name) => ({ ...FILE, name }));
  for (const width of [80, 40]) {
    const tables = [
      listLines(files, width),
      statusLines(STATUS, width).slice(2),
      fileStatusLines({ file: FILE, copies: COPIES }, width).slice(3),
    ];
    for (const line of tables.flat()) assert(columnsOf(line) <= width, `${width}: ${line}`);
  }
});

Deno.test("a wide list has every column, a narrow one the name and the size", () => {
  const time = listLines([FILE], null)[1]!.slice(-16);
  assertEquals(listLines([FILE], 80), [
    "NAME                   SIZE  COPIES  DEPOSITED",
    `reports/report.pdf  1.2 MiB  3 of 3  ${time}`,
  ]);
  assertEquals(listLines([FILE], 36), [
    "NAME                   SIZE  COPIES",
    "reports/report.pdf  1.2 MiB  3 of 3",
  ]);
  assertEquals(listLines([FILE], 24), [
    "NAME                SIZE",
    "reports…ort.pdf  1.2 MiB",
  ]);
});

Deno.test("a status says in words what is to be repaired", () => {
  assertEquals(statusLines(STATUS, 80).slice(0, 2), [
    "12 files, 1.2 MiB",
    "3 replicas missing, 1 file without a good copy, 1 being repaired, 2 to be repaired, " +
    "2 damaged copies set aside",
  ]);
  const repair = { queued: 0, running: 0, deficit: 0, damaged: 0, aside: 0 };
  assertEquals(statusLines({ ...STATUS, places: [], repair }, 80).slice(1), [
    "nothing to repair",
    "no places",
  ]);
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
  assertEquals<unknown>(fileStatusJson({ file: FILE, copies: COPIES }), {
    ...file,
    copies: COPIES,
  });
  assertEquals(
    JSON.stringify(statusJson(STATUS)),
    JSON.stringify({
      files: 12,
      bytes: 1_300_000,
      places: STATUS.places.map(({ id, name, kind, zone, state, free, capacity, replicas }) => ({
        id,
        name,
        kind,
        zone,
        state,
        free,
        capacity,
        replicas,
      })),
      repair: STATUS.repair,
    }),
  );
});

Deno.test("JSON has nothing in it that a terminal obeys or does not show", () => {
  const name = "a\x7f\x9b\u202e\u2028\u{e0041}é😀";
  const text = jsonText({ name });
  assertEquals(text, '{"name":"a\\u007f\\u009b\\u202e\\u2028\\udb40\\udc41é😀"}');
  assertEquals(JSON.parse(text).name, name);
});
