import { type Link, Refusal, type StoredFile } from "../../client/mod.ts";
import { inParallel } from "../../client/parallel.ts";
import { orFolderMeant } from "../folder_meant.ts";
import { arrayLines, failureJson, fileJson } from "../json.ts";
import { receiptText } from "../receipt.ts";
import type { Screen } from "../screen.ts";
import { count } from "../units.ts";
import { parseCount, UsageError } from "../values.ts";
import { type Context, defineCommand, EXIT } from "./command.ts";
import { Failures } from "./failures.ts";
import { elementsOf, failureWords, isAllDone, sayStopped } from "./many.ts";
import { isPrefix, type Meant } from "./name_words.ts";

const ADVICE = { nao_encontrado: "see what can be restored with `deposito client list --removed`" };

export const restoreCommand = defineCommand({
  words: "NAME…|PREFIX/",
  summary: "Brings back what was removed or replaced; `list --removed` shows what there is.",
  flags: {
    "version": { kind: "text", value: "N", help: "Of one NAME, this version; else the last one" },
    "force": { kind: "switch", help: "Replace files of that name; they can be restored in turn" },
  },
  examples: [
    ["deposito client restore report.pdf", "as it was before it was removed"],
    ["deposito client restore report.pdf --version 2 --force", "an older version, in its place"],
    ["deposito client restore holidays/", "what was removed of a folder"],
  ],
  goesOn: () => true,
  failure: ({ words }, error) => words.map((word) => failureJson(word, error)),
  async run({ flags, words }, context) {
    if (words.length === 0) throw new UsageError("Missing NAME: say which file to restore");
    const version = parseVersion(flags.version, words);
    const link = await context.link();
    const { screen, json, signal } = context;
    const failures = new Failures(screen, {
      one: "could not restore",
      many: "not restored",
      advice: ADVICE,
    });
    const plan = (signal: AbortSignal) =>
      restorable(link, words, { force: flags.force, screen, signal });
    const many = await inParallel(plan, {
      atOnce: 1,
      signal,
      tellsRest: json,
      work: (meant) => restore(link, meant, { version, force: flags.force, signal }),
      onDone: (outcome) => {
        if (outcome.result) tell(outcome.result, context);
        else if (!signal.aborted) failures.tell({ subject: outcome.item.name }, outcome);
      },
    });
    const shape = { toJson: fileJson, advice: ADVICE };
    if (json) screen.result(arrayLines(elementsOf(many, ({ name }) => name, shape)));
    failures.end();
    if (words.length > 1 || words.some(isPrefix)) {
      const done = many.outcomes.filter(({ result }) => result).length;
      screen.remark([`${count(done, "file")} restored`, ...failureWords(many)].join(", "));
    }
    sayStopped(many, context);
    return isAllDone(many) ? EXIT.done : EXIT.failed;
  },
});

/** Every name that the words stand for; a word that stands for nothing comes with why. */
async function* restorable(
  link: Link,
  words: string[],
  options: { force: boolean; screen: Screen; signal: AbortSignal },
): AsyncGenerator<Meant> {
  for (const word of words) {
    try {
      for (const name of await namesOf(link, word, options)) yield { name };
    } catch (error) {
      yield { name: word, error };
    }
  }
}

async function restore(
  link: Link,
  { name, error }: Meant,
  options: { version: number | undefined; force: boolean; signal: AbortSignal },
): Promise<StoredFile> {
  if (error !== undefined) throw error;
  try {
    return await link.restore(name, options);
  } catch (error) {
    throw await orRemovedFolder(link, { name, error, signal: options.signal });
  }
}

function orRemovedFolder(
  link: Link,
  refused: { name: string; error: unknown; signal: AbortSignal },
): Promise<unknown> {
  return orFolderMeant(link, { ...refused, list: (query) => link.listRemoved(query) });
}

function parseVersion(text: string | null, words: string[]): number | undefined {
  if (text === null) return undefined;
  if (words.length > 1 || words.some(isPrefix)) {
    throw new UsageError("--version is for one NAME");
  }
  return parseCount(text, "version", { from: 1, to: Number.MAX_SAFE_INTEGER });
}

/** Below a prefix, names that have a file are left alone unless they are to be replaced. */
async function namesOf(
  link: Link,
  word: string,
  { force, screen, signal }: { force: boolean; screen: Screen; signal: AbortSignal },
): Promise<string[]> {
  if (!isPrefix(word)) return [word];
  const names = new Set<string>();
  for await (const { name } of link.listRemoved({ prefix: word, signal })) names.add(name);
  if (names.size === 0) throw new Refusal("nao_encontrado", "Nothing below it was removed");
  if (force) return [...names];
  const removed = names.size;
  for await (const { name } of link.list({ prefix: word, signal })) names.delete(name);
  if (names.size < removed) {
    const left = count(removed - names.size, "name");
    screen.remark(`left ${left} with a file; --force replaces those`);
  }
  return [...names];
}

function tell(file: StoredFile, { json, screen }: Context): void {
  if (!json) screen.sentence(receiptText(`restored version ${file.version} of`, file));
}
