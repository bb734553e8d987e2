/** scp to a server of its own. */
import { join } from "node:path";
import { removed, requireFile } from "../ground.ts";
import { Daemon, find, freePort, run } from "../processes.ts";
import type { Contestant } from "../scenario.ts";

/** Where a server that root starts wants an empty folder. */
const PRIVILEGE_FOLDER = "/run/sshd";

/** Sends the large file. */
export const scpPut: Contestant = {
  name: "scp",
  needs: ["sshd", "ssh-keygen", "scp"],
  async enter(ground) {
    await using stack = new AsyncDisposableStack();
    const folder = await ground.folder("ssh");
    const [hostKey, userKey] = [join(folder, "host"), join(folder, "user")];
    for (const key of [hostKey, userKey]) {
      await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
    }
    if (Deno.uid() === 0) await Deno.mkdir(PRIVILEGE_FOLDER, { recursive: true });
    const port = freePort();
    const config = join(folder, "sshd_config");
    await Deno.writeTextFile(config, serverConfig({ port, hostKey, userKey }));
    // The server starts itself again by its path for each connection.
    const server = await find("sshd") ?? "sshd";
    stack.use(await Daemon.start(server, ["-D", "-e", "-f", config], { ready: { port } }));
    const source = await ground.large();
    const target = join(folder, "large.bin");
    const options = ["-q", "-P", `${port}`, "-F", "/dev/null", "-i", userKey];
    const trust = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "BatchMode=yes"];
    const words = [...options, ...trust.flatMap((word) => ["-o", word])];
    const resources = stack.move();
    return {
      ready: () => removed(target),
      async run() {
        await run("scp", [...words, source, `${await userName()}@127.0.0.1:${target}`]);
        await requireFile(target, ground.scale.largeBytes);
      },
      [Symbol.asyncDispose]: () => resources.disposeAsync(),
    };
  },
};

function serverConfig({ port, hostKey, userKey }: Record<"hostKey" | "userKey", string> & {
  port: number;
}): string {
  return [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${hostKey}`,
    `AuthorizedKeysFile ${userKey}.pub`,
    "PidFile none",
    "StrictModes no",
    "UsePAM no",
    "PermitRootLogin yes",
    "Subsystem sftp internal-sftp",
  ].join("\n") + "\n";
}

async function userName(): Promise<string> {
  return (await run("id", ["-un"])).trim();
}
