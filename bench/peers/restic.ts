/** restic to a repository in a folder: it hashes and encrypts, and there is no network between. */
import { join } from "node:path";
import { emptied } from "../ground.ts";
import { run } from "../processes.ts";
import type { Contestant } from "../scenario.ts";

/**
 * Backs the large file up, each time to a new repository: an old one would know its chunks. It has
 * 256 folders, so that it is emptied for its room and not removed.
 */
export const resticBackup: Contestant = {
  name: "restic backup",
  needs: ["restic"],
  async enter(ground) {
    const folder = await ground.folder("restic");
    const password = join(folder, "password");
    await Deno.writeTextFile(password, "bench\n");
    const source = await ground.large();
    const common = ["--quiet", "--no-cache", "--password-file", password];
    let repository: string | null = null;
    return {
      async ready() {
        if (repository !== null) await emptied(repository);
        repository = await ground.folder("restic-repository");
        await run("restic", [...common, "--repo", repository, "init"]);
      },
      async run() {
        await run("restic", [...common, "--repo", repository!, "backup", source]);
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
};
