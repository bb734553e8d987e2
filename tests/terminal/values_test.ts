import { assertEquals, assertThrows } from "../assert.ts";
import {
  formatAddress,
  isLoopback,
  parseAddress,
  parseCount,
  parseDuration,
  parsePort,
  parseSize,
  UsageError,
} from "../../lib/terminal/values.ts";

Deno.test("parseSize() reads decimal and binary units in any case", () => {
  assertEquals(parseSize("0"), 0);
  assertEquals(parseSize("512"), 512);
  assertEquals(parseSize("50GB"), 50_000_000_000);
  assertEquals(parseSize("512KiB"), 524_288);
  assertEquals(parseSize("1.5gib"), 1_610_612_736);
  assertEquals(parseSize("10 mb"), 10_000_000);
});

Deno.test("parseSize() refuses what is no size, and what no number can hold", () => {
  for (
    const text of ["", "-1", "5G", "50 GBs", "1e9", "NaN", "999999PiB", "9".repeat(400), "1.GB"]
  ) {
    assertThrows(() => parseSize(text), UsageError, "is no size");
  }
});

Deno.test("parseDuration() reads one unit or several, in milliseconds", () => {
  assertEquals(parseDuration("0"), 0);
  assertEquals(parseDuration("500ms"), 500);
  assertEquals(parseDuration("10m"), 600_000);
  assertEquals(parseDuration("1h30m"), 5_400_000);
  assertEquals(parseDuration("1.5s"), 1500);
  assertEquals(parseDuration("7d"), 604_800_000);
});

Deno.test("parseDuration() refuses numbers without a unit, and what is no duration", () => {
  for (const text of ["", "10", "m", "1w", "-1s", "1s ", "1.s"]) {
    assertThrows(() => parseDuration(text), UsageError, "is no duration");
  }
});

Deno.test("parseAddress() reads names, IPv4 and IPv6, with the port or without", () => {
  assertEquals(parseAddress("example.org"), { hostname: "example.org", port: 7420 });
  assertEquals(parseAddress("10.0.0.1:80"), { hostname: "10.0.0.1", port: 80 });
  assertEquals(parseAddress("[::1]:90"), { hostname: "::1", port: 90 });
  assertEquals(parseAddress("[fe80::1]"), { hostname: "fe80::1", port: 7420 });
  assertEquals(parseAddress("::1"), { hostname: "::1", port: 7420 });
  assertEquals(formatAddress(parseAddress("[::1]:90")), "[::1]:90");
  assertEquals(formatAddress(parseAddress("a:90")), "a:90");
});

Deno.test("parseAddress() refuses what is no address", () => {
  for (const text of ["", ":80", "a b", "http://a", "a:", "a:0", "a:70000", "[::1", "a:-1", "é"]) {
    assertThrows(() => parseAddress(text), UsageError);
  }
});

Deno.test("parseCount() keeps its bounds and names what it reads", () => {
  assertEquals(parseCount("3", "number of replicas", { from: 1, to: 9 }), 3);
  for (const text of ["0", "10", "03x", "", "1e1", "-1", " 1", "9".repeat(400)]) {
    assertThrows(() => parseCount(text, "number", { from: 1, to: 9 }), UsageError, "is no number");
  }
  assertEquals(parsePort("0", 0), 0);
  assertThrows(() => parsePort("0"), UsageError, "is no port");
});

Deno.test("isLoopback() takes a name that begins like an address for another machine", () => {
  for (const host of ["localhost", "::1", "127.0.0.1", "127.1", "127.255.0.9"]) {
    assertEquals([host, isLoopback(host)], [host, true]);
  }
  for (const host of ["127.example.com", "127.0.0.1.example.com", "128.0.0.1", "0.0.0.0", ""]) {
    assertEquals([host, isLoopback(host)], [host, false]);
  }
});
