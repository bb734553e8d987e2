import type { DepositedFile, Link, WorkProgress } from "../../client/mod.ts";
import { inParallel, type Many, type Outcome } from "../../client/parallel.ts";
import { orFolderMeant } from "../folder_meant.ts";
import { arrayLines, failureJson, fileJson, jsonText } from "../json.ts";
import { Meter } from "../meter.ts";
import { receiptText, restOf } from "../receipt.ts";
import { UsageError } from "../values.ts";
import { type Context, defineCommand, EXIT } from "./command.ts";
import { Failures } from "./failures.ts";
import { elementsOf, isAllDone, sayStopped } from "./many.ts";
import { isPrefix, type Meant, meantBy } from "./name_words.ts";
import { CONNECTIONS, parseConnections, parseReplicas, parseWait } from "./shared_flags.ts";
import { tooFewPlaces } from "./too_few_places.ts";

const ADVICE = { poucos_locais: "ask for no more, or add a place to the depot" };

export const replicasCommand = defineCommand({
  words: "NAME…|PREFIX/ N",
  summary: "Changes how many copies a file has, and waits until N are on disk.",
  flags: {
    "wait": { kind: "text", value: "K", help: "Answer when K copies are on disk; 0: at once" },
    "connections": CONNECTIONS,
  },
  examples: [
    ["deposito client replicas report.pdf 3", "from now on three copies"],
    ["deposito client replicas holidays/ 2 --wait 0", "every file of a folder; answers at once"],
  ],
  goesOn: () => true,
  failure: ({ words }, error) => {
    const failures = words.slice(0, -1).map((word) => failureJson(word, error));
    return isOne(words.slice(0, -1)) ? failures[0] : failures;
  },
  async run({ flags, words }, context) {
    const names = words.slice(0, -1);
    if (names.length === 0) {
      throw new UsageError("Missing words: say which file and how many, replicas NAME… N");
    }
    const wanted = parseReplicas(words.at(-1)!);
    const wait = parseWait(flags.wait, { from: 0 });
    const connections = parseConnections(flags.connections);
    const link = await context.link();
    using meter = new Meter(context.screen, { many: !isOne(names) });
    const failures = new Failures(context.screen, {
      one: "could not change",
      many: "not changed",
      advice: ADVICE,
    });
    const telling: Telling = { context, meter, failures, wait };
    const many = await inParallel((signal) => meantBy(link, names, signal), {
      atOnce: isOne(names) ? 1 : connections,
      signal: context.signal,
      tellsRest: context.json,
      ahead: { onItem: () => meter.expect(null), onEnd: () => meter.expectNoMore() },
      befallsAll: tooFewPlaces(link, wanted, context.signal),
      work: (meant) => change(link, { meant, wanted, wait }, telling),
      onDone: (outcome) => tell(outcome, telling),
    });
    const asked = Math.min(wanted, wait ?? wanted);
    return end(many, { ...telling, asked, one: isOne(names) });
  },
});

function isOne(names: string[]): boolean {
  return names.length === 1 && !isPrefix(names[0]!);
}

interface Change {
  meant: Meant;
  wanted: number;
  wait: number | null;
}

interface Telling {
  context: Context;
  meter: Meter;
  failures: Failures;
  wait: number | null;
}

async function change(
  link: Link,
  { meant: { name, error }, wanted, wait }: Change,
  { context, meter }: Telling,
): Promise<DepositedFile> {
  if (error !== undefined) throw error;
  const { signal } = context;
  const onProgress = (progress: WorkProgress) =>
    meter.step({ stage: "copying", name, ...progress });
  try {
    return await link.replicas(name, wanted, { wait, signal, onProgress });
  } catch (error) {
    throw await orFolderMeant(link, { name, error, signal });
  }
}

function tell(
  outcome: Outcome<Meant, DepositedFile>,
  { context: { screen, json, signal }, meter, failures, wait }: Telling,
): void {
  const { item: { name }, result } = outcome;
  meter.fileDone(name);
  if (!result && signal.aborted) return;
  if (!result) failures.tell({ subject: name }, outcome);
  else if (!json) screen.sentence(receiptText("changed", result, restOf(result, wait)));
}

function end(
  many: Many<Meant, DepositedFile>,
  { context, failures, asked, one }: Telling & { asked: number; one: boolean },
): number {
  if (context.json) {
    const elements = elementsOf(many, ({ name }) => name, {
      toJson: fileJson,
      advice: ADVICE,
    });
    context.screen.result(one ? jsonText(elements[0] ?? null) : arrayLines(elements));
  }
  failures.tellRest(many.notBegun.map(({ name }) => name), many.hopeless);
  failures.end();
  sayStopped(many, context);
  if (!isAllDone(many)) return EXIT.failed;
  return many.outcomes.some(({ result }) => result!.replicas.live < asked) ? EXIT.fewer : EXIT.done;
}
