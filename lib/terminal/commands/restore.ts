import { type Link, Refusal, type StoredFile } from "../../client/mod.ts";
import { complaint } from "../complaint.ts";
import { orFolderMeant } from "../folder_meant.ts";
import { arrayLines, failureJson, fileJson } from "../json.ts";
import { receiptText } from "../receipt.ts";
import { count } from "../units.ts";
import { parseCount, UsageError } from "../values.ts";
import { type Context, defineCommand, EXIT } from "./command.ts";
import { isPrefix } from "./name_words.ts";

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
    const elements: unknown[] = [];
    let failed = false;
    const fail = (name: string, error: unknown) => {
      if (!(error instanceof Refusal)) throw error;
      failed = true;
      elements.push(failureJson(name, error));
      context.screen.complain(`could not restore ${name}: ${complaint(error, ADVICE)}`);
    };
    for (const word of words) {
      const names = await namesOf(link, word, { force: flags.force, context })
        .catch((error) => (fail(word, error), []));
      for (const name of names) {
        try {
          const options = { version, force: flags.force, signal: context.signal };
          const file = await link.restore(name, options);
          elements.push(fileJson(file));
          tell(file, context);
        } catch (error) {
          fail(name, await orRemovedFolder(link, { name, error, signal: context.signal }));
        }
      }
    }
    if (context.json) context.screen.result(arrayLines(elements));
    return failed ? EXIT.failed : EXIT.done;
  },
});

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
  { force, context: { screen, signal } }: { force: boolean; context: Context },
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
