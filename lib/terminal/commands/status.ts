import type { FileCheck, Link, WorkProgress } from "../../client/mod.ts";
import {
  errorJson,
  failureJson,
  fileCheckJson,
  fileStatusJson,
  jsonText,
  statusJson,
} from "../json.ts";
import { Meter } from "../meter.ts";
import { fileCheckLines, fileStatusLines, statusLines } from "../status_text.ts";
import { UsageError } from "../values.ts";
import { watch } from "../watch.ts";
import { type Context, defineCommand, EXIT } from "./command.ts";

export const statusCommand = defineCommand({
  words: "[NAME]",
  summary: "Shows the depot's places and repairs, or one file with each of its copies.",
  flags: {
    "verify": { kind: "switch", help: "Have each copy of NAME read and checked now" },
    "watch": { kind: "switch", help: "Goes on showing how it is, until Ctrl-C" },
  },
  examples: [
    ["deposito client status", "places, their room, and what is being repaired"],
    ["deposito client status --watch", "the same, drawn anew as it changes"],
    ["deposito client status report.pdf", "one file: where each copy is, and when it was checked"],
    ["deposito client status report.pdf --verify", "check each of its copies now"],
  ],
  failure: ({ words: [name] }, error) =>
    name === undefined ? errorJson(error) : failureJson(name, error),
  async run({ flags, words }, context) {
    if (words.length > 1) throw new UsageError("status takes one NAME at most");
    if (words[0]?.endsWith("/")) {
      throw new UsageError("status takes a file's NAME; see list PREFIX/");
    }
    const name = words[0];
    if (flags.verify && name === undefined) throw new UsageError("--verify needs a NAME");
    if (flags.verify && flags.watch) throw new UsageError("--verify takes no --watch beside it");
    if (flags.verify) return await verify(name!, context);
    const link = await context.link();
    const show = name === undefined ? showDepot : showFile(name);
    if (flags.watch) await watch(context, () => show(link, context));
    else context.screen.result(...await show(link, context).then((shown) => shown()));
    return EXIT.done;
  },
});

/** Asks once; what it resolves to lays the answer out for the window as it is then. */
type Show = (link: Link, context: Context) => Promise<() => string[]>;

const showDepot: Show = async (link, { screen, json, signal }) => {
  const status = await link.status({ signal });
  return () =>
    json
      ? [jsonText(statusJson(status))]
      : statusLines(status, { width: screen.columns, now: Date.now() });
};

function showFile(name: string): Show {
  return async (link, { screen, json, signal }) => {
    const status = await link.fileStatus(name, { signal });
    return () =>
      json ? [jsonText(fileStatusJson(status))] : fileStatusLines(status, screen.columns);
  };
}

/** Looks at each copy; the status is `fewer` when not as many as wanted are good. */
async function verify(name: string, context: Context): Promise<number> {
  const { link, screen, json } = context;
  const check = await verifyOnScreen(await link(), name, context);
  if (json) screen.result(jsonText(fileCheckJson(check)));
  else screen.result(...fileCheckLines(check, screen.columns));
  const states = check.copies.map(({ state }) => state);
  const good = states.filter((state) => state === "good").length;
  const bad = states.filter((state) => state === "damaged" || state === "absent").length;
  if (bad > 0) screen.remark(`${bad} of ${states.length} copies bad: set aside, and made anew`);
  if (good === 0) return EXIT.failed;
  return good < check.file.replicas.wanted ? EXIT.fewer : EXIT.done;
}

async function verifyOnScreen(
  link: Link,
  name: string,
  { screen, signal }: Context,
): Promise<FileCheck> {
  using meter = new Meter(screen, { many: false });
  const onProgress = (progress: WorkProgress) =>
    meter.step({ stage: "verifying", name, ...progress });
  return await link.verify(name, { signal, onProgress });
}
