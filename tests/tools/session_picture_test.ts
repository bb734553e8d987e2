import { picture } from "../../tools/session_picture.ts";
import { assert, assertEquals } from "../assert.ts";

Deno.test("a session's picture has each line as it was, and room for the longest", () => {
  const svg = picture([
    { text: "echo '<a>' && true", typed: true },
    { text: "<a>", typed: false },
    { text: "x".repeat(100), typed: false },
  ]);
  assert(svg.includes("<tspan class=\"prompt\">$ </tspan>echo '&lt;a&gt;' &amp;&amp; true</text>"));
  assert(svg.includes('class="said">&lt;a&gt;</text>'));
  assertEquals(svg.match(/<text /g)?.length, 3);
  assert(Number(/width="(\d+)"/.exec(svg)![1]) > 840);
});
