/** rsync to and from a daemon of its own, with and without `--fsync`. */
import { join } from "node:path";
import { type Ground, removed, requireFile, requireFiles } from "../ground.ts";
import { Daemon, freePort, run } from "../processes.ts";
import type { Contestant, Entry } from "../scenario.ts";

/** Where the daemon keeps files, and how a client says that. */
async function start(ground: Ground, stack: AsyncDisposableStack) {
  const folder = await ground.folder("rsync");
  const files = join(folder, "files");
  await Deno.mkdir(files);
  const port = freePort();
  const path = join(folder, "rsyncd.conf");
  const ids = Deno.uid() === 0 ? "uid = root\ngid = root\n" : "";
  const module = `[files]\npath = ${files}\nread only = false\nuse chroot = false\n${ids}`;
  await Deno.writeTextFile(path, `pid file = ${folder}/pid\n${module}`);
  const args = ["--daemon", "--no-detach", "--address=127.0.0.1", `--port=${port}`];
  stack.use(await Daemon.start("rsync", [...args, `--config=${path}`], { ready: { port } }));
  return { files, url: `rsync://127.0.0.1:${port}/files/` };
}

type Parts = Awaited<ReturnType<typeof start>>;

function contestant(
  name: string,
  open: (parts: Parts, ground: Ground) => Promise<Pick<Entry, "ready" | "run">>,
): Contestant {
  return {
    name,
    needs: ["rsync"],
    async enter(ground) {
      await using stack = new AsyncDisposableStack();
      const work = await open(await start(ground, stack), ground);
      const resources = stack.move();
      return { ...work, [Symbol.asyncDispose]: () => resources.disposeAsync() };
    },
  };
}

/** Sends the large file so many times, one after the other, each under another name. */
function putLarge(name: string, flags: string[], copies = 1): Contestant {
  return contestant(name, async ({ files, url }, ground) => {
    const source = await ground.large();
    const names = Array.from({ length: copies }, (_, index) => `copy${index + 1}.bin`);
    return {
      async ready() {
        for (const copy of names) await removed(join(files, copy));
      },
      async run() {
        for (const copy of names) {
          await run("rsync", ["-a", ...flags, source, url + copy]);
          await requireFile(join(files, copy), ground.scale.largeBytes);
        }
      },
    };
  });
}

export const rsyncPut: Contestant = putLarge("rsync", []);
export const rsyncPutSynced: Contestant = putLarge("rsync --fsync", ["--fsync"]);
export const rsyncPutThree: Contestant = putLarge("three rsyncs", [], 3);
export const rsyncPutThreeSynced: Contestant = putLarge("three rsyncs --fsync", ["--fsync"], 3);

/** Sends the folder of small files; `again`: all of it is there already. */
function putSmall(name: string, flags: string[], again = false): Contestant {
  return contestant(name, async ({ files, url }, ground) => {
    const source = await ground.small();
    let round = 0;
    const target = () => `round${round}/`;
    if (again) await run("rsync", ["-a", source, url + target()]);
    return {
      ready() {
        if (!again) round++;
        return Promise.resolve();
      },
      async run() {
        await run("rsync", ["-a", ...flags, source, url + target()]);
        await requireFiles(join(files, target()), ground.scale.smallFiles);
      },
    };
  });
}

export const rsyncPutSmall: Contestant = putSmall("rsync -a", []);
export const rsyncPutSmallSynced: Contestant = putSmall("rsync -a --fsync", ["--fsync"]);

export const rsyncPutSmallAgain: Contestant = putSmall("rsync -a again", ["--fsync"], true);

/** Brings the folder of small files. */
function getSmall(name: string, flags: string[]): Contestant {
  return contestant(name, async ({ url }, ground) => {
    await run("rsync", ["-a", await ground.small(), url]);
    let output: string;
    return {
      async ready() {
        output = await ground.folder("output");
      },
      async run() {
        await run("rsync", ["-a", ...flags, url + "small", output]);
        await requireFiles(output, ground.scale.smallFiles);
      },
    };
  });
}

export const rsyncGetSmall: Contestant = getSmall("rsync -a", []);
export const rsyncGetSmallSynced: Contestant = getSmall("rsync -a --fsync", ["--fsync"]);
