import { type DepositedFile, type Link, Refusal, type WorkProgress } from "../../client/mod.ts";
import { inParallel, type Many, type Outcome } from "../../client/parallel.ts";
import { complaint } from "../complaint.ts";
import { arrayLines, failureJson, fileJson, jsonText } from "../json.ts";
import { lookAhead } from "../look_ahead.ts";
import { Meter } from "../meter.ts";
import { receiptText, restOf } from "../receipt.ts";
import { UsageError } from "../values.ts";
import { type Context, defineCommand, EXIT } from "./command.ts";
import { elementsOf, isAllDone, sayStopped } from "./many.ts";
import { filesBelow, isPrefix } from "./name_words.ts";
import { CONNECTIONS, parseConnections, parseReplicas, parseWait } from "./shared_flags.ts";

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
    const expected = (signal: AbortSignal) =>
      lookAhead(expand(link, names, signal), {
        onItem: () => meter.expect(null),
        onEnd: () => meter.expectNoMore(),
      });
    const many = await inParallel(expected, {
      atOnce: isOne(names) ? 1 : connections,
      signal: context.signal,
      work: (name) => change(link, { name, wanted, wait }, { context, meter }),
      onDone: (outcome) => tell(outcome, { context, meter, wait }),
    });
    return end(many, { context, asked: Math.min(wanted, wait ?? wanted), one: isOne(names) });
  },
});

function isOne(names: string[]): boolean {
  return names.length === 1 && !isPrefix(names[0]!);
}

/** A prefix without files stays as it is, and fails when it is asked for. */
async function* expand(
  link: Link,
  words: string[],
  signal: AbortSignal,
): AsyncGenerator<string> {
  for (const word of words) {
    if (!isPrefix(word)) yield word;
    else {
      try {
        for await (const file of filesBelow(link, word, signal)) yield file.name;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        yield word;
      }
    }
  }
}

interface Change {
  name: string;
  wanted: number;
  wait: number | null;
}

interface Telling {
  context: Context;
  meter: Meter;
}

function change(
  link: Link,
  { name, wanted, wait }: Change,
  { context, meter }: Telling,
): Promise<DepositedFile> {
  if (isPrefix(name)) throw new Refusal("nao_encontrado", "There is no file below it");
  const { signal } = context;
  const onProgress = (progress: WorkProgress) =>
    meter.step({ stage: "copying", name, ...progress });
  return link.replicas(name, wanted, { wait, signal, onProgress });
}

function tell(
  { item, result, error }: Outcome<string, DepositedFile>,
  { context: { screen, json, signal }, meter, wait }: Telling & { wait: number | null },
): void {
  meter.fileDone(item);
  if (!result && signal.aborted) return;
  if (!result) screen.complain(`could not change ${item}: ${complaint(error)}`);
  else if (!json) screen.result(receiptText("changed", result, restOf(result, wait)));
}

function end(
  many: Many<string, DepositedFile>,
  { context, asked, one }: { context: Context; asked: number; one: boolean },
): number {
  if (context.json) {
    const elements = elementsOf(many, (name) => name, fileJson);
    context.screen.result(one ? jsonText(elements[0] ?? null) : arrayLines(elements));
  }
  sayStopped(many, context);
  if (!isAllDone(many)) return EXIT.failed;
  return many.outcomes.some(({ result }) => result!.replicas.live < asked) ? EXIT.fewer : EXIT.done;
}
