import type { StoredFile } from "../../client/mod.ts";
import { complaint } from "../complaint.ts";
import { failureJson, fileJson, jsonText } from "../json.ts";
import type { Screen } from "../screen.ts";
import { type Column, tableLines } from "../table.ts";
import { shown } from "../text.ts";
import { formatSize, formatTime } from "../units.ts";
import { UsageError } from "../values.ts";
import { defineCommand, EXIT } from "./command.ts";

const COLUMNS: Column[] = [
  { head: "NAME", cut: true },
  { head: "SIZE", align: "right" },
  { head: "COPIES", align: "right", leave: 1 },
  { head: "DEPOSITED", leave: 2 },
];

/** A table is laid out for so many files at once; a longer list goes on in further ones. */
const ROWS_AT_ONCE = 1_000;

export const listCommand = defineCommand({
  words: "[PREFIX/]",
  summary: "Lists your files, all or those whose names start with PREFIX/.",
  flags: {},
  examples: [
    ["deposito client list", "every file, with its copies"],
    ["deposito client list holidays/", "those of one folder"],
    ["deposito client list --json", "for a script"],
  ],
  failure: ({ words }, error) => [failureJson(words[0] ?? "", error)],
  async run({ words }, { link, screen, json, signal }) {
    if (words.length > 1) throw new UsageError("list takes one PREFIX/ at most");
    const list = (await link()).list({ prefix: words[0] ?? "", signal });
    if (json) return await printJson(screen, list);
    await printTable(screen, list, words[0] ?? "");
    return EXIT.done;
  },
});

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

async function printTable(
  screen: Screen,
  files: AsyncIterable<StoredFile>,
  prefix: string,
): Promise<void> {
  let held: StoredFile[] = [];
  let printed = 0;
  const print = () => {
    const lines = listLines(held, screen.columns);
    screen.result(...printed === 0 ? lines : lines.slice(1));
    printed += held.length;
    held = [];
  };
  for await (const file of files) {
    held.push(file);
    if (held.length === ROWS_AT_ONCE) print();
  }
  if (held.length > 0) print();
  if (printed > 0) return;
  screen.remark(
    prefix === ""
      ? "no files; deposit one with `deposito client deposit PATH`"
      : `no files whose names start with ${prefix}`,
  );
}

/** An array, whatever happens after its beginning was printed. */
async function printJson(screen: Screen, files: AsyncIterable<StoredFile>): Promise<number> {
  let before: string | null = null;
  const print = (element: unknown) => {
    screen.result(before === null ? "[" : before + ",");
    before = "  " + jsonText(element);
  };
  let status: number = EXIT.done;
  try {
    for await (const file of files) print(fileJson(file));
  } catch (error) {
    if (before === null) throw error;
    screen.complain(`the list is not whole: ${complaint(error)}`);
    print(failureJson("", error));
    status = EXIT.failed;
  }
  if (before === null) screen.result("[]");
  else screen.result(before, "]");
  return status;
}
