import type { AsideReport } from "../../depot/asides.ts";
import { type Column, tableLines } from "../table.ts";
import { shown } from "../text.ts";
import { count, formatSize, formatTime } from "../units.ts";
import { UsageError } from "../values.ts";
import { defineOperatorCommand, YES_FLAG } from "./command.ts";

const ASIDES: Column[] = [
  { head: "CONTENT" },
  { head: "PLACE", cut: true },
  { head: "SIZE", align: "right", leave: 2 },
  { head: "SINCE", leave: 1 },
  { head: "GOOD COPIES", align: "right" },
  { head: "NEEDED" },
];

/** So many digits of a digest tell contents apart. */
const DIGITS = 16;

const SPARE = "spare";

export const asideCommand = defineOperatorCommand({
  words: "",
  summary:
    "Lists the copies that were set aside because they were damaged or unknown, or drops them.",
  flags: {
    drop: {
      kind: "list",
      value: "CONTENT|spare",
      help: "Delete those of this content (its first digits are enough); spare: all not needed",
    },
  },
  here: YES_FLAG,
  more: [
    "A copy is needed as long as no good copy of its content was read whole since it was set " +
    "aside: it is not dropped. One of a content that the catalog does not know is dropped only by " +
    "its digits. All others go by themselves after 30 days.",
  ],
  examples: [["deposito server aside", "lists what was set aside"], [
    "deposito server aside --drop spare --yes",
    "deletes all of it that is not needed",
  ]],
  check: ({ flags }) => void chosen(flags.drop),
  async question({ flags }, { operator }) {
    const which = chosen(flags.drop);
    if (which === null) return null;
    const copies = await operator.droppable(which);
    return copies.length === 0 ? null : `Delete ${copiesWords(copies.length)} for good?`;
  },
  async run({ flags }, { operator }) {
    const which = chosen(flags.drop);
    const copies = which ? await operator.dropAsides(which) : await operator.asides();
    return which ? { dropped: copies.map(rowOf) } : { asides: copies.map(rowOf) };
  },
  lines(result, width) {
    if (result.dropped) return [`dropped ${copiesWords(result.dropped.length)}`];
    if (result.asides.length === 0) return ["nothing is set aside"];
    return tableLines(ASIDES, result.asides.map(cellsOf), width);
  },
});

/** `null`: they are only listed. Throws `UsageError`. */
function chosen(drop: string[]): string[] | "spare" | null {
  if (drop.length === 0) return null;
  if (drop.length === 1 && drop[0] === SPARE) return SPARE;
  for (const digits of drop) {
    if (/^[0-9a-f]{6,64}$/.test(digits)) continue;
    throw new UsageError(
      `--drop ${
        JSON.stringify(digits)
      }: write ${SPARE}, or at least 6 digits of a content's digest`,
    );
  }
  return drop;
}

function rowOf({ digest, place, here, since, size, good, spare }: AsideReport) {
  return {
    digest,
    place: place && { id: place.id, name: place.name },
    here,
    since: new Date(since).toISOString(),
    size,
    good,
    spare,
  };
}

function cellsOf({ digest, place, since, size, good, spare }: ReturnType<typeof rowOf>): string[] {
  return [
    digest.slice(0, DIGITS),
    shown(place?.name ?? "?"),
    size === null ? "" : formatSize(size),
    formatTime(Date.parse(since)),
    good === null ? "" : String(good),
    good === null ? "unknown" : spare ? "no" : "yes",
  ];
}

function copiesWords(number: number): string {
  return count(number, "set-aside copy", "set-aside copies");
}
