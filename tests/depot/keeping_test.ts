import { SYSTEM_CLOCK } from "../../lib/depot/clock.ts";
import { releaseRemoved } from "../../lib/depot/keeping.ts";
import { QUEUE_LIMIT } from "../../lib/depot/repair_queue.ts";
import { memoryCatalog } from "./memory_catalog.ts";
import { assert, assertEquals } from "../assert.ts";

Deno.test("removed files are let go no faster than their contents are cared for", async () => {
  await using memory = memoryCatalog();
  let left = 25_000;
  const catalog = {
    ...memory,
    releaseRemoved(_now: number, limit: number) {
      const count = Math.min(limit, left);
      left -= count;
      return Promise.resolve(Array<string>(count).fill("a content"));
    },
  };
  let queued = 0;
  let longest = 0;
  const clock = {
    ...SYSTEM_CLOCK,
    sleep() {
      queued = 0;
      return Promise.resolve();
    },
  };
  const { signal } = new AbortController();
  await releaseRemoved({ catalog, clock }, {
    signal,
    attend: () => void (longest = Math.max(longest, ++queued)),
    queued: () => queued,
  });
  assertEquals(left, 0);
  assert(longest <= QUEUE_LIMIT + 1_000, `${longest} were queued`);
});
