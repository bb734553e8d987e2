/** What the machine itself can do, as bytes a second: nothing that moves bytes can be faster. */
import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { freePort, missing, run } from "./processes.ts";
import { median } from "./rounds.ts";
import { Ground } from "./ground.ts";
import type { Scale } from "./scale.ts";

const MIB = 1024 * 1024;

/** One limit; `speed` `null`: it could not be measured, and why. */
export interface Limit {
  what: string;
  speed: number | null;
  why?: string;
}

interface Probe {
  what: string;
  needs: readonly string[];
  medium: "memory" | "disk";
  /** Moves the large file once. */
  run(ground: Ground): Promise<void>;
}

const PROBES: readonly Probe[] = [
  {
    what: "loopback to a file in memory (socat)",
    needs: ["socat"],
    medium: "memory",
    async run(ground) {
      const port = freePort();
      const output = join(ground.root, "socat.bin");
      const buffer = ["-b", "1048576", "-u"];
      const listener = `TCP-LISTEN:${port},bind=127.0.0.1,reuseaddr`;
      const receiving = run("socat", [...buffer, listener, `CREATE:${output}`]);
      const connect = `TCP:127.0.0.1:${port},retry=100,interval=0.005`;
      await run("socat", [...buffer, `OPEN:${await ground.large()}`, connect]);
      await receiving;
      await Deno.remove(output);
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
    needs: [],
    medium: "memory",
    run(ground) {
      const hash = createHash("sha256");
      const block = randomBytes(MIB);
      for (let left = ground.scale.largeBytes; left > 0; left -= MIB) hash.update(block);
      hash.digest();
      return Promise.resolve();
    },
  },
];

/** Measures each limit in as many rounds as the scenarios have. */
export async function measureLimits(
  parents: Record<"memory" | "disk", string>,
  scale: Scale,
): Promise<Limit[]> {
  const limits: Limit[] = [];
  for (const probe of PROBES) {
    const absent = await missing(probe.needs);
    if (absent.length > 0) {
      limits.push({ what: probe.what, speed: null, why: `not installed: ${absent.join(", ")}` });
      continue;
    }
    await using ground = await Ground.make(parents[probe.medium], { scale, executable: null });
    await ground.large();
    const seconds: number[] = [];
    for (let round = 0; round < scale.rounds; round++) {
      const begun = performance.now();
      await probe.run(ground);
      seconds.push((performance.now() - begun) / 1_000);
    }
    limits.push({ what: probe.what, speed: scale.largeBytes / median(seconds) });
  }
  return limits;
}

/**
 * Writes and removes `bytes` in memory: the first touch of a page on a virtual machine is several
 * times slower than any later one, and would be the first contestant's.
 */
export async function touchMemory(folder: string, bytes: number): Promise<void> {
  const path = await Deno.makeTempFile({ dir: folder });
  try {
    using file = await Deno.open(path, { write: true });
    const block = new Uint8Array(MIB);
    for (let left = bytes; left > 0; left -= block.length) await file.write(block);
  } finally {
    await Deno.remove(path);
  }
}
