import { dirname } from "node:path";
import type { Downloaded, Link, StoredFile } from "../../client/mod.ts";
import { isFolder, makeFoldersBelow } from "../../client/output_path.ts";
import { filesAtOnce, type SmallFiles } from "../../client/small_files.ts";
import { inParallel, type Many, type Outcome } from "../../client/parallel.ts";
import { orFolderMeant } from "../folder_meant.ts";
import { arrayLines, failureJson, fileJson } from "../json.ts";
import { Meter } from "../meter.ts";
import { shown } from "../text.ts";
import { count, formatSize } from "../units.ts";
import { UsageError } from "../values.ts";
import { type Call, type Context, defineCommand, EXIT } from "./command.ts";
import { isPrefix } from "./name_words.ts";
import { Failures } from "./failures.ts";
import { elementsOf, failureWords, isAllDone, sayStopped } from "./many.ts";
import { planRetrieve, type Target } from "./retrieve_plan.ts";
import { retrieveToStdout } from "./retrieve_stdout.ts";
import { CONNECTIONS, parseConnections } from "./shared_flags.ts";

const FLAGS = {
  "all": { kind: "switch", help: "All of your files" },
  "output": {
    kind: "text",
    value: "PATH",
    help: "A file for one NAME, else a folder for all names; `-` is standard output",
  },
  "force": { kind: "switch", help: "Replace files that are there and different" },
  "connections": CONNECTIONS,
} as const;

export const retrieveCommand = defineCommand({
  words: "NAME…|PREFIX/",
  summary: "Brings files back, each checked as a whole before it appears under its name.",
  flags: FLAGS,
  examples: [
    ["deposito client retrieve report.pdf", "into this folder, under its name"],
    [
      "deposito client retrieve holidays/2026/ --output photos",
      "to photos/holidays/2026/…: files keep their names",
    ],
    ["deposito client retrieve docs.tar --output - | tar x", "into a pipe"],
    ["deposito client retrieve --all --output restored", "everything"],
  ],
  goesOn: ({ flags }) => flags["output"] !== "-",
  failure: ({ flags, words }, error) =>
    (flags["all"] ? [""] : words).map((word) => failureJson(word, error)),
  async run({ flags, words }, context) {
    requireWords({ flags, words });
    const connections = parseConnections(flags.connections);
    if (flags.output === "-" && context.json) {
      throw new UsageError("--output - takes no --json: standard output is the file");
    }
    if (flags.output === "-") return await retrieveToStdout(words[0]!, context);
    const prefixes = flags.all ? [""] : words;
    const isOne = !flags.all && words.length === 1 && !isPrefix(words[0]!);
    const output = flags.output === null ? null : { text: flags.output, path: context.path };
    const here = context.path(".");
    const link = await context.link();
    using meter = new Meter(context.screen, { many: !isOne });
    const plan = (signal: AbortSignal) =>
      planRetrieve(link, prefixes, { output, here, isOne, signal });
    const small = link.smallFiles({ connections, signal: context.signal });
    const retrieving = new Retrieving(context, { force: flags.force, many: !isOne, meter, small });
    const many = await inParallel(plan, {
      atOnce: isOne ? 1 : filesAtOnce(connections),
      signal: context.signal,
      tellsRest: context.json,
      ahead: {
        onItem: ({ file }) => meter.expect(file?.size ?? null),
        onEnd: () => meter.expectNoMore(),
      },
      befallsAll: (error) => retrieving.hasNoFolder(error),
      work: (target) => retrieving.work(link, target),
      onDone: (outcome) => retrieving.tell(outcome),
    });
    return retrieving.end(many);
  },
});

function requireWords({ flags, words }: Call<typeof FLAGS>): void {
  if (flags.all && words.length > 0) throw new UsageError("--all takes no NAME beside it");
  if (!flags.all && words.length === 0) {
    throw new UsageError("Missing NAME: say which file to retrieve, or --all");
  }
  if (words.includes("")) throw new UsageError("An empty word is no name: --all is for all files");
  if (flags.output !== "-") return;
  if (flags.all || words.length > 1 || isPrefix(words[0]!)) {
    throw new UsageError("--output - is for one NAME: standard output holds one file");
  }
}

/** One run of the command, to files. */
class Retrieving {
  #context: Context;
  #force: boolean;
  #many: boolean;
  #meter: Meter;
  #small: SmallFiles;
  /** Folders that were not there before. */
  #newFolders = new Set<string>();
  /** Why the folder that all files go to could not be made. */
  #noFolder = new Set<unknown>();
  #failures: Failures;

  constructor(
    context: Context,
    options: { force: boolean; many: boolean; meter: Meter; small: SmallFiles },
  ) {
    this.#context = context;
    this.#force = options.force;
    this.#many = options.many;
    this.#meter = options.meter;
    this.#small = options.small;
    const verb = { one: "could not retrieve", many: "not retrieved" };
    this.#failures = new Failures(context.screen, verb);
  }

  /** Whether that is why nothing can be retrieved at all. */
  hasNoFolder(error: unknown): boolean {
    return this.#noFolder.has(error);
  }

  async work(link: Link, target: Target): Promise<Downloaded> {
    if (target.error !== undefined) throw target.error;
    const { name, folder, path } = target;
    const { signal } = this.#context;
    const file = target.file ?? await this.#look(link, name);
    const inNewFolder = await this.#makeFolders(folder, path);
    const onProgress = (done: number, total: number) =>
      this.#meter.step({ stage: "retrieving", name, done, total });
    const onWait = (why: string) => this.#context.screen.remark(why);
    const small = this.#small;
    const options = { force: this.#force, inNewFolder, signal, onProgress, onWait, small };
    return await link.retrieveFile(file, path, options);
  }

  async #look(link: Link, name: string): Promise<StoredFile> {
    const { signal } = this.#context;
    try {
      return (await link.fileStatus(name, { signal })).file;
    } catch (error) {
      throw await orFolderMeant(link, { name, error, signal });
    }
  }

  /** Whether this command made the folder that `path` is in. */
  async #makeFolders(folder: string, path: string): Promise<boolean> {
    const parent = dirname(path);
    if (this.#newFolders.has(parent)) return true;
    try {
      const isNew = await makeFoldersBelow(folder, path);
      if (isNew) this.#newFolders.add(parent);
      return isNew;
    } catch (error) {
      if (!isFolder(folder)) this.#noFolder.add(error);
      throw error;
    }
  }

  tell(outcome: Outcome<Target, Downloaded>): void {
    const { item, result } = outcome;
    this.#meter.fileDone(item.name, result?.file.size);
    const { screen, json, signal } = this.#context;
    if (!result) {
      if (!signal.aborted) this.#failures.tell({ subject: item.name, path: item.path }, outcome);
      return;
    }
    if (json) return;
    const { file, path } = result;
    const size = formatSize(file.size);
    screen.sentence(
      isSame(result)
        ? `left ${shown(path)} (${size}): it is the same already`
        : `retrieved ${shown(file.name)} (${size}) to ${shown(path)}`,
    );
  }

  end(many: Many<Target, Downloaded>): number {
    const { screen, json } = this.#context;
    if (json) {
      screen.result(arrayLines(elementsOf(many, ({ name }) => name, { toJson: downloadedJson })));
    }
    this.#failures.tellRest(many.notBegun.map(({ name }) => name), many.hopeless);
    this.#failures.end();
    if (this.#many) {
      const done = many.outcomes.flatMap(({ result }) => result ?? []);
      screen.remark([...doneWords(done), ...failureWords(many)].join(", "));
    }
    sayStopped(many, this.#context);
    return isAllDone(many) ? EXIT.done : EXIT.failed;
  }
}

function isSame({ outcome }: Downloaded): boolean {
  return outcome === "same";
}

function downloadedJson(downloaded: Downloaded) {
  const { file, path } = downloaded;
  return { ...fileJson(file), path, unchanged: isSame(downloaded) };
}

/** For the summary: `12 files retrieved`, or `12 files retrieved, 988 already there`. */
function doneWords(done: Downloaded[]): string[] {
  const there = done.filter(isSame).length;
  return [
    `${count(done.length - there, "file")} retrieved`,
    ...there > 0 ? [`${there} already there`] : [],
  ];
}
