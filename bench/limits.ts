/** What the machine itself can do, as bytes a second: nothing that moves bytes can be faster. */
import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import process from "node:process";
import { freePort, missing, run } from "./processes.ts";
import { median } from "./rounds.ts";
import { type Costs, type Floor, floorsOf } from "./floor.ts";
import { Ground, requireFile } from "./ground.ts";
import type { Scale } from "./scale.ts";

const MIB = 1024 * 1024;

/** One limit; `speed` `null`: it could not be measured, and why. */
export interface Limit {
  what: string;
  speed: number | null;
  /** The least processor seconds of the large file in any round, where the probe tells them. */
  processor?: number;
  why?: string;
}

interface Probe {
  what: string;
  /** What a floor needs of it. */
  cost?: keyof Costs;
  needs: readonly string[];
  medium: "memory" | "disk";
  /** Moves the large file once. Resolves to the processor seconds of that, or to nothing. */
  run(ground: Ground): Promise<number | void>;
}

/**
 * Source, target and port → the processor seconds of both sides, as `user system`. Larger buffers
 * than usual: with these it takes the least.
 */
const COPY = `
  exec 3>&2; TIMEFORMAT='%U %S'
  { time {
    socat -b 1048576 -u "TCP-LISTEN:$3,bind=127.0.0.1,reuseaddr" "CREATE:$2" &
    socat -b 1048576 -u "OPEN:$1" "TCP:127.0.0.1:$3,retry=100,interval=0.005" ||
      { kill $!; exit 1; }
    wait $!
  } 2>&3; } 2>&1`;

const PROBES: readonly Probe[] = [
  {
    what: "loopback to a file in memory (socat)",
    cost: "copy",
    needs: ["socat", "bash"],
    medium: "memory",
    async run(ground) {
      const output = join(ground.root, "socat.bin");
      const words = [await ground.large(), output, `${freePort()}`];
      const env = { LC_ALL: "C" };
      const times = await run("bash", ["-c", COPY, "copy", ...words], { env });
      await requireFile(output, ground.scale.largeBytes);
      await Deno.remove(output);
      const [user, system] = times.trim().split(" ").map(Number) as [number, number];
      return user + system;
    },
  },
  {
    what: "file to a disk, synced (dd conv=fsync)",
    needs: ["dd"],
    medium: "disk",
    async run(ground) {
      const output = join(ground.root, "dd.bin");
      await run("dd", [`if=${await ground.large()}`, `of=${output}`, "bs=1M", "conv=fsync"]);
      await Deno.remove(output);
    },
  },
  {
    what: "SHA-256 of one core",
    cost: "hash",
    needs: [],
    medium: "memory",
    run(ground) {
      const before = process.cpuUsage();
      const hash = createHash("sha256");
      const block = randomBytes(MIB);
      for (let left = ground.scale.largeBytes; left > 0; left -= MIB) hash.update(block);
      hash.digest();
      const { user, system } = process.cpuUsage(before);
      return Promise.resolve((user + system) / 1e6);
    },
  },
];

/** Measures each limit in as many rounds as the scenarios have, and the floors that follow from them. */
export async function measureLimits(
  parents: Record<"memory" | "disk", string>,
  scale: Scale,
): Promise<{ limits: Limit[]; floors: Floor[] }> {
  const limits: Limit[] = [];
  const costs: Partial<Costs> = {};
  for (const probe of PROBES) {
    const absent = await missing(probe.needs);
    if (absent.length > 0) {
      limits.push({ what: probe.what, speed: null, why: `not installed: ${absent.join(", ")}` });
      continue;
    }
    await using ground = await Ground.make(parents[probe.medium], { scale });
    await ground.large();
    const seconds: number[] = [];
    const processor: number[] = [];
    for (let round = 0; round < scale.rounds; round++) {
      const begun = performance.now();
      const used = await probe.run(ground);
      seconds.push((performance.now() - begun) / 1_000);
      if (used !== undefined) processor.push(used);
    }
    const limit: Limit = { what: probe.what, speed: scale.largeBytes / median(seconds) };
    if (processor.length > 0) {
      limit.processor = Math.min(...processor);
      if (probe.cost !== undefined) costs[probe.cost] = limit.processor;
    }
    limits.push(limit);
  }
  const machine = { bytes: scale.largeBytes, cores: navigator.hardwareConcurrency };
  const { hash, copy } = costs;
  return { limits, floors: hash && copy ? floorsOf({ hash, copy }, machine) : [] };
}
