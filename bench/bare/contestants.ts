/**
 * Bare programs on the depot's runtime: a server that runs and a client that is started, which hash,
 * send, compare and make durable as every program must that promises what the depot does, and do
 * nothing else. There is no protocol, no identity, no option and no second request. How they do it is
 * what was fastest of what was tried.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Part, taskArgs } from "../depot.ts";
import { type Ground, removed, requireFile } from "../ground.ts";
import { Daemon, run } from "../processes.ts";
import type { Contestant, Entry } from "../scenario.ts";
import { LISTENING } from "./streams.ts";

interface Server {
  module: string;
  args: string[];
}

/** A round's work; `client` runs a module as the client's task would, with the server's port. */
type Work = Pick<Entry, "ready"> & {
  run(client: (module: string, ...args: string[]) => Promise<string>): Promise<void>;
};

function contestant(
  open: (ground: Ground) => Promise<{ server: Server; work: Work }>,
): Contestant {
  return {
    name: "a bare program on the same runtime",
    needs: [],
    limit: "bare",
    async enter(ground) {
      const { server, work } = await open(ground);
      const args = [...words("server", server.module), ...server.args];
      const daemon = await Daemon.start(Deno.execPath(), args, { ready: LISTENING });
      const port = LISTENING.exec(daemon.said)![1]!;
      return {
        ready: () => work.ready(),
        run: () =>
          work.run((module, ...args) =>
            run(Deno.execPath(), [...words("client", module), port, ...args])
          ),
        [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
      };
    },
  };
}

function words(part: Part, module: string): string[] {
  return taskArgs(part, fileURLToPath(new URL(module, import.meta.url)));
}

/** Sends the large file, which is written through the system's cache or past it. */
export function bareDeposit(way: "cached" | "uncached"): Contestant {
  return contestant(async (ground) => {
    const [source, target] = [await ground.large(), await targetIn(ground)];
    return {
      server: { module: "receive.ts", args: [target, way] },
      work: {
        ready: () => removed(target),
        async run(client) {
          await client("send.ts", source);
          await requireFile(target, ground.scale.largeBytes);
        },
      },
    };
  });
}

/** Brings the large file. */
export const bareRetrieval: Contestant = contestant(async (ground) => {
  const [source, target] = [await ground.large(), await targetIn(ground)];
  return {
    server: { module: "give.ts", args: [source] },
    work: {
      ready: () => removed(target),
      async run(client) {
        await client("fetch.ts", target);
        await requireFile(target, ground.scale.largeBytes);
      },
    },
  };
});

/** Sends the folder of small files, all of which differ from those of the last round. */
export const bareSmallDeposit: Contestant = contestant(async (ground) => {
  const source = await ground.small();
  let round = 0;
  return {
    server: { module: "small_receive.ts", args: [await ground.folder("bare")] },
    work: {
      async ready() {
        round++;
        await ground.changeSmall();
      },
      async run(client) {
        const stored = Number(await client("small_send.ts", source, `round${round}`));
        const { smallFiles } = ground.scale;
        if (stored !== smallFiles) throw new Error(`${stored} files are stored, not ${smallFiles}`);
      },
    },
  };
});

async function targetIn(ground: Ground): Promise<string> {
  return join(await ground.folder("bare"), "large.bin");
}
