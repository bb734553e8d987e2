/** Progress as text: from what is under way to the lines that say so. */
import { columnsOf, fit, shown } from "./text.ts";
import { count, formatDuration, formatSize } from "./units.ts";

/** One transfer. Sizes in bytes. */
export interface TransferState {
  /** Such as `sending`. */
  stage: string;
  name: string;
  done: number;
  /** `null`: not known. */
  total: number | null;
  /** Bytes a second; `null`: too early to say. */
  rate: number | null;
  /** Copies that are durable by now, and that are to be; `null`: not known, or none of it. */
  copies: { live: number; wanted: number } | null;
}

/** All files of a command. */
export interface TotalState {
  /** Those that are over. */
  files: number;
  /** Bytes that moved, of those that are over and of those under way. */
  bytes: number;
  /** All there are as far as is known, and whether that is all; `bytes` `null`: not known. */
  expected: { files: number; bytes: number | null; isAll: boolean };
  /** Bytes a second; `null`: too early to say. */
  rate: number | null;
}

/** What a command shows of itself; without `total` it is about one file. */
export interface ProgressState {
  total: TotalState | null;
  /** Those that are worth a line, the oldest first. */
  transfers: TransferState[];
}

/** Transfers that are shown beside a total, at most. */
const MOST_TRANSFERS = 8;

/** The lines, each of at most `columns` columns: the total, and one for each transfer. */
export function progressLines(
  { total, transfers }: ProgressState,
  { columns, rows }: { columns: number; rows: number },
): string[] {
  if (!total) return transfers.slice(0, 1).map((transfer) => transferText(transfer, columns));
  const most = Math.max(0, Math.min(MOST_TRANSFERS, rows - 2));
  const lines = transfers.slice(0, most).map((each) => `  ${transferText(each, columns - 2)}`);
  return [totalText(total, columns), ...lines].map((line) => fit(line, columns));
}

/** `sending report.pdf: 50 % of 1.1 GiB, 95.4 MiB/s, 6 s left` */
export function transferText(state: TransferState, columns: number): string {
  const { stage, done, total, copies } = state;
  // Once nothing is left to move, how many copies are durable is all that there is to say.
  const isMoving = copies === null || (total !== null && total > 0);
  const parts = [
    ...isMoving ? [amount(done, total)] : [],
    ...copies ? [`${copies.live} of ${count(copies.wanted, "replica")}`] : [],
    ...isMoving ? pace(state) : [],
  ];
  const ending = fitting(parts, columns - columnsOf(stage) - NAME_COLUMNS - 3);
  const room = columns - columnsOf(stage) - columnsOf(ending) - 3;
  const name = room >= 4 ? " " + fit(shown(state.name), room) : "";
  return fit(`${stage}${name}: ${ending}`, columns);
}

/** `12 of 1000 files, 34.0 MiB of 250 MiB, 30.1 MiB/s, 8 s left`, or as much as there is room for. */
export function totalText({ files, bytes, expected, rate }: TotalState, columns: number): string {
  const known = expected.isAll ? `${expected.files}` : `at least ${expected.files}`;
  const least = expected.isAll ? known : `${expected.files}+`;
  const all = expected.isAll ? expected.bytes : null;
  const isMoving = bytes > 0 || expected.bytes !== null;
  const moving = (amounts: string[]) =>
    isMoving ? [...amounts, ...pace({ done: bytes, total: all, rate })] : [];
  const long = [
    `${files} of ${known} file${known === "1" ? "" : "s"}`,
    ...moving([formatSize(bytes) + (all === null ? "" : ` of ${formatSize(all)}`)]),
  ];
  const short = [
    `${files} of ${least} file${least === "1" ? "" : "s"}`,
    ...moving([all === null ? formatSize(bytes) : `${percentOf(bytes, all)} %`]),
  ];
  return fit(
    columnsOf(long.join(", ")) <= columns ? long.join(", ") : fitting(short, columns),
    columns,
  );
}

/** Room that a name should have beside the numbers. */
const NAME_COLUMNS = 12;

/** As many of the parts as fit, at least one: the least important stand last. */
function fitting(parts: string[], columns: number): string {
  const kept = [...parts];
  while (kept.length > 1 && columnsOf(kept.join(", ")) > columns) kept.pop();
  return kept.join(", ");
}

function amount(done: number, total: number | null): string {
  if (total === null) return formatSize(done);
  return `${percentOf(done, total)} % of ${formatSize(total)}`;
}

function percentOf(done: number, total: number): number {
  return total === 0 ? 100 : Math.min(100, Math.floor((done / total) * 100));
}

function pace({ done, total, rate }: Pick<TransferState, "done" | "total" | "rate">): string[] {
  if (rate === null) return [];
  const speed = `${formatSize(rate)}/s`;
  if (rate <= 0 || total === null || done >= total) return [speed];
  return [speed, `${formatDuration(((total - done) / rate) * 1000)} left`];
}
