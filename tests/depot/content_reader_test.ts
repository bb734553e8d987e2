/** How a content is read chunk by chunk. */
import { ChunkChecks } from "../../lib/content/chunk_checks.ts";
import { digestOf } from "../../lib/content/digest.ts";
import { ContentReader } from "../../lib/depot/content_reader.ts";
import { SourceOrder } from "../../lib/depot/source_order.ts";
import type { Place } from "../../stores/store.ts";
import { assertEquals } from "../assert.ts";
import { MemoryPlace } from "../stores/memory_place.ts";

const BYTES = new TextEncoder().encode("what is right");
const DIGEST = digestOf(BYTES);

Deno.test("a read that was let go of writes into nothing that is handed out", async () => {
  let scribble = () => {};
  // Its reads fail, and go on writing where they were to.
  const late = {
    id: "late",
    get: () =>
      Promise.resolve({
        size: BYTES.length,
        read: (target: Uint8Array) => {
          scribble = () => void target.fill(0);
          return Promise.reject(new Error("It was let go of"));
        },
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }),
  } as unknown as Place;
  const right = new MemoryPlace({ id: "right", name: "right" });
  right.plant(DIGEST, BYTES);
  await using reader = new ContentReader({
    ...{ digest: DIGEST, size: BYTES.length, checks: new ChunkChecks().update(BYTES).bytes() },
    sources: new SourceOrder([late, right].map((place) => ({ place, aside: false }))),
    onSuspect() {},
    signal: new AbortController().signal,
  });
  const chunk = await reader.chunk(0, new Uint8Array(BYTES.length));
  scribble();
  assertEquals(chunk, BYTES);
});
