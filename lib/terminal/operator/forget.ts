import type { Stake } from "../../depot/operator.ts";
import { shown } from "../text.ts";
import { count } from "../units.ts";
import { defineOperatorCommand, placeJson, YES_FLAG } from "./command.ts";

export const forgetCommand = defineOperatorCommand({
  words: "PLACE",
  summary:
    "Gives a place up for good that is away, or drained: its copies are made anew elsewhere.",
  flags: {},
  here: YES_FLAG,
  more: ["A place that comes back nevertheless joins again, with all that it has."],
  examples: [[
    "deposito server forget laptop",
    "has what the laptop had made anew now, and not after its grace",
  ]],
  async question({ words: [place] }, { operator }) {
    const { id } = await operator.forgettable(place!);
    return `${stakeWords(await operator.stake(id))}. Forget it?`;
  },
  async run({ words: [place] }, { operator }) {
    return placeJson(await operator.forget(place!));
  },
  lines: ({ name, draining }) => [
    `${shown(name)} is forgotten: its copies do not count any more, and ` +
    (draining ? "what is not elsewhere yet is made anew there" : "are made anew elsewhere"),
  ],
});

/** What is given up with a place, for a question. */
export function stakeWords({ place, replicas, sole }: Stake): string {
  const only = sole > 0 ? `; of ${count(sole, "content")} it has the only copy that is known` : "";
  return `${place.name} has ${count(replicas, "copy", "copies")}${only}`;
}
