/** How a command with many files ends: what was done, what was not, and why. */
import type { DepositedFile } from "../../client/mod.ts";
import type { Many } from "../../client/parallel.ts";
import { complaint } from "../complaint.ts";
import { failureJson } from "../json.ts";
import { stoppedWords } from "../stopping.ts";
import type { Context } from "./command.ts";

const NOT_BEGUN = new Error("Not begun: the depot could not be reached any more");

/** One element a file, those that were not begun among them. */
export function elementsOf<T, R>(
  { outcomes, notBegun }: Many<T, R>,
  name: (item: T) => string,
  toJson: (result: R) => unknown,
): unknown[] {
  return [
    ...outcomes.map(({ item, result, error }) =>
      result !== undefined ? toJson(result) : failureJson(name(item), error)
    ),
    ...notBegun.map((item) => failureJson(name(item), NOT_BEGUN)),
  ];
}

/** Whether all was begun and done. */
export function isAllDone<T>({ outcomes, notBegun, stopped }: Many<T, DepositedFile | object>) {
  return stopped === null && notBegun.length === 0 && outcomes.every(({ result }) => result);
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
export function failureWords({ outcomes, notBegun, stopped }: Many<unknown, unknown>): string[] {
  const without = outcomes.filter(({ result }) => result === undefined);
  // What was under way when the user ended the command has not failed.
  const ended = without.filter(({ error }) => stopped !== null && error === stopped.reason).length;
  const failed = without.length - ended;
  return [
    ...failed > 0 ? [`${failed} failed`] : [],
    ...ended > 0 ? [`${ended} not finished`] : [],
    ...notBegun.length > 0 ? [`${notBegun.length} not begun`] : [],
  ];
}
