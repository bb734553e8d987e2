import { type DepositProgress, type Link, LocalError, type Receipt } from "../../client/mod.ts";
import { filesAtOnce } from "../../client/small_files.ts";
import { inParallel, type Many, type Outcome } from "../../client/parallel.ts";
import { arrayLines, failureJson, receiptJson } from "../json.ts";
import { Meter } from "../meter.ts";
import { receiptText, restOf } from "../receipt.ts";
import { count } from "../units.ts";
import { type Context, defineCommand, EXIT } from "./command.ts";
import { DepositFolders } from "./deposit_folders.ts";
import { type Job, nameOfWord, planDeposit } from "./deposit_plan.ts";
import { Failures } from "./failures.ts";
import { elementsOf, failureWords, isAllDone, sayStopped } from "./many.ts";
import { tooFewPlaces } from "./too_few_places.ts";
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
    const many = await inParallel(plan.jobs, {
      atOnce: plan.many ? filesAtOnce(connections) : 1,
      signal: context.signal,
      tellsRest: context.json,
      ahead: {
        onItem: (job) =>
          job.kind === "left" ? undefined : meter.expect(context.screen.quiet ? null : sizeOf(job)),
        onEnd: () => meter.expectNoMore(),
      },
      work: (job) => depositing.work(link, job),
      onDone: (outcome) => depositing.tell(outcome),
      befallsAll: tooFewPlaces(link, request.minimum ?? replicas, context.signal),
    });
    await folders.end({ isAll: isAllDone(many) });
    return depositing.end(depositing.settleLeft(many), !words.includes("-"));
  },
});

/** What became of a job: a receipt, or that it is nothing to be kept. */
type Deposited = Receipt | LocalError;

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
  #failures: Failures;
  #left: Failures;

  constructor(context: Context, { request, many, meter, folders }: Parts) {
    this.#context = context;
    this.#request = request;
    this.#many = many;
    this.#meter = meter;
    this.#folders = folders;
    this.#failures = new Failures(context.screen, {
      one: "could not deposit",
      many: "not deposited",
    });
    this.#left = new Failures(context.screen, { one: "not kept:", many: "not kept" });
  }

  async work(link: Link, job: Job): Promise<Deposited> {
    if (job.kind === "left") return notKept(job);
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

  tell(outcome: Outcome<Job, Deposited>): void {
    const { item, result } = outcome;
    if (item.kind === "left") {
      const { path, why } = item;
      this.#left.say({ subject: path, about: `${path}: ${why}`, cause: why });
    } else if (result && isReceipt(result)) this.#tellReceipt(result);
    else {
      this.#meter.fileDone(item.name);
      if (!this.#context.signal.aborted) {
        this.#failures.tell({ subject: item.path, path: item.path }, outcome);
      }
    }
  }

  /** What is not kept needs no beginning. */
  settleLeft(many: Many<Job, Deposited>): Many<Job, Deposited> {
    const left = many.notBegun.flatMap((item) => item.kind === "left" ? item : []);
    const outcomes = left.map((item) => ({ item, result: notKept(item) }));
    for (const outcome of outcomes) this.tell(outcome);
    const notBegun = many.notBegun.filter(({ kind }) => kind !== "left");
    return { ...many, outcomes: [...many.outcomes, ...outcomes], notBegun };
  }

  #tellReceipt(receipt: Receipt): void {
    const { screen, json } = this.#context;
    const { name, size, unchanged } = receipt;
    if (unchanged) this.#meter.fileUnchanged(name, size);
    else this.#meter.fileDone(name, size);
    if (json || (this.#many && unchanged)) return;
    const verb = unchanged ? "unchanged" : "stored";
    screen.sentence(receiptText(verb, receipt, restOf(receipt, this.#request.wait ?? null)));
  }

  end(many: Many<Job, Deposited>, goesOn: boolean): number {
    const { screen, json } = this.#context;
    if (json) {
      screen.result(arrayLines(elementsOf(many, ({ name }) => name, { toJson: depositedJson })));
    }
    this.#failures.tellRest(many.notBegun.map(({ path }) => path), many.hopeless);
    this.#failures.end();
    this.#left.end();
    const results = many.outcomes.flatMap(({ result }) => result ?? []);
    const files = results.filter(isReceipt);
    this.#remark(files, { failed: failureWords(many), left: results.length - files.length });
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

  #remark(files: Receipt[], { failed, left }: { failed: string[]; left: number }): void {
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
      if (left > 0) parts.push(`${left} not kept`);
      screen.remark(parts.join(", "));
    }
    if (this.#request.replicas === null && files.some((file) => file.replicas.wanted === 1)) {
      screen.remark("one copy only: another disk is needed to survive the loss of that one");
    }
  }
}

function notKept({ why }: Extract<Job, { kind: "left" }>): LocalError {
  return new LocalError("nao_guardado", `Not kept: ${why}`);
}

function isReceipt(deposited: Deposited): deposited is Receipt {
  return !(deposited instanceof LocalError);
}

function depositedJson(deposited: Deposited, { name }: Job): unknown {
  return isReceipt(deposited) ? receiptJson(deposited) : failureJson(name, deposited);
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
function sizeOf(job: Exclude<Job, { kind: "left" }>): number | null {
  if (job.kind === "stdin") return null;
  if (job.kind === "failed") return 0;
  try {
    return Deno.statSync(job.path).size;
  } catch {
    return 0;
  }
}
