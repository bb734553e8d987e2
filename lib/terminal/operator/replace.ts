import { shown } from "../text.ts";
import { defineOperatorCommand, placeJson, YES_FLAG } from "./command.ts";
import { stakeWords } from "./forget.ts";

export const replaceCommand = defineOperatorCommand({
  words: "PLACE",
  summary: "Takes the disk at the path of a place that is away for a new one: it becomes a new " +
    "place, and the copies of the old one are made anew.",
  flags: {},
  here: YES_FLAG,
  more: [
    "Mount the new disk at the same path first. Should the old disk come back, at whatever path " +
    "of --store, it joins again with all that it has.",
  ],
  examples: [["deposito server replace disk2", "a new disk is mounted where the broken disk2 was"]],
  async question({ words: [place] }, { operator }) {
    const { id, address } = operator.replaceable(place!);
    return `${stakeWords(await operator.stake(id))}. Is a new disk mounted at ${address}, and ` +
      "the old one gone for good?";
  },
  async run({ words: [place] }, { operator }) {
    const { old, id } = await operator.replace(place!);
    return { old: placeJson(old), new: { id } };
  },
  lines: ({ old }) => [
    `${shown(old.address)} is a new place, which joins within seconds; the copies that ` +
    `${shown(old.name)} had are made anew`,
  ],
});
