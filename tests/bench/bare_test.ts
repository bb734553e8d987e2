/** Bare programs check what they move, and stand for what a target can be. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeRing, RingFiller } from "../../bench/bare/ring.ts";
import { digestOf } from "../../lib/content/digest.ts";
import { taskArgs } from "../../bench/depot.ts";
import { Ground } from "../../bench/ground.ts";
import { delay, run } from "../../bench/processes.ts";
import { measure } from "../../bench/rounds.ts";
import { SCALES } from "../../bench/scale.ts";
import type { Contestant, Scenario } from "../../bench/scenario.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";

Deno.test("bench: a ring hands all pieces over in order, out of a few slots", async () => {
  const [slots, slotBytes] = [2, 65_536];
  const sizes = [3, slotBytes, 1, 40_000, slotBytes];
  const pieces = sizes.map((size, index) => new Uint8Array(size).fill(index + 1));
  const ring = makeRing(slots, slotBytes);
  const module = new URL("../../bench/bare/hash_worker.ts", import.meta.url);
  const worker = new Worker(module, { type: "module" });
  try {
    const hashed = new Promise<string>((resolve) => worker.onmessage = ({ data }) => resolve(data));
    worker.postMessage(ring);
    const filler = new RingFiller(ring);
    for (const piece of pieces) {
      (await filler.room()).set(piece);
      filler.filled(piece.length);
    }
    await filler.room();
    filler.filled(0);
    const whole = await new Blob(pieces).bytes();
    assertEquals(await hashed, digestOf(whole));
  } finally {
    worker.terminate();
  }
});

/** With what each is started after the port, in a folder with a file. */
const CLIENTS = {
  "send.ts": (folder: string) => [join(folder, "file")],
  "fetch.ts": (folder: string) => [join(folder, "fetched")],
  "small_send.ts": (folder: string) => [folder, "round"],
};

for (const [module, args] of Object.entries(CLIENTS)) {
  Deno.test(`bench: the bare client ${module} fails where the digest is not right`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(join(folder, "file"), "bytes");
      using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const answered = answerWrongly(listener);
      const path = fileURLToPath(new URL(`../../bench/bare/${module}`, import.meta.url));
      const words = [...taskArgs("client", path), `${listener.addr.port}`, ...args(folder)];
      await assertRejects(() => run(Deno.execPath(), words), Error, "The digests differ");
      await answered;
      const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
      assert(!names.includes("fetched"));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

async function answerWrongly(listener: Deno.TcpListener): Promise<void> {
  using conn = await listener.accept();
  await conn.write(new TextEncoder().encode("0".repeat(64)));
  await conn.closeWrite();
  const buffer = new Uint8Array(1_024);
  while (await conn.read(buffer).catch(() => null) !== null);
}

Deno.test("bench: a limit that misses a missed target is shown beside it", async () => {
  const parent = await Deno.makeTempDir();
  try {
    await using ground = await Ground.make(parent, { scale: SCALES.quick });
    const scenario: Scenario = {
      id: "made-up",
      title: "Made up",
      medium: "memory",
      amount: () => ({ of: "files", count: 1 }),
      transfer: "deposit",
      contestants: [madeUp("depot", 20), madeUp("peer", 0), madeUp("bare program", 20, "bare")],
      targets: { peer: 2 },
    };
    const floors = [
      { transfer: "deposit", seconds: 1, speed: 1 },
      { transfer: "retrieval", seconds: 2, speed: 1 },
    ] as const;
    const { rows } = await measure(scenario, ground, { floors });
    const names = rows.map(({ inReach }) => Object.keys(inReach));
    assertEquals(names, [[], ["floor", "bare"], []]);
    const [, peer, bare] = rows;
    const reached = { floor: peer!.median / 1, bare: peer!.median / bare!.median };
    assertEquals(peer!.inReach, reached);
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
});

function madeUp(name: string, ms: number, limit?: string): Contestant {
  const entry = {
    ready: () => Promise.resolve(),
    run: () => delay(ms),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const contestant = { name, needs: [], enter: () => Promise.resolve(entry) };
  return limit === undefined ? contestant : { ...contestant, limit };
}
