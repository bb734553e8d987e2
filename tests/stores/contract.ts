/**
 * The store contract as something that runs: `testStore` registers the tests that every store must
 * pass, plugins too. A plugin's own test file is then:
 *
 *     testStore("mine", () => Promise.resolve({ store: mine(new URLSearchParams(), context) }));
 */
import type { Place, Store } from "../../stores/store.ts";
import { firstPlace } from "./contract_bench.ts";
import { PLACE_CASES } from "./contract_places.ts";
import { REPLICA_CASES } from "./contract_replicas.ts";
import { UPLOAD_CASES } from "./contract_uploads.ts";

const CASES = { ...PLACE_CASES, ...REPLICA_CASES, ...UPLOAD_CASES };

/** A store with at least one empty place, made for one test. */
export interface StoreUnderTest {
  store: Store;
  /** Changes a byte of a replica behind the store's back. Without it, what needs it is not tested. */
  rot?: (place: Place, digest: string) => Promise<void>;
  /** Another store over the same medium, as after a restart; the first one is disposed by then. */
  reopen?: () => Promise<Store>;
  /** Called at the end, after the store was disposed. */
  close?: () => Promise<void>;
}

/** Opens a fresh store for the test `t`. */
export type OpenStore = (t: Deno.TestContext) => Promise<StoreUnderTest>;

/** Registers the whole suite. `name` comes before each test's sentence. */
export function testStore(name: string, open: OpenStore): void {
  for (const [sentence, run] of Object.entries(CASES)) {
    Deno.test(`${name}: ${sentence}`, async (t) => {
      const opened = await open(t);
      const ending = new AbortController();
      try {
        const place = await firstPlace(opened.store);
        await run({ ...opened, place, signal: ending.signal });
      } finally {
        ending.abort();
        await opened.store[Symbol.asyncDispose]();
        await opened.close?.();
      }
    });
  }
}
