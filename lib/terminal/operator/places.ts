import { type PlaceReport, SHORT_ID_LETTERS } from "../../depot/operator.ts";
import { type Column, tableLines } from "../table.ts";
import { shown } from "../text.ts";
import { formatSize, formatTime } from "../units.ts";
import { defineOperatorCommand, placeJson } from "./command.ts";

/** One place, as `places --json` prints it. */
export type PlaceRow = ReturnType<typeof rowOf>;

const PLACES: Column[] = [
  { head: "PLACE", cut: true },
  { head: "STATE" },
  { head: "SINCE", leave: 5 },
  { head: "FREE", align: "right" },
  { head: "OF", align: "right", leave: 3 },
  { head: "COPIES", align: "right", leave: 1 },
  { head: "ZONE", cut: true, leave: 4 },
  { head: "KIND", leave: 6 },
  { head: "ID", leave: 2 },
];

/** Those that need a look stand between those that work and those that are gone. */
const ORDER = ["online", "goodbye", "lost", "gone"];

export const placesCommand = defineOperatorCommand({
  words: "",
  summary: "Shows every place: its state, its room, how many copies it has.",
  flags: {},
  here: {},
  examples: [["deposito server places", "the places of the depot that runs on ./deposito-data"], [
    "deposito server places --data /srv/depot --json",
    "those of another one, for a program",
  ]],
  async run(_call, { operator }) {
    const rows = (await operator.places()).map(rowOf);
    return rows.sort((a, b) =>
      ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || (a.name < b.name ? -1 : 1)
    );
  },
  lines(rows, width) {
    if (rows.length === 0) return ["no places"];
    return tableLines(PLACES, rows.map(cellsOf), width);
  },
});

function rowOf({ place, free, capacity, replicas, remaining, lent }: PlaceReport) {
  return { ...placeJson(place), remaining, lent, free, capacity, replicas };
}

function cellsOf(row: PlaceRow): string[] {
  const there = row.state === "online";
  return [
    shown(row.name),
    row.remaining === null || row.state === "gone"
      ? row.state
      : `${row.state}, ${drainingWords(row.remaining)}`,
    formatTime(Date.parse(row.since)),
    there ? formatSize(row.free) : "",
    there ? formatSize(row.capacity) : "",
    String(row.replicas),
    shown(row.zone),
    row.kind,
    row.id.slice(0, SHORT_ID_LETTERS),
  ];
}

function drainingWords(remaining: number): string {
  return remaining > 0 ? `draining, ${remaining} to go` : "drained";
}
