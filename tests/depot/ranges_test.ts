import { chunksAtOnce, isStalled, Pace, sourcesWanted, windowOf } from "../../lib/depot/ranges.ts";
import { assert, assertEquals } from "../assert.ts";

/** Hands out chunks that take `ms` each, of which `waitedMs` are waited; as many as a pace goes on for. */
class Reading {
  readonly pace = new Pace();
  sources = 1;
  chunks = 0;
  #now = 1_000;

  constructor(private readonly more: { left?: number; others?: number } = {}) {}

  /** So many chunks, or until the pace wants another number of copies. Resolves to the number. */
  run(chunks: number, { ms, waitedMs = ms }: { ms: number; waitedMs?: number }): number {
    for (let chunk = 0; chunk < chunks; chunk++) {
      this.#now += ms;
      this.chunks++;
      const { left = 1_000, others = 3 } = this.more;
      const wanted = this.pace.note({
        at: this.#now,
        waitedMs,
        left,
        others: others + 1 - this.sources,
      });
      if (wanted === this.sources) continue;
      this.use(wanted);
      return wanted;
    }
    return this.sources;
  }

  use(sources: number): void {
    this.sources = sources;
    this.pace.set(sources);
  }
}

Deno.test("one copy is read a chunk at a time with one ahead, several two at a time in a window that grows with them", () => {
  assertEquals([1, 2, 3, 4].map(chunksAtOnce), [1, 4, 6, 8]);
  assertEquals([1, 2, 3, 4].map(windowOf), [2, 8, 12, 16]);
});

Deno.test("so many copies are wanted as keep the consumer busy, four at most", () => {
  const wanted = (waitedMs: number, sources = 1) => sourcesWanted(sources, { ms: 100, waitedMs });
  assertEquals(wanted(0), 1);
  assertEquals(wanted(30), 1);
  assertEquals(wanted(50), 2);
  assertEquals(wanted(60), 3);
  assertEquals(wanted(70), 4);
  assertEquals(wanted(100), 4);
  assertEquals(wanted(40, 2), 4);
  assertEquals(wanted(20, 2), 2);
});

Deno.test("a source that is waited for less than 5 ms a chunk is fast enough", () => {
  assertEquals(sourcesWanted(1, { ms: 4.9, waitedMs: 4.9 }), 1);
  assertEquals(sourcesWanted(1, { ms: 5, waitedMs: 5 }), 4);
});

Deno.test("pauses of the machine are not taken for a slow line", () => {
  const reading = new Reading();
  for (let pause = 0; pause < 100; pause++) {
    assertEquals([reading.run(3, { ms: 2 }), reading.run(2, { ms: 100 })], [1, 1]);
  }
});

Deno.test("a slow copy gets company after four chunks, as much as there is", () => {
  const reading = new Reading({ others: 2 });
  assertEquals([reading.run(100, { ms: 200 }), reading.chunks], [3, 4]);
});

Deno.test("the sooner a chunk comes, the more of them are looked at", () => {
  const looked = [10, 20, 50, 200, 500, 2_000].map((ms) => {
    const reading = new Reading();
    reading.run(100, { ms });
    return reading.chunks;
  });
  assertEquals(looked, [11, 6, 4, 4, 2, 2]);
});

Deno.test("nobody is asked for the last few chunks", () => {
  assertEquals(new Reading({ left: 7 }).run(100, { ms: 200 }), 1);
  assertEquals(new Reading({ left: 8 }).run(100, { ms: 200 }), 2);
  assertEquals(new Reading({ left: 13 }).run(100, { ms: 200 }), 3);
});

Deno.test("a client that is slower than the copy changes nothing", () => {
  assertEquals(new Reading().run(10_000, { ms: 200, waitedMs: 10 }), 1);
});

Deno.test("copies that made it faster stay", () => {
  const reading = new Reading({ others: 1 });
  reading.run(100, { ms: 200 });
  assertEquals(reading.run(10_000, { ms: 100 }), 2);
});

Deno.test("copies that did not make it faster are left, and asked again after longer and longer", () => {
  const reading = new Reading({ others: 1 });
  const alone = [0, 1, 2, 3].map(() => {
    const before = reading.chunks;
    assertEquals(reading.run(10_000, { ms: 200 }), 2);
    const chunks = reading.chunks - before;
    assertEquals(reading.run(100, { ms: 190 }), 1);
    return chunks;
  });
  assertEquals(alone, [4, 34, 64, 130]);
});

Deno.test("where more would help still more, it goes back to as many as helped", () => {
  const reading = new Reading();
  assertEquals(reading.run(100, { ms: 200, waitedMs: 90 }), 2);
  assertEquals(reading.run(100, { ms: 100, waitedMs: 50 }), 4);
  assertEquals(reading.run(100, { ms: 110, waitedMs: 50 }), 2);
});

Deno.test("what comes out of a try counts for the copies that are left of it", () => {
  const reading = new Reading({ others: 2 });
  reading.run(100, { ms: 200 });
  reading.run(10, { ms: 200 });
  reading.use(2);
  assertEquals(reading.run(100, { ms: 195 }), 1);
});

Deno.test("a read has stalled when it takes three times what another takes, and a quarter of a second", () => {
  assert(!isStalled(249, 1));
  assert(isStalled(250, 1));
  assert(!isStalled(1_199, 400));
  assert(isStalled(1_200, 400));
});
