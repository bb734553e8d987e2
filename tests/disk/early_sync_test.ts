import { join } from "node:path";
import { Budget } from "../../lib/content/budget.ts";
import { EarlySync } from "../../lib/disk/early_sync.ts";
import { assertEquals, assertRejects, assertThrows } from "../assert.ts";

const MIB = 1024 * 1024;

/** Counts the syncs of data while it is not disposed, and lets each end when it is told to. */
class Syncs implements Disposable {
  begun = 0;
  #ended = 0;
  #ends: PromiseWithResolvers<void>[] = [];
  #real = Deno.FsFile.prototype.syncData;

  constructor() {
    // deno-lint-ignore no-this-alias
    const syncs = this;
    const real = this.#real;
    Deno.FsFile.prototype.syncData = async function () {
      const end = Promise.withResolvers<void>();
      syncs.#ends[syncs.begun++] = end;
      await end.promise;
      await real.call(this);
    };
  }

  /** Waits for the next one, and has it end. */
  async end(early: EarlySync, error?: Error): Promise<void> {
    while (this.begun === this.#ended) await new Promise((go) => setTimeout(go, 1));
    const end = this.#ends[this.#ended++]!;
    if (error) end.reject(error);
    else end.resolve();
    await early.settled().catch(() => {});
  }

  [Symbol.dispose](): void {
    Deno.FsFile.prototype.syncData = this.#real;
  }
}

async function withFile(work: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "part");
    await Deno.writeTextFile(path, "bytes");
    await work(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a growing file is synced at each step, one sync at a time", () =>
  withFile(async (path) => {
    using syncs = new Syncs();
    const early = new EarlySync(path, new Budget(1));
    early.grown(31 * MIB);
    await early.settled();
    assertEquals(syncs.begun, 0, "too few bytes");
    early.grown(32 * MIB);
    early.grown(80 * MIB);
    await syncs.end(early);
    assertEquals(syncs.begun, 1, "no second one beside it");
    early.grown(63 * MIB);
    await early.settled();
    assertEquals(syncs.begun, 1, "too few since");
    early.grown(64 * MIB);
    await syncs.end(early);
    assertEquals(syncs.begun, 2);
  }));

Deno.test("files of one disk take turns with their early syncs", () =>
  withFile(async (path) => {
    using syncs = new Syncs();
    const turns = new Budget(1);
    const [one, other] = [new EarlySync(path, turns), new EarlySync(path, turns)];
    one.grown(32 * MIB);
    other.grown(32 * MIB);
    await other.settled();
    await syncs.end(one);
    assertEquals(syncs.begun, 1, "the other one goes on without");
    other.grown(33 * MIB);
    await syncs.end(other);
    assertEquals(syncs.begun, 2);
  }));

Deno.test("an early sync that failed fails the file for good", () =>
  withFile(async (path) => {
    using syncs = new Syncs();
    const early = new EarlySync(path, new Budget(1));
    early.grown(32 * MIB);
    await syncs.end(early, new Error("the disk is broken"));
    assertThrows(() => early.grown(32 * MIB + 1), Error, "broken");
    await assertRejects(() => early.settled(), Error, "broken");
  }));
