import { openLog } from "../../lib/terminal/log.ts";
import { assertEquals } from "../assert.ts";

const NAME = "a\x9b31m\u202e\nb";

/** What `write` logs. */
function logged(format: "text" | "json"): string {
  let text = "";
  const writeSync = (data: Uint8Array) => {
    text += new TextDecoder().decode(data);
    return data.length;
  };
  openLog(format, { writeSync }).warn("A store in {dir} said\nthis", { place: NAME });
  return text;
}

Deno.test("the log is a line an event, and what others call themselves steers no terminal", () => {
  const text = logged("text").replace(/^\S+ /, "");
  const said = String.raw`A store in {dir} said\nthis place="a\u009b31m\u202e\nb"`;
  assertEquals(text, `WRN ${said}\n`);
});

Deno.test("the log as JSON has escapes for what would not be seen, and means the same", () => {
  const line = logged("json");
  assertEquals(/[\x80-\x9f]|\p{Cf}|\n./u.test(line), false);
  const { message, properties } = JSON.parse(line);
  assertEquals([message, properties], ["A store in {dir} said\nthis", { place: NAME }]);
});

Deno.test("lines of one turn are written together, a warning at once, and what is pending at an error", async () => {
  const writes: string[] = [];
  const log = openLog("text", {
    writeSync(data) {
      writes.push(new TextDecoder().decode(data).replaceAll(/^\S+ /gm, ""));
      return data.length;
    },
  });
  log.info("one");
  log.info("two");
  assertEquals(writes, []);
  await Promise.resolve();
  assertEquals(writes, ["INF one\nINF two\n"]);
  log.info("three");
  log.warn("four");
  assertEquals(writes.slice(1), ["INF three\nWRN four\n"]);
  log.info("five");
  globalThis.dispatchEvent(new Event("error"));
  assertEquals(writes.slice(2), ["INF five\n"]);
});

Deno.test("a log that cannot be written, as on a full disk, stops nothing", async () => {
  let tries = 0;
  const log = openLog("text", {
    writeSync() {
      tries++;
      throw new Error("No space left on device");
    },
  });
  log.info("one");
  await Promise.resolve();
  log.error("two");
  assertEquals(tries, 2);
});
