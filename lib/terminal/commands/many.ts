/** How a command with many files ends: what was done, what was not, and why. */
import { ConnectionLost } from "../../client/mod.ts";
import type { Many } from "../../client/parallel.ts";
import { complaint } from "../complaint.ts";
import { failureJson } from "../json.ts";
import { stoppedWords } from "../stopping.ts";
import type { Context } from "./command.ts";

const NOT_BEGUN = "Not begun: the depot could not be reached any more";

/** One element a file, those that were not begun among them. */
export function elementsOf<T, R>(
  { outcomes, notBegun, hopeless, stopped }: Many<T, R>,
  name: (item: T) => string,
  { toJson, advice = {} }: {
    toJson: (result: R, item: T) => unknown;
    /** As of `complaint`. */
    advice?: Readonly<Record<string, string>>;
  },
): unknown[] {
  const why = stopped?.reason ?? hopeless?.error;
  const error = why instanceof ConnectionLost ? new ConnectionLost(NOT_BEGUN, { cause: why }) : why;
  return [
    ...outcomes.map(({ item, result, error }) =>
      result !== undefined ? toJson(result, item) : failureJson(name(item), error, advice)
    ),
    ...notBegun.map((item) => failureJson(name(item), error, advice)),
  ];
}

/** Whether all was begun and done. */
export function isAllDone({ outcomes, notBegun, stopped }: Many<unknown, unknown>): boolean {
  return stopped === null && notBegun.length === 0 &&
    outcomes.every(({ result }) => result !== undefined);
}

/** Says why not all was begun, where that is not said otherwise. */
export function sayStopped(
  { stopped }: Many<unknown, unknown>,
  { screen, signal }: Context,
  goesOn = true,
): void {
  if (!stopped) return;
  screen.complain(signal.aborted ? stoppedWords(goesOn) : complaint(stopped.reason));
}

/** For the summary: `2 failed, 5 not finished, 3 not begun`. */
export function failureWords(
  { outcomes, notBegun, hopeless, stopped }: Many<unknown, unknown>,
): string[] {
  const without = outcomes.filter(({ result }) => result === undefined);
  // What was under way when the user ended the command has not failed.
  const ended = without.filter(({ error }) => stopped !== null && error === stopped.reason).length;
  const isRefused = hopeless !== null && !(hopeless.error instanceof ConnectionLost);
  const failed = without.length - ended + (isRefused ? notBegun.length : 0);
  // How many a signal left is known in part only.
  const left = isRefused || stopped !== null ? 0 : notBegun.length;
  return [
    ...failed > 0 ? [`${failed} failed`] : [],
    ...ended > 0 ? [`${ended} not finished`] : [],
    ...left > 0 ? [`${left} not begun`] : [],
  ];
}
