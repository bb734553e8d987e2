/** Questions on a terminal. `null` answers: the user left the question. */
import { UsageError } from "./values.ts";

/** Loaded with the first question: most commands ask none, and it looks at the terminal at once. */
const prompts = () => import("@clack/prompts");

/** Whether there is somebody to ask. */
export function hasTerminal(): boolean {
  return Deno.stdin.isTerminal() && Deno.stdout.isTerminal();
}

/** One of several. */
export async function choose<T extends string>(
  message: string,
  options: { value: T; label: string }[],
): Promise<T | null> {
  const { isCancel, select } = await prompts();
  const answer = await select<string>({ message, options });
  return isCancel(answer) ? null : answer as T;
}

/** A line of text; asked again until `check` does not throw a `UsageError`. */
export async function askText(
  message: string,
  options: { initial?: string; hint?: string; check?: (text: string) => unknown } = {},
): Promise<string | null> {
  const { initial, hint, check } = options;
  const { isCancel, text } = await prompts();
  const answer = await text({
    message,
    ...(initial === undefined ? {} : { initialValue: initial }),
    ...(hint === undefined ? {} : { placeholder: hint }),
    validate: (value) => complaintOf(check, value ?? ""),
  });
  return isCancel(answer) ? null : answer ?? "";
}

/** Yes or no; no when the user left the question. */
export async function confirmOnTerminal(message: string): Promise<boolean> {
  const { confirm } = await prompts();
  return await confirm({ message, initialValue: false }) === true;
}

function complaintOf(
  check: ((text: string) => unknown) | undefined,
  value: string,
): string | undefined {
  try {
    check?.(value);
    return undefined;
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
}
