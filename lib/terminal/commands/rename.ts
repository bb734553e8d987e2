import type { Renamed } from "../../client/mod.ts";
import { orFolderMeant } from "../folder_meant.ts";
import { errorJson, jsonText } from "../json.ts";
import { shown } from "../text.ts";
import { count } from "../units.ts";
import { UsageError } from "../values.ts";
import { defineCommand, EXIT } from "./command.ts";
import { isPrefix } from "./name_words.ts";

export const renameCommand = defineCommand({
  words: "OLD NEW",
  summary: "Gives a file another name, or every file of a folder (OLD/ NEW/): all or none.",
  flags: {
    "force": { kind: "switch", help: "Replace files that have the name; restore brings them back" },
  },
  examples: [
    ["deposito client rename report.pdf 2026/report.pdf", "a file; no bytes move"],
    ["deposito client rename holidays/ trips/rome/", "a folder, with all that is below it"],
  ],
  goesOn: () => true,
  failure: ({ words: [from = "", to = ""] }, error) => ({ from, to, ...errorJson(error) }),
  async run({ flags, words }, context) {
    const { screen, json, signal } = context;
    const [from, word, ...more] = words;
    if (from === undefined || word === undefined || more.length > 0) {
      throw new UsageError("Expected two words: rename OLD NEW");
    }
    if (isPrefix(from) && !isPrefix(word)) {
      throw new UsageError(`rename ${from} needs a folder's name, which ends in /: ${word}/`);
    }
    const to = isPrefix(word) && !isPrefix(from) ? word + from.split("/").at(-1) : word;
    const link = await context.link();
    const renamed = await link.rename(from, to, { force: flags.force, signal })
      .catch(async (error) => {
        throw await orFolderMeant(link, { name: from, error, signal });
      });
    if (json) screen.result(jsonText({ from, to, ...renamed }));
    else screen.sentence(renamedText({ from, to }, renamed));
    if (renamed.replaced) {
      screen.remark(
        `replaced ${
          count(renamed.replaced, "file")
        }; \`list --removed\` shows what can be restored`,
      );
    }
    return EXIT.done;
  },
});

function renamedText({ from, to }: { from: string; to: string }, { files }: Renamed): string {
  const names = `${shown(from)} to ${shown(to)}`;
  if (!isPrefix(from)) return `renamed ${names}`;
  return files === null ? `renamed all of ${names}` : `renamed ${count(files, "file")}, ${names}`;
}
