import { packContents, unpackContents } from "../../../lib/disk/small/border.ts";
import { assertEquals } from "../../assert.ts";

Deno.test("contents of all sizes travel together and come out as they were", () => {
  const all = crypto.getRandomValues(new Uint8Array(100));
  const contents = [[0, 10], [10, 10], [7, 8], [0, 100]].map(([from, to], index) => (
    { id: `id ${index}`, digest: `digest ${index}`, bytes: all.subarray(from, to) }
  ));
  const request = packContents(contents);
  assertEquals(request.bytes.buffer.byteLength, 111);
  assertEquals(unpackContents(request), contents);
  assertEquals(unpackContents(packContents([])), []);
});
