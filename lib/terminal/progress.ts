/** Progress as a text: what is under way, in one line. */
import { columnsOf, fit, shown } from "./text.ts";
import { formatDuration, formatSize } from "./units.ts";

/** What is under way. Sizes in bytes. */
export interface ProgressState {
  /** Such as `sending`. */
  stage: string;
  name: string;
  done: number;
  /** `null`: not known. */
  total: number | null;
  /** Bytes a second; `null`: too early to say. */
  rate: number | null;
  /** Of a command with many files: those that are over. */
  files: number | null;
}

/** One line of at most `columns` columns. */
export function progressText(state: ProgressState, columns: number): string {
  const { stage, done, total, rate, files } = state;
  const head = files === null ? stage : `${files} done, ${stage}`;
  const ending = [amount(done, total), ...rate ? [`${formatSize(rate)}/s`] : [], ...left(state)];
  // The least important goes first: the time left, the speed.
  while (ending.length > 1 && tooLong(head, ending, columns)) ending.pop();
  const room = columns - columnsOf(head) - columnsOf(ending.join(", ")) - 3;
  const name = room >= 4 ? " " + fit(shown(state.name), room) : "";
  return fit(`${head}${name}: ${ending.join(", ")}`, columns);
}

/** Room that a name should have beside the numbers. */
const NAME_COLUMNS = 12;

function tooLong(head: string, ending: string[], columns: number): boolean {
  return columnsOf(head) + columnsOf(ending.join(", ")) + 3 + NAME_COLUMNS > columns;
}

function amount(done: number, total: number | null): string {
  if (total === null) return formatSize(done);
  const percent = total === 0 ? 100 : Math.min(100, Math.floor((done / total) * 100));
  return `${percent} % of ${formatSize(total)}`;
}

function left({ done, total, rate }: ProgressState): string[] {
  if (!rate || total === null || done >= total) return [];
  return [`${formatDuration(((total - done) / rate) * 1000)} left`];
}
