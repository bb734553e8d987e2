import type { DepositProgress, Link, Receipt } from "../../client/mod.ts";
import { filesAtOnce } from "../../client/small_files.ts";
import { inParallel, type Many, type Outcome } from "../../client/parallel.ts";
import { complaint } from "../complaint.ts";
import { arrayLines, failureJson, receiptJson } from "../json.ts";
import { lookAhead } from "../look_ahead.ts";
import { Meter } from "../meter.ts";
import { receiptText, restOf } from "../receipt.ts";
import { count } from "../units.ts";
import { type Context, defineCommand, EXIT } from "./command.ts";
import { DepositFolders } from "./deposit_folders.ts";
import { type Job, nameOfWord, planDeposit } from "./deposit_plan.ts";
import { elementsOf, failureWords, isAllDone, sayStopped } from "./many.ts";
import { CONNECTIONS, parseConnections, parseReplicas, parseWait } from "./shared_flags.ts";

export const depositCommand = defineCommand({
  words: "PATH…",
  summary: "Deposits files and folders. `-` is standard input, with --name.",
  flags: {
    "replicas": {
      kind: "text",
      value: "N",
      help: "Copies on different places; without it a known name keeps its number",
      check: parseReplicas,
    },
    "name": { kind: "text", value: "NAME", help: "The name in the depot, for one PATH" },
    "allow-fewer": { kind: "switch", help: "Take as many copies as there are places with room" },
    "wait": { kind: "text", value: "K", help: "Answer when K copies are on disk" },
    "verify": { kind: "switch", help: "Look at every file's bytes, also where nothing changed" },
    "connections": CONNECTIONS,
  },
  examples: [
    ["deposito client deposit report.pdf --replicas 3", "three copies, each on another place"],
    [
      "deposito client deposit photos --name holidays/2026",
      "a folder; its files are named holidays/2026/…",
    ],
    ["deposito client deposit photos", "again, each day: costs what changed"],
    ["tar c docs | deposito client deposit - --name docs.tar", "what a pipe brings"],
    [
      "deposito client deposit big.iso --replicas 3 --wait 1",
      "does not wait for the second and third copy",
    ],
  ],
  goesOn: ({ words }) => !words.includes("-"),
  failure: ({ flags, words }, error, { path }) =>
    words.map((word) =>
      failureJson(nameOfWord(word, { name: flags.name as string | null, path }), error)
    ),
  async run({ flags, words }, context) {
    const replicas = flags.replicas === null ? null : parseReplicas(flags.replicas);
    const request = {
      replicas,
      minimum: flags["allow-fewer"] ? 1 : null,
      wait: parseWait(flags.wait, { from: 1, ...replicas === null ? {} : { to: replicas } }),
    };
    const connections = parseConnections(flags.connections);
    const plan = await planDeposit(words, { name: flags.name, path: context.path });
    const link = await context.link();
    using meter = new Meter(context.screen, { many: plan.many });
    const folders = new DepositFolders(context, { verify: flags.verify, connections });
    const depositing = new Depositing(context, { request, many: plan.many, meter, folders });
    const many = await inParallel(depositing.files(plan.jobs), {
      atOnce: plan.many ? filesAtOnce(connections) : 1,
      signal: context.signal,
      work: (job) => depositing.work(link, job),
      onDone: (outcome) => depositing.tell(outcome),
    });
    await folders.end({ isAll: isAllDone(many) });
    return depositing.end(many, !words.includes("-"));
  },
});

type FileJob = Exclude<Job, { kind: "left" }>;

/** What `--replicas`, `--allow-fewer` and `--wait` say. */
interface Copies {
  replicas: number | null;
  minimum: number | null;
  wait: number | null;
}

interface Parts {
  request: Copies;
  many: boolean;
  meter: Meter;
  folders: DepositFolders;
}

/** One run of the command. */
class Depositing {
  #context: Context;
  #request: Copies;
  #meter: Meter;
  #many: boolean;
  #folders: DepositFolders;
  #left = 0;

  constructor(context: Context, { request, many, meter, folders }: Parts) {
    this.#context = context;
    this.#request = request;
    this.#many = many;
    this.#meter = meter;
    this.#folders = folders;
  }

  /** What is to be sent; what is not kept is named on the way. */
  files(jobs: AsyncIterable<Job>): AsyncGenerator<FileJob> {
    return lookAhead(this.#kept(jobs), {
      onItem: (job) => this.#meter.expect(sizeOf(job)),
      onEnd: () => this.#meter.expectNoMore(),
    });
  }

  async *#kept(jobs: AsyncIterable<Job>): AsyncGenerator<FileJob> {
    for await (const job of jobs) {
      if (job.kind !== "left") {
        yield job;
        continue;
      }
      this.#left++;
      this.#context.screen.complain(`not kept: ${job.path}: ${job.why}`);
    }
  }

  async work(link: Link, job: FileJob): Promise<Receipt> {
    if (job.kind === "failed") throw job.error;
    const { signal } = this.#context;
    const onProgress = (progress: DepositProgress) =>
      this.#meter.step({ name: job.name, ...progress });
    const options = { signal, onProgress };
    if (job.kind === "stdin") {
      return await link.deposit(job.name, this.#context.stdin, { ...this.#request, ...options });
    }
    const folder = await this.#folders.of(link, job.together);
    return await folder.file({ name: job.name, ...this.#request }, job.path, options);
  }

  tell({ item, result, error }: Outcome<FileJob, Receipt>): void {
    if (result?.unchanged) this.#meter.fileUnchanged(item.name, result.size);
    else this.#meter.fileDone(item.name, result?.size);
    const { screen, json, signal } = this.#context;
    if (!result && signal.aborted) return;
    if (!result) return screen.complain(`could not deposit ${about(item.path, complaint(error))}`);
    if (json || (this.#many && result.unchanged)) return;
    const verb = result.unchanged ? "unchanged" : "stored";
    screen.result(receiptText(verb, result, restOf(result, this.#request.wait ?? null)));
  }

  end(many: Many<FileJob, Receipt>, goesOn: boolean): number {
    const { screen, json } = this.#context;
    if (json) {
      screen.result(arrayLines(elementsOf(many, ({ name }) => name, receiptJson)));
    }
    const files = many.outcomes.flatMap(({ result }) => result ?? []);
    this.#remark(files, failureWords(many));
    sayStopped(many, this.#context, goesOn);
    if (!isAllDone(many)) return EXIT.failed;
    return this.#request.minimum === null && files.some((file) => this.#lacks(file))
      ? EXIT.fewer
      : EXIT.done;
  }

  /** Fewer copies than were to be there at the answer. */
  #lacks({ replicas }: Receipt): boolean {
    return replicas.live < Math.min(replicas.wanted, this.#request.wait ?? Infinity);
  }

  #remark(files: Receipt[], failed: string[]): void {
    const { screen } = this.#context;
    const few = files.filter((file) => this.#lacks(file));
    if (few.length > 0) {
      screen.complain(
        `${count(few.length, "file")} with fewer copies than asked, such as ${few[0]!.name}: ` +
          "the depot adds the rest when places come; see `deposito client status`",
      );
    }
    if (this.#many) {
      const parts = [...doneWords(files), ...failed];
      if (this.#left > 0) parts.push(`${this.#left} not kept`);
      screen.remark(parts.join(", "));
    }
    if (this.#request.replicas === null && files.some((file) => file.replicas.wanted === 1)) {
      screen.remark("one copy only: another disk is needed to survive the loss of that one");
    }
  }
}

/** For the summary: `5 files stored`, or `5 files: 3 stored, 2 unchanged`. */
function doneWords(files: Receipt[]): string[] {
  const unchanged = files.filter((file) => file.unchanged).length;
  if (unchanged === 0) return [`${count(files.length, "file")} stored`];
  return [
    `${count(files.length, "file")}: ${files.length - unchanged} stored`,
    `${unchanged} unchanged`,
  ];
}

/** Bytes; `null`: nobody knows before they came. What cannot be read fails when its turn comes. */
function sizeOf(job: FileJob): number | null {
  if (job.kind === "stdin") return null;
  if (job.kind === "failed") return 0;
  try {
    return Deno.statSync(job.path).size;
  } catch {
    return 0;
  }
}

/** What is wrong with a path; the words may name it already. */
function about(path: string, words: string): string {
  return words.startsWith(path) ? words : `${path}: ${words}`;
}
