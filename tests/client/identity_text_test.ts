import fc from "fast-check";
import { type Identity, identityText, parseIdentityText } from "../../lib/client/identity_text.ts";
import { LocalError } from "../../lib/client/mod.ts";
import { assertEquals, assertThrows } from "../assert.ts";

const IDENTITY: Identity = {
  depot: "0f3f6f0a-9f7e-4a53-9a53-3d5f7d1c2b3e",
  address: { hostname: "depot.example", port: 7420 },
  id: "6b6c1f0e-3b5f-4c9e-8a51-0d6a4f1c2b3e",
};
const TEXT = identityText(IDENTITY);

Deno.test("an identity comes back as it went, whatever a screen did to its lines", () => {
  assertEquals(parseIdentityText(TEXT), IDENTITY);
  assertEquals(parseIdentityText("\ufeff\r\n" + TEXT.replaceAll("\n", " \r\n\n  ")), IDENTITY);
  const v6 = { ...IDENTITY, address: { hostname: "fe80::1%eth0", port: 1 } };
  assertEquals(parseIdentityText(identityText(v6)), v6);
});

Deno.test("one wrong, missing or additional character is found", () => {
  const at = fc.nat(TEXT.length - 2);
  const characters = fc.string({ unit: "grapheme-ascii", maxLength: 1 });
  fc.assert(fc.property(at, characters, fc.boolean(), (index, character, inserts) => {
    const wrong = TEXT.slice(0, index) + character + TEXT.slice(inserts ? index : index + 1);
    const kept = (text: string) => text.split("\n").map((line) => line.trim()).join("\n").trim();
    if (kept(wrong) === kept(TEXT)) return;
    assertThrows(() => parseIdentityText(wrong), LocalError, "Could not read the identity");
  }));
});

Deno.test("what is no identity is refused with what to do", () => {
  const refused = (text: string, why: string) =>
    assertThrows(() => parseIdentityText(text), LocalError, why);
  refused("", "id --export");
  refused(IDENTITY.id, "id --export");
  refused(TEXT.replace(":1", ":2"), "later version");
  refused(TEXT.split("\n").slice(0, 4).join("\n"), "line 5 should begin with id:");
  refused(TEXT + TEXT, "more after it");
  refused(identityText({ ...IDENTITY, id: "x" }), "none of this program's");
});
