import fc from "fast-check";
import { columnsOf, fit, pad, shown, wrap } from "../../lib/terminal/text.ts";
import { count, formatDuration, formatSize, formatTime } from "../../lib/terminal/units.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";

Deno.test("shown() escapes what moves the cursor, turns the writing or is not seen", () => {
  assertEquals(shown("a\nb\r\t\x1b[31m\x07"), "a\\nb\\r\\t\\u{1b}[31m\\u{7}");
  const unseen = "\u202a\u202e\u2066\u2069\u200e\u200f\u061c\u200b\u2060\ufeff\u00ad\u2028\u2029" +
    "\u0085\u009b\u00a0\u3164\u2800\ue000\u{e0041}";
  for (const char of unseen) assertMatch(shown(`a${char}b`), /^a\\u\{[0-9a-f]+\}b$/);
  assertEquals(shown("\ud800"), "\\u{d800}");
});

Deno.test("shown() leaves what is seen, in any language, and pictures that are joined", () => {
  for (
    const text of ["a b|c:%", "über", "日本語", "שלום", "😀", "👩‍👩‍👧", "❤️‍🔥", "🏳️‍🌈", "👩🏽‍💻", "e\u0301"]
  ) {
    assertEquals(shown(text), text);
  }
  assertEquals(shown("a\u200db"), "a\\u{200d}b");
});

Deno.test("fit() and pad() count the columns of a terminal", () => {
  assertEquals([columnsOf("abc"), columnsOf("日本"), columnsOf("😀"), columnsOf("e\u0301")], [
    3,
    4,
    2,
    1,
  ]);
  assertEquals(fit("abcdefghij", 7), "abc…hij");
  assertEquals(fit("abc", 3), "abc");
  assertEquals(pad("日", 4), "日  ");
  assertEquals(pad("7", 3, "right"), "  7");
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), fc.nat(20), (text, columns) => {
    assert(columnsOf(fit(text, columns)) <= columns);
  }));
});

Deno.test("formatSize() has about three digits", () => {
  const sizes = [
    0,
    1,
    999,
    1000,
    1024,
    1536,
    1_048_576,
    1_300_000,
    123_456_789,
    5 * 1024 ** 3,
    2 ** 53,
  ];
  const texts = sizes.map(formatSize);
  assertEquals(texts.slice(0, 6), ["0 B", "1 B", "999 B", "1.0 KiB", "1.0 KiB", "1.5 KiB"]);
  assertEquals(texts.slice(6), ["1.0 MiB", "1.2 MiB", "118 MiB", "5.0 GiB", "8.0 PiB"]);
});

Deno.test("durations, times and numbers of things read as people write them", () => {
  assertEquals([0, 900, 61_000, 120_000, 7_500_000].map(formatDuration), [
    "0 s",
    "1 s",
    "1 min 1 s",
    "2 min",
    "2 h 5 min",
  ]);
  assertMatch(formatTime(1_700_000_000_000), /^2023-11-1[45] \d\d:\d\d$/);
  assertEquals([count(1, "file"), count(0, "file")], ["1 file", "0 files"]);
});

Deno.test("wrap() breaks between words and keeps what a line begins with", () => {
  assertEquals(wrap("  one two three", 9), ["  one two", "  three"]);
  assertEquals(wrap("  one  two", 20), ["  one  two"]);
  assertEquals(wrap("one two", null), ["one two"]);
  assertEquals(wrap("retrieved /a/very/long/path", 12), ["retrieved", "/a/very/long/path"]);
});
