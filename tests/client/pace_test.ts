import { digestOf } from "../../lib/content/digest.ts";
import { ConnectionLost, LocalError, Refusal } from "../../lib/client/mod.ts";
import { download } from "../../lib/client/download.ts";
import { REAL_PACE } from "../../lib/client/pace.ts";
import { send } from "../../lib/client/send.ts";
import { fileSource } from "../../lib/client/source.ts";
import { delayBefore, withRetries } from "../../lib/client/pace.ts";
import { inParallel } from "../../lib/client/parallel.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { BLOCK_BYTES } from "../../lib/protocol/mod.ts";
import {
  contentLine,
  FastPace,
  offerLine,
  receiptLine,
  ScriptedDepot,
  someBytes,
  TempFolder,
} from "./scripted_depot.ts";

const lost = () => Promise.reject(new ConnectionLost("gone"));

Deno.test("delays double from half a second to thirty, with chance in the upper half", () => {
  const delays = Array.from({ length: 9 }, (_, index) => delayBefore(index + 1, 1));
  assertEquals(delays, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  assertEquals([delayBefore(1, 0), delayBefore(9, 0)], [250, 15_000]);
});

Deno.test("withRetries() goes on for as long as something gets further", async () => {
  const pace = new FastPace();
  let position = 0;
  const work = withRetries((advanced) => {
    if (position === 100) return Promise.resolve("done");
    advanced("sending", ++position);
    pace.pass(200_000);
    return lost();
  }, { pace });
  assertEquals(await work, "done");
  assertEquals(new Set(pace.waits), new Set([500]));
});

Deno.test("withRetries() gives up when what was further is only reached again", async () => {
  const pace = new FastPace();
  await assertRejects(
    () =>
      withRetries((advanced) => {
        advanced("sending", 5);
        return lost();
      }, { pace }),
    ConnectionLost,
  );
  assert(pace.now() <= 300_000);
});

Deno.test("withRetries() tries once what will not pass by itself", async () => {
  for (
    const error of [new Refusal("limite", "no"), new LocalError("ja_existe", "no"), new Error("no")]
  ) {
    const pace = new FastPace();
    await assertRejects(() => withRetries(() => Promise.reject(error), { pace }), Error, "no");
    assertEquals(pace.waits, []);
  }
});

Deno.test("withRetries() stops waiting when it is told to", async () => {
  const stopping = new AbortController();
  const onRetry = () => queueMicrotask(() => stopping.abort(new RangeError("stopped")));
  const pace = { ...REAL_PACE, random: () => 1 };
  await assertRejects(
    () => withRetries(lost, { pace, signal: stopping.signal, onRetry }),
    RangeError,
  );
});

Deno.test("inParallel() gives outcomes in the order of the items, failures among them", async () => {
  const done: number[] = [];
  const gates = [0, 1, 2, 3].map(() => Promise.withResolvers<void>());
  const outcomes = inParallel([0, 1, 2, 3], {
    atOnce: 3,
    work: async (item) => {
      await gates[item]!.promise;
      if (item === 1) throw new Error("one failed");
      return item * 10;
    },
    onDone: ({ item }) => done.push(item),
  });
  for (const item of [2, 3, 1, 0]) {
    gates[item]!.resolve();
    while (!done.includes(item)) await new Promise((resolve) => setTimeout(resolve, 0));
  }
  assertEquals((await outcomes).outcomes.map(({ result }) => result), [0, undefined, 20, 30]);
  assertEquals(done, [2, 3, 1, 0]);
});

Deno.test("inParallel() begins nothing more when the depot is gone", async () => {
  let begun = 0;
  const { outcomes, notBegun } = await inParallel(
    Array.from({ length: 100 }, (_, index) => index),
    {
      atOnce: 2,
      work: () => {
        begun++;
        return lost();
      },
    },
  );
  assertEquals([outcomes.length, begun, notBegun.length], [2, 2, 98]);
});

Deno.test("inParallel() tells what was done when it is stopped", async () => {
  const stopping = new AbortController();
  const { outcomes, stopped } = await inParallel([1, 2, 3], {
    atOnce: 1,
    signal: stopping.signal,
    work: (item) => {
      if (item === 2) stopping.abort("enough");
      return Promise.resolve(item);
    },
  });
  assertEquals([outcomes.map(({ result }) => result), stopped], [[1, 2], { reason: "enough" }]);
});

Deno.test("inParallel() tells what was done before its items threw", async () => {
  const items = (async function* () {
    yield 1;
    await Promise.resolve();
    throw new RangeError("the list broke");
  })();
  const options = { atOnce: 2, work: () => Promise.resolve(0) };
  const { outcomes, stopped } = await inParallel(items, options);
  assertEquals([outcomes.length, stopped?.reason instanceof RangeError], [1, true]);
});

Deno.test("a transfer of over five minutes is tried again when its connection breaks", async () => {
  await using folder = new TempFolder();
  const data = someBytes(2_000_000);
  const digest = digestOf(data);
  const pace = new FastPace();
  const block = new Uint8Array(BLOCK_BYTES);
  await using depot = new ScriptedDepot(
    async (peer) => {
      await peer.hello();
      await peer.expect(/^comando:depositar/);
      await peer.say(offerLine());
      await peer.expect(/^acao:enviar/);
      await peer.expect(/^bloco:1048576/);
      await peer.connection.readFull(block);
    },
    async (peer) => {
      await peer.hello();
      await peer.expect(/^comando:depositar/);
      await peer.say(offerLine());
      await peer.expect(/^acao:enviar/);
      await peer.body();
      await peer.say(receiptLine({ digest, size: data.length }));
      await peer.expect(/^comando:recuperar/);
      await peer.say(contentLine({ digest, size: data.length }));
      pace.pass(200_000);
      await peer.sendBlock(data.subarray(0, 1_000_000));
      while (received === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      pace.pass(200_000);
    },
    async (peer) => {
      await peer.hello();
      await peer.expect(/^comando:recuperar\|posicao:1000000/);
      await peer.say(contentLine({ digest, size: data.length }));
      await peer.sendBlock(data.subarray(1_000_000));
      await peer.sendEnd(digest);
    },
  );
  let received = 0;
  using sessions = depot.sessions({ pace });
  const source = await fileSource(await folder.file("a", data));
  const request = { name: "a", replicas: 2, minimum: null, wait: null };
  // Each step takes more than half of the time that one without progress may take.
  const file = await send(sessions, request, { source, onProgress: () => pace.pass(200_000) });
  const stored = { ...file, modifiedAt: null, executable: false };
  const onProgress = (done: number) => received = done;
  await download(sessions, stored, { path: `${folder.path}/b`, onProgress });
  assertEquals(pace.waits, [500, 500]);
});
