import type { RemovedFile, StoredFile } from "../../client/mod.ts";
import { complaint } from "../complaint.ts";
import { failureJson, fileJson, jsonText, removedJson } from "../json.ts";
import type { Screen } from "../screen.ts";
import { type Column, LongTable, SIZE_COLUMNS, tableLines } from "../table.ts";
import { shown } from "../text.ts";
import { formatSize, formatTime } from "../units.ts";
import { UsageError } from "../values.ts";
import { type Context, defineCommand, EXIT } from "./command.ts";

const COLUMNS: Column[] = [
  { head: "NAME", cut: true },
  { head: "SIZE", align: "right", least: SIZE_COLUMNS },
  { head: "COPIES", align: "right", leave: 1 },
  { head: "DEPOSITED", leave: 2 },
];

const REMOVED: Column[] = [
  { head: "NAME", cut: true },
  { head: "VERSION", align: "right" },
  { head: "SIZE", align: "right", least: SIZE_COLUMNS },
  { head: "REMOVED", leave: 2 },
  { head: "KEPT UNTIL", leave: 1 },
];

/** What a list shows of each file, and says when there is none. */
interface Listing<T> {
  columns: Column[];
  row(file: T): string[];
  json(file: T): unknown;
  nothing(prefix: string): string;
}

const FILES: Listing<StoredFile> = {
  columns: COLUMNS,
  row: listRow,
  json: fileJson,
  nothing: (prefix) =>
    prefix === ""
      ? "no files; deposit one with `deposito client deposit PATH`"
      : `no files whose names start with ${prefix}`,
};

const SHORT_FILES: Listing<StoredFile> = {
  ...FILES,
  nothing: () => "no file has fewer copies than it wants",
};

const REMOVED_FILES: Listing<RemovedFile> = {
  columns: REMOVED,
  row: (file) => [
    shown(file.name),
    String(file.version),
    formatSize(file.size),
    formatTime(file.removedAt),
    formatTime(file.keptUntil),
  ],
  json: removedJson,
  nothing: () => "nothing that can be restored",
};

/** A table is laid out for so many files at once; a longer list goes on in further ones. */
const ROWS_AT_ONCE = 1_000;

export const listCommand = defineCommand({
  words: "[PREFIX/]",
  summary: "Lists your files, all or those whose names start with PREFIX/.",
  flags: {
    "removed": { kind: "switch", help: "What was removed or replaced and can be restored" },
    short: { kind: "switch", help: "Only files with fewer copies now than they want" },
  },
  examples: [
    ["deposito client list", "every file, with its copies"],
    ["deposito client list holidays/", "those of one folder"],
    ["deposito client list --removed", "what restore can bring back"],
    ["deposito client list --json", "for a script"],
  ],
  failure: ({ words }, error) => [failureJson(words[0] ?? "", error)],
  async run({ flags, words }, context) {
    if (words.length > 1) throw new UsageError("list takes one PREFIX/ at most");
    if (flags.short && flags.removed) throw new UsageError("--short takes no --removed beside it");
    const query = { prefix: words[0] ?? "", signal: context.signal };
    const link = await context.link();
    if (flags.removed) {
      return await printListing(link.listRemoved(query), REMOVED_FILES, context, query);
    }
    const files = link.list(query);
    return flags.short
      ? await printListing(shortOnes(files), SHORT_FILES, context, query)
      : await printListing(files, FILES, context, query);
  },
});

async function* shortOnes(files: AsyncIterable<StoredFile>): AsyncGenerator<StoredFile> {
  for await (const file of files) if (file.replicas.live < file.replicas.wanted) yield file;
}

async function printListing<T>(
  files: AsyncIterable<T>,
  listing: Listing<T>,
  { screen, json }: Context,
  { prefix }: { prefix: string },
): Promise<number> {
  if (json) return await printJson(screen, files, listing);
  if (await printTable(screen, files, listing) === 0) screen.remark(listing.nothing(prefix));
  return EXIT.done;
}

/** One row of the table. */
export function listRow(file: StoredFile): string[] {
  const { live, wanted } = file.replicas;
  const copies = `${live} of ${wanted}`;
  return [shown(file.name), formatSize(file.size), copies, formatTime(file.depositedAt)];
}

/** The table as lines; `width` as in `tableLines`. */
export function listLines(files: StoredFile[], width: number | null): string[] {
  return tableLines(COLUMNS, files.map(listRow), width);
}

/** Resolves to how many there were. */
async function printTable<T>(
  screen: Screen,
  files: AsyncIterable<T>,
  { columns, row }: Listing<T>,
): Promise<number> {
  let held: T[] = [];
  let printed = 0;
  const table = new LongTable(columns);
  const print = () => {
    const lines = table.lines(held.map(row), screen.columns);
    screen.result(...printed === 0 ? lines : lines.slice(1));
    printed += held.length;
    held = [];
  };
  for await (const file of files) {
    held.push(file);
    if (held.length === ROWS_AT_ONCE) print();
  }
  if (held.length > 0) print();
  return printed;
}

/** An array, whatever happens after its beginning was printed. */
async function printJson<T>(
  screen: Screen,
  files: AsyncIterable<T>,
  { json }: Listing<T>,
): Promise<number> {
  let before: string | null = null;
  const print = (element: unknown) => {
    screen.result(before === null ? "[" : before + ",");
    before = "  " + jsonText(element);
  };
  let status: number = EXIT.done;
  try {
    for await (const file of files) print(json(file));
  } catch (error) {
    if (before === null || error instanceof Deno.errors.BrokenPipe) throw error;
    screen.complain(`the list is not whole: ${complaint(error)}`);
    print(failureJson("", error));
    status = EXIT.failed;
  }
  if (before === null) screen.result("[]");
  else screen.result(before, "]");
  return status;
}
