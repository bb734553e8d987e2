import { type Link, Refusal } from "../../client/mod.ts";
import { inParallel, type Outcome } from "../../client/parallel.ts";
import { orFolderMeant } from "../folder_meant.ts";
import { failureJson, jsonText } from "../json.ts";
import { shown } from "../text.ts";
import { count, formatTime } from "../units.ts";
import { UsageError } from "../values.ts";
import { type Context, defineCommand, EXIT } from "./command.ts";
import { Failures } from "./failures.ts";
import { elementsOf, isAllDone, sayStopped } from "./many.ts";
import { filesBelow, isPrefix } from "./name_words.ts";

export const removeCommand = defineCommand({
  words: "NAME…|PREFIX/",
  summary: "Removes files; for as long as the depot keeps them, restore brings them back.",
  flags: {
    "forever": {
      kind: "switch",
      help: "Free the room at once, also of what was removed or replaced under the name before",
    },
    yes: { kind: "switch", help: "Do not ask before several files or a PREFIX/ go, or --forever" },
  },
  examples: [
    ["deposito client remove report.pdf", "a file"],
    ["deposito client remove report.pdf old.txt --yes", "two files, without a question"],
    ["deposito client remove holidays/ --yes", "a folder with all its files, without a question"],
    ["deposito client remove secret.pdf --forever --yes", "with its old versions, at once"],
  ],
  goesOn: () => true,
  failure: ({ words }, error) => ({
    removed: [],
    failed: words.map((word) => failureJson(word, error)),
  }),
  async run({ flags, words }, context) {
    if (words.length === 0) throw new UsageError("Missing NAME: say which file to remove");
    const { forever } = flags;
    const isMany = forever || words.length > 1 || words.some(isPrefix);
    if (!flags.yes && !context.confirm && isMany) {
      const what = forever
        ? "nothing is removed for ever"
        : words.some(isPrefix)
        ? "a PREFIX/ is not removed"
        : "several files are not removed";
      throw new UsageError(`Missing --yes: without a terminal ${what} unasked`);
    }
    const link = await context.link();
    const { names, failures } = await namesOf(link, words, { forever, signal: context.signal });
    if (isMany && names.length > 0 && !flags.yes && context.confirm) {
      const ending = forever ? " for ever" : "";
      if (!await context.confirm(`Remove ${count(names.length, "file")}${ending}?`)) {
        context.screen.complain("nothing was removed: the answer was no");
        return EXIT.failed;
      }
    }
    return await removeAll(link, { names, failures, forever, context });
  },
});

interface Failure {
  name: string;
  error: unknown;
}

/** What the words stand for, and the prefixes that stand for nothing. */
async function namesOf(
  link: Link,
  words: string[],
  { forever, signal }: { forever: boolean; signal: AbortSignal },
) {
  const names = new Set<string>();
  const failures: Failure[] = [];
  for (const word of words) {
    if (!isPrefix(word)) names.add(word);
    else {
      const before = names.size;
      if (forever) {
        for await (const file of link.listRemoved({ prefix: word, signal })) names.add(file.name);
      }
      try {
        for await (const file of filesBelow(link, word, signal)) names.add(file.name);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        if (names.size > before) continue;
        failures.push({ name: word, error });
      }
    }
  }
  return { names: [...names], failures };
}

interface Removal {
  names: string[];
  /** Words that stand for nothing. */
  failures: Failure[];
  forever: boolean;
  context: Context;
}

async function removeAll(link: Link, removal: Removal): Promise<number> {
  const { names, failures, forever, context: { screen, json, signal } } = removal;
  let keptUntil: number | null = null;
  const many = await inParallel(names, {
    atOnce: 1,
    signal,
    tellsRest: true,
    work: async (name) => {
      try {
        keptUntil = await link.remove(name, { forever, signal }) ?? keptUntil;
        return name;
      } catch (error) {
        throw await orFolderMeant(link, { name, error, signal });
      }
    },
    onDone: ({ result }) => {
      if (result !== undefined && !json) screen.sentence(`removed ${shown(result)}`);
    },
  });
  const removed = many.outcomes.flatMap(({ result }) => result ?? []);
  if (names.length > 1) screen.remark(`${count(removed.length, "file")} removed`);
  if (keptUntil !== null) {
    screen.remark(`until ${formatTime(keptUntil)} \`restore\` brings back what was removed`);
  }
  const without = many.outcomes.filter(({ result }) => result === undefined);
  tell([...failures.map(({ name, error }) => ({ item: name, error })), ...without], removal);
  const isAll = isAllDone(many) && failures.length === 0;
  if (json) {
    const failed = [
      ...failures.map(({ name, error }) => failureJson(name, error)),
      ...elementsOf({ ...many, outcomes: without }, (name) => name, { toJson: String }),
    ];
    screen.result(jsonText(isAll ? { removed } : { removed, failed }));
  }
  sayStopped(many, removal.context);
  return isAll ? EXIT.done : EXIT.failed;
}

function tell(failed: Outcome<string, unknown>[], { context: { screen, signal } }: Removal): void {
  const failures = new Failures(screen, { one: "could not remove", many: "not removed" });
  for (const outcome of signal.aborted ? [] : failed) {
    failures.tell({ subject: outcome.item }, outcome);
  }
  failures.end();
}
