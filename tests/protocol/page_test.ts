import { protocolPage } from "../../lib/protocol/page.ts";
import { assertEquals } from "../assert.ts";

Deno.test("the protocol page says what the tables say (else: deno task protocol)", async () => {
  const path = new URL("../../lib/protocol/README.md", import.meta.url);
  // A checkout on Windows may end lines with CR LF.
  assertEquals((await Deno.readTextFile(path)).replaceAll("\r\n", "\n"), protocolPage());
});
