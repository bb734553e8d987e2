/** Machines on a network of their own: Linux's network namespaces, for tests that cut cables. */

/** Every namespace of these tests has a name that begins so, then the process that made it. */
const PREFIX = "deposito-test-";

/** Why there can be no such network here, or `null`. */
export async function whyNoNetwork(): Promise<string | null> {
  if (Deno.build.os !== "linux") return "network namespaces are Linux's";
  try {
    await using network = await Network.make(["one"]);
    await network.cut("one");
    return null;
  } catch (error) {
    return `no network namespace can be made: ${error instanceof Error ? error.message : error}`;
  }
}

/**
 * A hub and machines, each with a cable of its own to the hub, where it reaches the hub at
 * `address(machine)`. Nothing of it is seen outside. Disposing it removes all.
 */
export class Network implements AsyncDisposable {
  private constructor(private readonly machines: string[]) {}

  static async make(machines: string[]): Promise<Network> {
    await removeStale();
    const network = new Network(machines);
    try {
      await network.#build();
      return network;
    } catch (error) {
      await network[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The command that runs another one on a machine, or on the `hub`. */
  on(machine: string): string[] {
    return ["ip", ...this.#within(machine)];
  }

  /** Where a machine finds the hub. */
  address(machine: string): string {
    return `10.77.${this.machines.indexOf(machine)}.1`;
  }

  /** From now on no packet leaves a machine and none gets in, and nobody is told. */
  async cut(machine: string): Promise<void> {
    for (const chain of ["INPUT", "OUTPUT"]) {
      await run("ip", ...this.#within(machine), "iptables", "--append", chain, "--jump", "DROP");
    }
  }

  /** Packets flow again. */
  async mend(machine: string): Promise<void> {
    await run("ip", ...this.#within(machine), "iptables", "--flush");
  }

  /** Bytes that went over a machine's cable so far: from it, and to it. */
  async traffic(machine: string): Promise<{ sent: number; received: number }> {
    const [link] = JSON.parse(
      await run("ip", "-netns", namespaceOf(machine), "-json", "-statistics", "link", "show", "up"),
    ).filter(({ ifname }: { ifname: string }) => ifname === CABLE);
    return { sent: link.stats64.tx.bytes, received: link.stats64.rx.bytes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const machine of ["hub", ...this.machines]) await remove(namespaceOf(machine));
  }

  #within(machine: string): string[] {
    return ["netns", "exec", namespaceOf(machine)];
  }

  async #build(): Promise<void> {
    const hub = namespaceOf("hub");
    for (const machine of ["hub", ...this.machines]) {
      await run("ip", "netns", "add", namespaceOf(machine));
      await run("ip", "-netns", namespaceOf(machine), "link", "set", "lo", "up");
    }
    for (const [index, machine] of this.machines.entries()) {
      const there = namespaceOf(machine);
      const here = `to${index}`;
      const ends = ["name", here, "type", "veth", "peer", "name", CABLE, "netns", there];
      await run("ip", "-netns", hub, "link", "add", ...ends);
      await plug(hub, here, this.address(machine));
      await plug(there, CABLE, this.address(machine).replace(/1$/, "2"));
    }
  }
}

/** What a machine's end of its cable is called. */
const CABLE = "cable";

function namespaceOf(machine: string): string {
  return `${PREFIX}${Deno.pid}-${machine}`;
}

async function plug(namespace: string, link: string, address: string): Promise<void> {
  await run("ip", "-netns", namespace, "address", "add", `${address}/24`, "dev", link);
  await run("ip", "-netns", namespace, "link", "set", link, "up");
}

/** What a run left that was killed before it could clean up. */
async function removeStale(): Promise<void> {
  for (const { name } of JSON.parse(await run("ip", "-json", "netns", "list") || "[]")) {
    const pid = name.startsWith(PREFIX) ? parseInt(name.slice(PREFIX.length)) : NaN;
    if (pid > 0 && !await isAlive(pid)) await remove(name);
  }
}

/** With the processes that run in it, if there are any left. */
async function remove(namespace: string): Promise<void> {
  const pids = await run("ip", "netns", "pids", namespace).catch(() => "");
  for (const pid of pids.split("\n").filter((line) => line !== "")) {
    try {
      Deno.kill(Number(pid), "SIGKILL");
    } catch {
      // It has ended.
    }
  }
  await run("ip", "netns", "delete", namespace).catch(() => {});
}

/** Asked of the shell, because the runtime hides /proc from who may not do everything. */
async function isAlive(pid: number): Promise<boolean> {
  return await run("sh", "-c", `kill -0 ${pid}`).then(() => true, () => false);
}

async function run(command: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args }).output();
  if (success) return new TextDecoder().decode(stdout);
  throw new Error(`${[command, ...args].join(" ")}: ${new TextDecoder().decode(stderr).trim()}`);
}
