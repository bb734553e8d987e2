/** The depot as a contestant: what a user would type. */
import { join } from "node:path";
import { type DepotOptions, RunningDepot } from "./depot.ts";
import { removed, requireFile, requireFiles } from "./ground.ts";
import type { Contestant, Entry } from "./scenario.ts";

/** A contestant with a depot of its own. */
export function depotContestant(
  name: string,
  options: DepotOptions,
  open: (depot: RunningDepot) => Promise<Pick<Entry, "ready" | "run" | "facts">>,
): Contestant {
  return {
    name,
    needs: [],
    async enter(ground) {
      await using stack = new AsyncDisposableStack();
      const work = await open(stack.use(await RunningDepot.start(ground, options)));
      const resources = stack.move();
      return { ...work, [Symbol.asyncDispose]: () => resources.disposeAsync() };
    },
  };
}

/** `deposit` of the large file, whose content is a new one each round. */
export function depositLarge(replicas: number, options: DepotOptions = {}): Contestant {
  return depotContestant("Deposito", options, (depot) => {
    const { ground } = depot;
    return Promise.resolve({
      async ready() {
        await depot.remove("large.bin");
        await ground.changeLarge();
      },
      async run() {
        const source = await ground.large();
        const receipt = await depot.client(
          "deposit",
          source,
          "--replicas",
          `${replicas}`,
          "--json",
        );
        const [file] = JSON.parse(receipt);
        if (file.size !== ground.scale.largeBytes || file.replicas.live !== replicas) {
          throw new Error(`The receipt is not what was asked for: ${receipt}`);
        }
      },
    });
  });
}

/** `retrieve` of the large file. */
export const retrieveLarge: Contestant = depotContestant("Deposito", {}, async (depot) => {
  const { ground } = depot;
  await depot.client("deposit", await ground.large(), "--replicas", "1");
  const output = join(await ground.folder("output"), "large.bin");
  return {
    ready: () => removed(output),
    async run() {
      await depot.client("retrieve", "large.bin", "--output", output);
      await requireFile(output, ground.scale.largeBytes);
    },
  };
});

/** `deposit` of the folder of small files, each acknowledged; `changed`: all of them differ. */
export function depositSmall(name: string, { changed }: { changed: boolean }): Contestant {
  return depotContestant(name, {}, async (depot) => {
    const { ground } = depot;
    const source = await ground.small();
    let round = 0;
    const deposit = () => {
      const words = ["--name", `round${round}`, "--replicas", "1", "--json"];
      return depot.client("deposit", source, ...words);
    };
    if (!changed) await deposit();
    return {
      async ready() {
        if (!changed) return;
        round++;
        await ground.changeSmall();
      },
      async run() {
        const files: { replicas: { live: number } }[] = JSON.parse(await deposit());
        const stored = files.filter(({ replicas }) => replicas.live === 1).length;
        if (stored !== ground.scale.smallFiles) throw new Error(`Only ${stored} files are stored`);
      },
    };
  });
}

/** `retrieve` of the folder. */
export const retrieveSmall: Contestant = depotContestant("Deposito", {}, async (depot) => {
  const { ground } = depot;
  await depot.client("deposit", await ground.small(), "--replicas", "1");
  let output: string;
  return {
    async ready() {
      output = await ground.folder("output");
    },
    async run() {
      await depot.client("retrieve", "small/", "--output", output);
      await requireFiles(output, ground.scale.smallFiles);
    },
  };
});
