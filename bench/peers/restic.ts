/** restic to a repository in a folder: it hashes and encrypts, and there is no network between. */
import { join } from "node:path";
import { removed } from "../ground.ts";
import { run } from "../processes.ts";
import type { Contestant } from "../scenario.ts";

/** Backs the large file up, each time to a new repository: an old one would know its chunks. */
export const resticBackup: Contestant = {
  name: "restic backup",
  needs: ["restic"],
  async enter(ground) {
    const folder = await ground.folder("restic");
    const repository = join(folder, "repository");
    const password = join(folder, "password");
    await Deno.writeTextFile(password, "bench\n");
    const source = await ground.large();
    const common = ["--quiet", "--no-cache", "--repo", repository, "--password-file", password];
    return {
      async ready() {
        await removed(repository);
        await run("restic", [...common, "init"]);
      },
      async run() {
        await run("restic", [...common, "backup", source]);
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
};
