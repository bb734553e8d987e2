/** The questions of each action of the client's menu, and the words that the answers come to. */
import { join } from "node:path";
import type { Context } from "./commands/command.ts";
import { isPrefix } from "./commands/name_words.ts";
import { parseReplicas } from "./commands/shared_flags.ts";
import { nameChoices } from "./name_choices.ts";
import type { Choice, Questions } from "./prompts.ts";
import { shown } from "./text.ts";
import { parseCount, parseSize, UsageError } from "./values.ts";

/** Who asks, and of what. */
export interface Asking {
  questions: Questions;
  context: Context;
}

/** `null`: the user went back. Throws what the depot refuses, and `UsageError`. */
export type WordsOf = (asking: Asking) => Promise<string[] | null>;

/** Names that are offered of a longer list. */
const OFFERED_AT_MOST = 100_000;

export const depositWords: WordsOf = async ({ questions, context }) => {
  const path = await questions.path("Which file or folder?", { resolve: context.path });
  if (path === null) return null;
  const hint = "empty: as before, or the usual";
  const replicas = await askReplicas({ questions, context }, { hint });
  if (replicas === null) return null;
  return [...replicas === "" ? [] : ["--replicas", replicas], "--", path];
};

export const retrieveWords: WordsOf = async ({ questions, context }) => {
  const name = await askName("Retrieve which?", { questions, context });
  const output = name && await questions.path("Where to?", {
    resolve: context.path,
    folders: true,
    mayBeNew: true,
    first: { value: "./", hint: "here, under its name" },
  });
  if (!name || output === null) return null;
  const taken = await presentAt(output, name, context);
  const what = isPrefix(name) ? `files in ${taken} that are different` : `${taken} if different`;
  const force = taken !== null && await questions.confirm(`Replace ${what}?`);
  return [...force ? ["--force"] : [], "--output", output, "--", name];
};

export const replicasWords: WordsOf = async ({ questions, context }) => {
  const name = await askName("Change the replicas of which?", { questions, context });
  const replicas = name && await askReplicas({ questions, context }, {});
  return replicas ? ["--", name!, replicas] : null;
};

export const renameWords: WordsOf = async ({ questions, context }) => {
  const from = await askName("Rename which?", { questions, context });
  const answer = from && await questions.text("Its new name?", {
    // What is offered to be edited is shown as it is.
    ...shown(from) === from ? { initial: from } : {},
    check: (text) => requireOther(text, from),
  });
  if (!answer) return null;
  const to = isPrefix(from!) && !isPrefix(answer) ? `${answer}/` : answer;
  const target = isPrefix(to) && !isPrefix(from!) ? to + from!.split("/").at(-1) : to;
  const force = await isTaken(target, context);
  if (force && !await questions.confirm(`Replace what is named ${target}?`)) return null;
  return [...force ? ["--force"] : [], "--", from!, to];
};

export const removeWords: WordsOf = async ({ questions, context }) => {
  const name = await askName("Remove which?", { questions, context });
  if (name === null) return null;
  // The command asks before it removes a folder.
  if (!isPrefix(name) && !await questions.confirm(`Remove ${name}?`)) return null;
  return ["--", name];
};

export const restoreWords: WordsOf = async ({ questions, context }) => {
  const { link, signal } = context;
  const removed = await namesOf((await link()).listRemoved({ signal }), context);
  if (removed.length === 0) {
    context.screen.remark("nothing that can be restored");
    return null;
  }
  // Of each name the last version, which is the one that comes back.
  const last = new Map(removed.map((file) => [file.name, file]));
  const name = await questions.search("Restore which?", nameChoices([...last.values()]));
  if (name === null) return null;
  const taken = await isTaken(name, context);
  const force = taken && await questions.confirm(`Replace what is named ${name} now?`);
  if (taken && !force && !isPrefix(name)) return null;
  return [...force ? ["--force"] : [], "--", name];
};

export const statusWords: WordsOf = async ({ questions, context }) => {
  const whole = { value: "", label: "The whole depot" };
  const name = await askName("The status of what?", { questions, context }, [whole]);
  return name === null ? null : name === "" ? [] : ["--", name];
};

export const holdWords: WordsOf = async ({ questions, context }) => {
  const directory = await askDirectory(questions, context.path);
  const capacity = directory && await capacityWords(questions);
  return capacity ? [...capacity, "--", directory!] : null;
};

/** Which directory to lend. */
export function askDirectory(
  questions: Questions,
  resolve: (text: string) => string,
): Promise<string | null> {
  return questions.path("Which directory to lend?", { resolve, folders: true, mayBeNew: true });
}

/** How much of it. */
export async function capacityWords(questions: Questions): Promise<string[] | null> {
  const capacity = await questions.text("How much of its disk at most?", {
    hint: "such as 50GB; empty: all but 2 %",
    check: (text) => text === "" || parseSize(text),
  });
  return capacity === null ? null : capacity === "" ? [] : ["--capacity", capacity];
}

/** `hint`: what an empty answer means; without one there must be a number. */
async function askReplicas(
  { questions, context }: Asking,
  { hint }: { hint?: string },
): Promise<string | null> {
  const possible = await possibleReplicas(context);
  if (possible === 0) {
    throw new UsageError(
      "the depot has no place with room now: make room there, or lend it disk with hold",
    );
  }
  const range = possible === 1 ? "1 is possible" : `1 to ${possible} possible`;
  return await questions.text(`How many replicas? ${range}`, {
    ...hint === undefined ? {} : { hint },
    check(text) {
      if (text === "" && hint !== undefined) return;
      parseReplicas(text);
      parseCount(text, "number of replicas that is possible now", { from: 1, to: possible });
    },
  });
}

/** As the depot itself counts, now: it says so to who connects. */
async function possibleReplicas({ link, signal }: Context): Promise<number> {
  return await (await link()).available({ signal });
}

async function askName(
  message: string,
  { questions, context }: Asking,
  before: Choice[] = [],
): Promise<string | null> {
  const { link, signal } = context;
  const files = await namesOf((await link()).list({ signal }), context);
  if (files.length === 0 && before.length === 0) {
    context.screen.remark("no files yet: deposit one first");
    return null;
  }
  const choices = nameChoices(files);
  return await questions.search(message, [...before, ...choices]);
}

/** Of a longer listing the first files. */
async function namesOf<T>(listing: AsyncIterable<T>, { screen }: Context): Promise<T[]> {
  const files: T[] = [];
  for await (const file of listing) {
    if (files.push(file) % 1_000 === 0) screen.live(`reading the list: ${files.length} names`);
    if (files.length === OFFERED_AT_MOST) {
      screen.remark(`only the first ${OFFERED_AT_MOST} names are offered; use words for others`);
      break;
    }
  }
  screen.live("");
  return files;
}

/** Whether there is a file of that name, or any below that folder. */
async function isTaken(name: string, { link, signal }: Context): Promise<boolean> {
  for await (const file of (await link()).list({ prefix: name, signal })) {
    // The name itself comes before all that begin with it.
    return isPrefix(name) || file.name === name;
  }
  return false;
}

function requireOther(text: string, name: string): void {
  if (text === "" || text === name) throw new UsageError("Write another name, or Esc to go back");
}

/** The file or folder, shown, that a retrieval would meet; `null`: none. */
async function presentAt(output: string, name: string, context: Context): Promise<string | null> {
  const stat = async (text: string) => await Deno.stat(context.path(text)).catch(() => null);
  const inFolder = isPrefix(name) || /[/\\]$/.test(output) || (await stat(output))?.isDirectory;
  const path = inFolder ? join(output, name) : output;
  const present = await stat(path);
  return (isPrefix(name) ? present?.isDirectory : present?.isFile) ? shown(path) : null;
}
