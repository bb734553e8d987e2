/** A large file from several holders, each behind a slow line of its own. */
import { join } from "node:path";
import { digestOf } from "../../lib/content/digest.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { someBytes } from "../depot/test_depot.ts";
import { temporaryFolder } from "../disk/bench.ts";
import { ListeningDepot, RunningHolder, until } from "./holding_bench.ts";
import { SlowLine } from "./slow_line.ts";
import { tell } from "./waiting.ts";

const MIB = 1024 * 1024;
const BYTES = someBytes(24 * MIB);
const DIGEST = digestOf(BYTES);
/** Of each line. */
const BYTES_PER_SECOND = 12 * MIB;
/** Much more than a busy machine adds, and much less than the patience with a holder, in shares of one line's time. */
const SOON = 5;

/** A depot whose file `a` is on so many holders behind slow lines. */
async function behindSlowLines(count: number) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const depot = stack.use(await ListeningDepot.open());
  const holders: { line: SlowLine; holder: RunningHolder }[] = [];
  for (let index = 0; index < count; index++) {
    const name = `h${index}`;
    const line = stack.use(new SlowLine(depot.listener.address, BYTES_PER_SECOND));
    const more = { name, zone: name };
    const directory = join(folder.path, name);
    const holder = stack.use(await RunningHolder.start(depot, directory, more, line.address));
    holders.push({ line, holder });
  }
  await depot.online(count);
  await depot.deposit("a", BYTES, count);
  const resources = stack.move();
  return { depot, holders, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** Retrieves `a`, finds it right, and resolves to the share of the time that one line takes for all. */
async function timed(
  depot: ListeningDepot,
  { onPiece, bytesPerSecond = BYTES_PER_SECOND }: {
    onPiece?: (index: number) => Promise<void>;
    bytesPerSecond?: number;
  } = {},
): Promise<number> {
  const began = performance.now();
  const bytes = await depot.retrieve("a", onPiece);
  const aloneMs = BYTES.length / bytesPerSecond * 1000;
  const share = (performance.now() - began) / aloneMs;
  assertEquals(digestOf(bytes), DIGEST);
  tell(`${Math.round(100 * share)} % of what one line takes`);
  return share;
}

Deno.test("a file on two slow holders comes in about half the time of one, on three in a third", async (t) => {
  // The first four chunks come from one holder: 58 and 44 % where nothing else takes time.
  const expected = [[2, 0.5, 0.75], [3, 0.35, 0.6]] as const;
  for (const [count, least, most] of expected) {
    await t.step(`${count} holders`, async () => {
      await using test = await behindSlowLines(count);
      let share = Infinity;
      // Where the machine has so much else to do that it counts beside the lines, on slower ones.
      for (let slower = 1; slower <= 16 && share > most; slower *= 2) {
        const bytesPerSecond = BYTES_PER_SECOND / slower;
        for (const { line } of test.holders) Object.assign(line, { carried: 0, bytesPerSecond });
        share = await timed(test.depot, { bytesPerSecond });
        const carried = test.holders.reduce((sum, { line }) => sum + line.carried, 0);
        assert(carried < 1.25 * BYTES.length, `${carried} bytes were carried`);
      }
      assert(share > least && share < most, `${share}`);
    });
  }
});

Deno.test("a holder that is cut off in mid-range costs nothing but its speed", async () => {
  await using test = await behindSlowLines(2);
  const share = await timed(test.depot, {
    onPiece(index) {
      if (index === 12) test.holders[1]!.line.cut();
      return Promise.resolve();
    },
  });
  assert(share < SOON, `${share}`);
});

Deno.test("a holder whose line stalls in mid-range is overtaken, and the stream goes on", async () => {
  await using test = await behindSlowLines(3);
  const { line } = test.holders[0]!;
  const share = await timed(test.depot, {
    onPiece(index) {
      if (index === 12) line.bytesPerSecond = 0;
      return Promise.resolve();
    },
  });
  line.bytesPerSecond = BYTES_PER_SECOND;
  assert(share < SOON, `${share}`);
});

Deno.test("a holder with wrong bytes in its range is set aside, and the stream goes on", async () => {
  await using test = await behindSlowLines(3);
  const wrong = BYTES.slice();
  for (let chunk = 8; chunk < 24; chunk++) wrong[chunk * MIB + 5]! ^= 1;
  const { holder } = test.holders[1]!;
  await Deno.writeFile(holder.holder.shelf.disk.layout.content(DIGEST), wrong);
  const share = await timed(test.depot);
  assert(share < SOON, `${share}`);
  await until("it is set aside", async () => {
    return (await test.depot.catalog.content(DIGEST))!.asides.length === 1;
  });
});

Deno.test("who lets go of a read from a holder that stalls does not wait for it", async () => {
  await using test = await behindSlowLines(1);
  const { depot, holders: [one] } = test;
  let began = Infinity;
  const reading = depot.retrieve("a", (index) => {
    if (index === 0) return Promise.resolve();
    // The next chunk is being read.
    one!.line.bytesPerSecond = 0;
    began = performance.now();
    return Promise.reject(new Error("let go"));
  });
  await assertRejects(() => reading, Error, "let go");
  // Its patience is half a minute.
  assert(performance.now() - began < 20_000);
  one!.line.bytesPerSecond = BYTES_PER_SECOND;
});
