/**
 * Questions on a terminal. Escape goes back from a question, which then has the answer `null`;
 * Ctrl-C stops the program, as it does between questions.
 */
import { PathChoices, type PathOptions } from "./path_choices.ts";
import type { Screen } from "./screen.ts";
import type { Stopping } from "./stopping.ts";
import { fit, shown } from "./text.ts";
import { UsageError } from "./values.ts";

/** Loaded with the first question: most commands ask none, and it looks at the terminal at once. */
const prompts = () => import("@clack/prompts");
type Clack = Awaited<ReturnType<typeof prompts>>;

/** One of several answers. */
export interface Choice<T extends string = string> {
  value: T;
  label: string;
  /** Shown while it is the one that Enter takes. */
  hint?: string;
}

/** Choices shown at once, of a list that is searched. */
const SHOWN_AT_ONCE = 8;

/** The bar, the mark of a choice, and the spaces between. */
const BEFORE_A_LABEL_COLUMNS = 6;

/** Whether there is somebody to ask. */
export function hasTerminal(): boolean {
  return Deno.stdin.isTerminal() && Deno.stdout.isTerminal();
}

export class Questions {
  #stopping: Stopping;
  #screen: Screen;

  constructor({ stopping, screen }: { stopping: Stopping; screen: Screen }) {
    this.#stopping = stopping;
    this.#screen = screen;
  }

  /** One of a few. */
  choose<T extends string>(message: string, choices: readonly Choice<T>[]): Promise<T | null> {
    const options = choices.map(({ value, label, hint }) => ({
      value: value as string,
      label,
      hint,
    }));
    return this.#ask<T>(({ select }, signal) =>
      select({ message, options: options.map(withoutUndefined), signal }) as Promise<T | symbol>
    );
  }

  /** One of many, found by typing a part of it. The labels are shown as they are. */
  search(message: string, choices: readonly Choice[]): Promise<string | null> {
    const options = choices.map((choice) => ({ ...choice, label: this.#fitted(choice.label) }));
    return this.#ask<string>(({ autocomplete }, signal) =>
      autocomplete<string>({ message, options, maxItems: SHOWN_AT_ONCE, validate: some, signal })
    );
  }

  /** A path, which completes. */
  async path(message: string, options: PathOptions): Promise<string | null> {
    const paths = new PathChoices(options);
    const label = this.#fitted.bind(this);
    const answer = await this.#ask<string>(({ autocomplete }, signal) =>
      autocomplete<string>({
        message,
        options() {
          return paths.of(this.userInput).map(({ value, hint }) =>
            withoutUndefined({ value, label: label(value), hint })
          );
        },
        filter: () => true,
        completeOnTab: true,
        maxItems: SHOWN_AT_ONCE,
        validate: some,
        signal,
      })
    );
    return answer === null ? null : paths.meant(answer);
  }

  /** A line of text; asked again until `check` does not throw a `UsageError`. */
  async text(
    message: string,
    options: { initial?: string; hint?: string; check?: (text: string) => unknown } = {},
  ): Promise<string | null> {
    const { initial: initialValue, hint: placeholder, check } = options;
    const validate = (value?: string) => complaintOf(check, value ?? "");
    return await this.#ask<string>(({ text }, signal) =>
      text({ message, ...withoutUndefined({ initialValue, placeholder }), validate, signal })
    );
  }

  /** Yes or no; no when the user went back from the question. */
  async confirm(message: string): Promise<boolean> {
    const answer = await this.#ask<boolean>(({ confirm }, signal) =>
      confirm({ message: shown(message), initialValue: false, signal })
    );
    return answer === true;
  }

  async #ask<T>(
    question: (clack: Clack, signal: AbortSignal) => Promise<T | symbol>,
  ): Promise<T | null> {
    const clack = await prompts();
    const { stdin } = (await import("node:process")).default;
    using _quiet = this.#screen.heldBack();
    // A prompt listens for ever to the signal that it is given: it gets one of its own.
    const own = new AbortController();
    const stop = () => own.abort();
    const { signal } = this.#stopping;
    signal.addEventListener("abort", stop);
    let isInterrupt = false;
    const watch = (_: unknown, key?: { ctrl?: boolean; name?: string }) => {
      isInterrupt ||= key?.ctrl === true && key.name === "c";
    };
    stdin.on("keypress", watch);
    try {
      if (signal.aborted) return null;
      const answer = await question(clack, own.signal);
      if (isInterrupt) this.#stopping.interrupt();
      return clack.isCancel(answer) ? null : answer as T;
    } finally {
      signal.removeEventListener("abort", stop);
      stdin.off("keypress", watch);
    }
  }

  #fitted(label: string): string {
    const columns = this.#screen.columns;
    return columns === null ? label : fit(label, columns - BEFORE_A_LABEL_COLUMNS);
  }
}

function some(value: unknown): string | undefined {
  return value === undefined || value === ""
    ? "Nothing fits: type less, or Esc to go back"
    : undefined;
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

/** Options that are not there must not be `undefined` either. */
function withoutUndefined<T extends object>(
  options: T,
): { [K in keyof T]: Exclude<T[K], undefined> } {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as { [K in keyof T]: Exclude<T[K], undefined> };
}
