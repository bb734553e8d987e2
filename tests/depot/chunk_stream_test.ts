/** A content from several copies at once, in a time that only the lines to them take. */
import { CHUNK_BYTES, ChunkChecks } from "../../lib/content/chunk_checks.ts";
import { digestOf } from "../../lib/content/digest.ts";
import { Budget } from "../../lib/content/budget.ts";
import { ChunkBuffers } from "../../lib/depot/chunk_buffers.ts";
import { ChunkStream } from "../../lib/depot/chunk_stream.ts";
import { NoGoodCopy } from "../../lib/depot/content_reader.ts";
import { type Source, SourceOrder } from "../../lib/depot/source_order.ts";
import type { ReadRange } from "../../stores/store.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { MemoryPlace } from "../stores/memory_place.ts";
import { VirtualClock } from "./virtual_clock.ts";

const CHUNKS = 80;
const BYTES = new Uint8Array(CHUNKS * CHUNK_BYTES);
for (let chunk = 0; chunk < CHUNKS; chunk++) BYTES[chunk * CHUNK_BYTES] = chunk;
const DIGEST = digestOf(BYTES);
const CHECKS = new ChunkChecks().update(BYTES).bytes();
const NEVER = new AbortController().signal;
/** Nothing here takes so long. Milliseconds of virtual time. */
const LONG_MS = 100_000;
const MEMORY_BYTES = 96 * CHUNK_BYTES;

/** Carries one chunk after the other, each in so many milliseconds; `Infinity`: none any more. */
class Line {
  #freeAt = 0;

  constructor(private readonly clock: VirtualClock, public msPerChunk: number) {}

  async carry(signal: AbortSignal): Promise<void> {
    const now = this.clock.monotonic();
    this.#freeAt = Math.max(this.#freeAt, now) + this.msPerChunk;
    await this.clock.sleep(Math.min(this.#freeAt - now, 1e9), signal);
    signal.throwIfAborted();
  }
}

/** A copy at the end of a line. */
class FarPlace extends MemoryPlace {
  opened = 0;
  /** Chunks asked for. */
  asked = 0;
  /** Of those, on their way. */
  underWay = 0;

  constructor(name: string, public line: Line) {
    super({ id: name, name });
    this.plant(DIGEST, BYTES);
  }

  override async get(digest: string, range: ReadRange) {
    this.opened++;
    const reader = await super.get(digest, range);
    if (!reader) return null;
    const read = reader.read.bind(reader);
    reader.read = async (target) => {
      this.asked++;
      this.underWay++;
      await this.line.carry(range.signal).finally(() => this.underWay--);
      return await read(target);
    };
    return reader;
  }
}

/** Copies behind lines, and somebody who reads them in order. */
class Bench {
  readonly clock = new VirtualClock();
  readonly memory = new Budget(MEMORY_BYTES);
  readonly places: FarPlace[];
  readonly suspects = new Set<string>();
  readonly hung: string[] = [];
  /** The most chunks that were asked for and not let go of yet. */
  mostHeld = 0;

  /** `msPerChunk`: of each copy's line. */
  constructor(...msPerChunk: number[]) {
    this.places = msPerChunk.map((ms, index) =>
      new FarPlace(`p${index}`, new Line(this.clock, ms))
    );
  }

  get asked(): number {
    return this.places.reduce((sum, { asked }) => sum + asked, 0);
  }

  /** Reads all in order and finds it right. Resolves to the milliseconds that it took. */
  async read(
    { clientMs = 0, onChunk, beside = true, signal = NEVER }: {
      /** How long the client takes for a chunk. */
      clientMs?: number;
      onChunk?: (index: number) => void;
      beside?: boolean;
      signal?: AbortSignal;
    } = {},
  ): Promise<number> {
    const { clock } = this;
    const sources = this.places.map((place): Source => ({ place, aside: false, beside }));
    const began = clock.monotonic();
    const reading = (async () => {
      using buffers = await ChunkBuffers.take(this.memory, BYTES.length, signal);
      const onSuspect = (place: string) => void this.suspects.add(place);
      const content = {
        digest: DIGEST,
        size: BYTES.length,
        checks: CHECKS,
        sources: new SourceOrder(sources),
        onSuspect,
        signal,
      };
      const onHung = (place: string) => void this.hung.push(place);
      const range = { first: 0, last: CHUNKS - 1 };
      await using stream = new ChunkStream({ content, buffers, clock, ...range, onHung });
      for (let index = 0; index < CHUNKS; index++) {
        const chunk = await stream.next();
        assertEquals([chunk.length, chunk[0]], [CHUNK_BYTES, index]);
        onChunk?.(index);
        await clock.sleep(clientMs, signal);
        this.mostHeld = Math.max(this.mostHeld, this.asked - index);
      }
      return clock.monotonic() - began;
    })();
    return await this.#drive(reading);
  }

  /** Lets time go by until `work` is done. */
  async #drive<T>(work: Promise<T>): Promise<T> {
    let done = false;
    work.then(() => done = true, () => done = true);
    while (!done && this.clock.monotonic() < LONG_MS) await this.clock.advance(5);
    if (!done) throw new Error("It does not end");
    return await work;
  }
}

Deno.test("copies behind slow lines come at the sum of their speeds", async () => {
  const took = async (...lines: number[]) => await new Bench(...lines).read();
  assertEquals(await took(200), 80 * 200);
  // Four chunks alone, the last ones with nobody beside.
  const near = (ms: number, wanted: number) => assert(ms < wanted * 1.06, `${ms}, not ${wanted}`);
  near(await took(200, 200), 3 * 200 + 77 * 100);
  near(await took(200, 200, 200), 3 * 200 + 77 * 67);
  near(await took(200, 200, 200, 200), 3 * 200 + 77 * 50);
  near(await took(100, 200), 4 * 100 + 76 * 67);
  near(await took(200, 100), 4 * 200 + 76 * 67);
});

Deno.test("a fast copy is read alone, opened once", async () => {
  const bench = new Bench(4, 4);
  await bench.read();
  assertEquals(bench.places.map(({ opened }) => opened), [1, 0]);
});

Deno.test("so is a slow copy for a client that is as slow", async () => {
  const bench = new Bench(100, 100);
  await bench.read({ clientMs: 90 });
  assertEquals(bench.places.map(({ opened }) => opened), [1, 0]);
});

Deno.test("so is a slow copy beside which no other may be read", async () => {
  const bench = new Bench(100, 100);
  await bench.read({ beside: false });
  assertEquals(bench.places.map(({ opened }) => opened), [1, 0]);
});

Deno.test("copies that share one line are read one by one again, soon", async () => {
  const bench = new Bench(100, 100);
  bench.places[1]!.line = bench.places[0]!.line;
  const ms = await bench.read();
  assert(ms < 82 * 100, `${ms}`);
  const opened = bench.places.reduce((sum, place) => sum + place.opened, 0);
  assert(opened < 50, `${opened}`);
});

Deno.test("a copy on a far slower line does no harm, and one on a faster line takes over", async () => {
  for (const slow of [500, 1_000, 3_000]) {
    const after = await new Bench(100, slow).read();
    assert(after < 95 * 100, `${after} beside ${slow}`);
    const before = await new Bench(slow, 100).read();
    assert(before < 4 * slow + 95 * 100, `${before} after ${slow}`);
  }
});

Deno.test("a copy whose line stalls is overtaken, and not suspected", async () => {
  const bench = new Bench(100, 100, 100);
  const ms = await bench.read({
    onChunk: (index) => {
      if (index === 30) bench.places[0]!.line.msPerChunk = Infinity;
      if (index === CHUNKS - 1) assertEquals(bench.places[0]!.underWay, 0);
    },
  });
  assert(ms < 4 * 100 + 26 * 33 + 1_000 + 50 * 50, `${ms}`);
  assertEquals(bench.suspects, new Set());
});

Deno.test("when all lines but one stall, the file comes over that one", async () => {
  const bench = new Bench(100, 100, 100);
  const ms = await bench.read({
    onChunk: (index) => {
      if (index !== 30) return;
      bench.places[0]!.line.msPerChunk = bench.places[2]!.line.msPerChunk = Infinity;
    },
  });
  assert(ms < 4 * 100 + 26 * 33 + 3_000 + 50 * 100, `${ms}`);
});

Deno.test("a copy that fails in the middle is left at once, and suspected", async () => {
  const bench = new Bench(100, 100, 100);
  const ms = await bench.read({
    onChunk: (index) => void (index === 30 && bench.places[1]!.leave()),
  });
  assert(ms < 4 * 100 + 26 * 33 + 400 + 50 * 50, `${ms}`);
  assertEquals(bench.suspects, new Set(["p1"]));
});

Deno.test("the copy that is left is read from end to end again", async () => {
  const bench = new Bench(100, 100);
  await bench.read({ onChunk: (index) => void (index === 30 && bench.places[1]!.leave()) });
  assert(bench.places[0]!.opened < 25, `${bench.places[0]!.opened}`);
});

Deno.test("chunks that are right in different bad copies are put together", async () => {
  const bench = new Bench(100, 100, 100);
  const [first, second, third] = bench.places;
  first!.plant(DIGEST, BYTES.slice().fill(1, 20 * CHUNK_BYTES, 50 * CHUNK_BYTES));
  second!.plant(DIGEST, BYTES.slice().fill(1, 50 * CHUNK_BYTES));
  third!.erase(DIGEST);
  await bench.read();
  assertEquals(bench.suspects, new Set(["p0", "p1", "p2"]));
});

Deno.test("a chunk that no copy has ends the stream when its turn comes", async () => {
  const bench = new Bench(100, 100, 100);
  for (const place of bench.places) place.corrupt(DIGEST, 50 * CHUNK_BYTES + 9);
  let last = -1;
  await assertRejects(() => bench.read({ onChunk: (index) => last = index }), NoGoodCopy);
  assertEquals(last, 49);
});

Deno.test("without any copy nothing is waited for", async () => {
  await assertRejects(() => new Bench().read(), NoGoodCopy);
});

Deno.test("an abort ends a read on a line that stalls, and so does letting go", async () => {
  for (const copies of [1, 3]) {
    const bench = new Bench(...Array<number>(copies).fill(100));
    const stop = new AbortController();
    const stall = (index: number) => {
      if (index !== 30) return;
      for (const { line } of bench.places) line.msPerChunk = Infinity;
      bench.clock.sleep(400, stop.signal).then(() => stop.abort(new Error("left")));
    };
    const left = () => bench.read({ onChunk: stall, signal: stop.signal });
    assert((await assertRejects(left, Error)).message === "left");
    const givenUp = new Bench(...Array<number>(copies).fill(100));
    await assertRejects(
      () =>
        givenUp.read({
          onChunk: (index) => {
            if (index === 30) { for (const { line } of givenUp.places) line.msPerChunk = Infinity; }
            if (index === 31) throw new Error("given up");
          },
        }),
      Error,
      "given up",
    );
  }
});

Deno.test("a copy that hangs, and cannot be told to stop, holds up neither the bytes nor the end", async () => {
  const bench = new Bench(100, 100);
  const [, hung] = bench.places;
  const never = new Promise<void>(() => {});
  const onChunk = (index: number) => void (index === 30 && (hung!.line.carry = () => never));
  const ms = await bench.read({ onChunk });
  assert(ms < 4 * 100 + 26 * 50 + 1_000 + 50 * 100, `${ms}`);
  assertEquals(bench.suspects, new Set());
});

Deno.test("a copy that hangs while it is read alone is left for another, at the same chunk", async () => {
  const never = new Promise<void>(() => {});
  for (const at of [0, 40]) {
    for (const beside of [true, false]) {
      // As fast as a disk, so that none is read beside it.
      const bench = new Bench(1, 1, 1);
      const [first, second] = bench.places;
      const hang = () => first!.line.carry = second!.line.carry = () => never;
      if (at === 0) hang();
      const ms = await bench.read({
        beside,
        onChunk: (index) => void (index + 1 === at && hang()),
      });
      assert(ms < 2 * 5_200 + 80 * 10 + 1_100, `${ms}`);
      assertEquals(bench.hung, ["p0", "p1"]);
      assertEquals(bench.suspects, new Set());
    }
  }
});

Deno.test("a copy that hung for a while is read again when the one in its stead hangs", async () => {
  const bench = new Bench(1, 1);
  const [first, second] = bench.places;
  const { line } = first!;
  const never = new Promise<void>(() => {});
  first!.line = new Line(bench.clock, 7_000);
  const ms = await bench.read({
    beside: false,
    onChunk(index) {
      first!.line = line;
      if (index === 40) second!.line.carry = () => never;
    },
  });
  assert(ms < 2 * 5_200 + 80 * 10 + 1_100, `${ms}`);
  assertEquals(bench.hung, ["p0", "p1"]);
});

Deno.test("what is read ahead fits in the window, however slow the client becomes", async () => {
  for (const [copies, window] of [[2, 8], [3, 12], [4, 16]] as const) {
    const bench = new Bench(...Array<number>(copies).fill(100));
    await bench.read({
      clientMs: 15,
      // From there on the lines are far faster than the client.
      onChunk: (index) => {
        if (index === 40) { for (const { line } of bench.places) line.msPerChunk = 1; }
      },
    });
    assert(
      bench.mostHeld <= window && bench.mostHeld > window - 3,
      `${bench.mostHeld} of ${window}`,
    );
  }
});

Deno.test("without memory for more, one copy is read", async () => {
  const bench = new Bench(100, 100);
  using _others = bench.memory.tryTake(MEMORY_BYTES / 2);
  assertEquals(await bench.read(), 80 * 100);
});

Deno.test("when others wait for memory, one copy is read again and they get it", async () => {
  const bench = new Bench(100, 100, 100);
  let came = 0;
  let others: Disposable | undefined;
  await bench.read({
    onChunk: (index) => {
      if (index !== 30) return;
      const wish = bench.memory.take(MEMORY_BYTES - 2 * CHUNK_BYTES, NEVER);
      wish.then((held) => (others = held, came = bench.asked));
    },
  });
  assert(came > 30 && came < 60, `${came}`);
  others?.[Symbol.dispose]();
});
