import { errorJson, jsonText } from "../json.ts";
import { UsageError } from "../values.ts";
import { defineCommand, EXIT } from "./command.ts";

export const idCommand = defineCommand({
  words: "",
  summary: "Prints your identifier: all it takes to reach your files from another machine.",
  flags: {},
  examples: [
    ["deposito client id", "note it down: it is all you need on another machine"],
    ["deposito client id --server depot.example:7420", "the one at another depot"],
  ],
  failure: (_, error) => errorJson(error),
  async run({ words }, { link, screen, json }) {
    if (words.length > 0) throw new UsageError("id takes no words");
    const { id } = await link();
    screen.result(json ? jsonText({ id }) : id);
    return EXIT.done;
  },
});
