/** What a small file costs in a full catalog and in an empty one. */
import { Retrieval } from "../../lib/client/retrieve.ts";
import { type Act, grown, ownName } from "../grown.ts";
import { depositFew } from "../load.ts";
import { type Series, seriesOf } from "../plot.ts";
import type { Result } from "../rounds.ts";
import type { Scale } from "../scale.ts";
import type { Scenario } from "../scenario.ts";

/** Contestants, by the part of the scale's files that are in their catalogs. */
const PARTS: Readonly<Record<string, number>> = {
  "all files": 1,
  "a tenth": 0.1,
  "a hundredth": 0.01,
  "none": 0,
};

const put: Act = (session, number, { smallBytes }) =>
  depositFew(session, `new${number}`, smallBytes);

const get: Act = async (session, number, scale) => {
  const nowhere = { write: () => Promise.resolve() };
  await new Retrieval(ownName(number, scale), nowhere).receive(session);
};

function growth(id: string, title: string, act: Act): Scenario {
  return {
    id,
    title: `${title}, beside as many files of others as the scale has, synced to a disk`,
    medium: "disk",
    amount: ({ repeats }) => ({ of: "files", count: repeats }),
    contestants: Object.entries(PARTS).map(([name, part]) => grown(name, part, act)),
    targets: { none: 1 / 1.2 },
  };
}

/** What the scenarios of this file came to, as lines of a plot. */
export function growthSeries(results: readonly Result[], { catalogFiles }: Scale): Series[] {
  return results.filter(({ id }) => id === depositGrown.id || id === retrieveGrown.id)
    .map((result) => seriesOf(result, (contestant) => PARTS[contestant]! * catalogFiles));
}

export const depositGrown = growth("deposit-grown", "Deposit small files one by one", put);
export const retrieveGrown = growth("retrieve-grown", "Retrieve small files one by one", get);
