import fc from "fast-check";
import { batchFrame, BatchReader, LINE_BYTES, Refusal } from "../../lib/protocol/mod.ts";
import { assertEquals, assertThrows } from "../assert.ts";

const line = fc.string({ unit: "binary", maxLength: 40 })
  .filter((text) => text.isWellFormed() && !text.includes("\n"));

Deno.test("a batch's frame is read as it was written", () => {
  const parts = fc.array(fc.oneof(line, fc.uint8Array({ maxLength: 40 })), { maxLength: 20 });
  fc.assert(fc.property(parts, (parts) => {
    const reader = new BatchReader(batchFrame(parts));
    for (const part of parts) {
      assertEquals(typeof part === "string" ? reader.line() : reader.raw(part.length), part);
    }
    reader.end();
  }));
});

Deno.test("a batch's frame that ends early, or goes on, is refused", () => {
  const frame = batchFrame(["abc", new Uint8Array(3)]);
  const readAll = (bytes: Uint8Array) => {
    const reader = new BatchReader(bytes);
    reader.line();
    reader.raw(3);
    reader.end();
  };
  readAll(frame);
  for (let length = 0; length < frame.length; length++) {
    assertThrows(() => readAll(frame.subarray(0, length)), Refusal);
  }
  assertThrows(() => readAll(new Uint8Array([...frame, 0])), Refusal, "longer");
});

Deno.test("a line in a batch is as long as any other, and UTF-8", () => {
  const longest = "x".repeat(LINE_BYTES - 1);
  assertEquals(new BatchReader(batchFrame([longest])).line(), longest);
  assertThrows(() => new BatchReader(batchFrame([longest + "x"])).line(), Refusal, "no end");
  const latin = new Uint8Array([0xe9, 0x0a]);
  assertThrows(() => new BatchReader(latin).line(), Refusal, "not UTF-8");
});
