/** A file that is there before and must be all that is there after whatever is refused. */
import { digestOf } from "../../lib/content/digest.ts";
import { Refusal } from "../../lib/protocol/mod.ts";
import { assertEquals, assertRejects } from "../assert.ts";
import type { RunningServer } from "./running_server.ts";
import { eventually, filesBelow } from "./waiting.ts";
import { bytesOf, type WireClient } from "./wire_client.ts";

export const KEPT = bytesOf(1_000, 99);

/** Runs `work`, which must be refused with `code`. */
export async function refused(code: string, work: () => Promise<unknown>): Promise<Refusal> {
  const refusal = await assertRejects(work, Refusal);
  assertEquals(refusal.code, code);
  return refusal;
}

/** Only the kept file is there: for its owner, and on the disks. */
export async function onlyKept(server: RunningServer, client: WireClient): Promise<void> {
  using other = await server.client({ id: client.id });
  assertEquals((await other.list()).map(({ name }) => name), ["kept"]);
  assertEquals(await other.retrieve("kept"), KEPT);
  const digest = digestOf(KEPT);
  for (const place of ["one", "two"]) {
    const there = () => filesBelow(server.inside(place, "contents")).join();
    const expected = `${digest.slice(0, 2)}/${digest}`;
    await eventually(`only the kept content on ${place}`, () => there() === expected);
    assertEquals(filesBelow(server.inside(place, "parts")), []);
    assertEquals(filesBelow(server.inside(place, "aside")), []);
  }
}
