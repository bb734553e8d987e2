import fc from "fast-check";
import { complaintAboutName } from "../../lib/protocol/mod.ts";
import { escape, unescape } from "../../lib/protocol/names.ts";
import { assert, assertEquals } from "../assert.ts";

Deno.test("what is escaped comes back, and has nothing in it that ends a line or a value", () => {
  const texts = fc.string({ unit: "binary" }).filter((text) => text.isWellFormed());
  fc.assert(fc.property(texts, (text) => {
    const escaped = escape(text, "|,");
    // deno-lint-ignore no-control-regex
    assert(!/[\x00-\x1f\x7f|,]/.test(escaped));
    assertEquals(unescape(escaped), text);
    assertEquals(unescape(escape(text)), text);
  }));
});

Deno.test("any bytes may be written as %XX, in either case, when they are UTF-8 together", () => {
  assertEquals(unescape("%c3%A9%F0%9f%98%80a%25"), "é😀a%");
});

Deno.test("a name of half a character is no name", () => {
  assert(complaintAboutName("a\ud800") !== null);
  assertEquals(complaintAboutName("...a/.b/c.."), null);
});
