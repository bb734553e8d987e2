import fc from "fast-check";
import {
  CHUNK_BYTES,
  ChunkChecks,
  chunkCount,
  chunkIsRight,
} from "../../lib/content/chunk_checks.ts";
import { digestOf, EMPTY_DIGEST, isDigest, Sha256 } from "../../lib/content/digest.ts";
import { assert, assertEquals } from "../assert.ts";

Deno.test("Sha256 gives the known digests, asked in the middle too", () => {
  const hash = new Sha256();
  assertEquals(hash.digest(), EMPTY_DIGEST);
  hash.update(new TextEncoder().encode("a"));
  assertEquals(hash.digest(), digestOf("a"));
  hash.update(new TextEncoder().encode("bc"));
  assertEquals(hash.digest(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

Deno.test("a copy of a Sha256 goes its own way", () => {
  const hash = new Sha256().update(new TextEncoder().encode("a"));
  const copy = hash.copy().update(new TextEncoder().encode("b"));
  assertEquals(hash.digest(), digestOf("a"));
  assertEquals(copy.digest(), digestOf("ab"));
});

Deno.test("isDigest() takes 64 lower-case hexadecimal digits and nothing else", () => {
  assert(isDigest(EMPTY_DIGEST));
  for (
    const text of [
      "",
      EMPTY_DIGEST.toUpperCase(),
      EMPTY_DIGEST + "\n",
      "../" + EMPTY_DIGEST.slice(3),
    ]
  ) {
    assert(!isDigest(text));
  }
});

Deno.test("chunk checks are the same however the bytes are cut", () => {
  const data = crypto.getRandomValues(new Uint8Array(60_000));
  const large = new Uint8Array(2 * CHUNK_BYTES + 10);
  for (let at = 0; at < large.length; at += data.length) {
    large.set(data.subarray(0, Math.min(data.length, large.length - at)), at);
  }
  const whole = new ChunkChecks().update(large).bytes();
  assertEquals(whole.length, 4 * chunkCount(large.length));
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: large.length }), { maxLength: 5 }), (cuts) => {
      const checks = new ChunkChecks();
      const borders = [0, ...cuts.toSorted((a, b) => a - b), large.length];
      for (const [index, end] of borders.slice(1).entries()) {
        checks.update(large.subarray(borders[index], end));
      }
      assertEquals(checks.bytes(), whole);
    }),
    { numRuns: 30 },
  );
});

Deno.test("chunkIsRight() knows each chunk, and any change of one", () => {
  const data = crypto.getRandomValues(new Uint8Array(50_000));
  const checks = new ChunkChecks().update(data).bytes();
  assert(chunkIsRight(checks, 0, data));
  assert(!chunkIsRight(checks, 1, data));
  assert(!chunkIsRight(new Uint8Array(), 0, data));
  fc.assert(fc.property(fc.nat(data.length * 8 - 1), (bit) => {
    const changed = data.slice();
    changed[bit >> 3]! ^= 1 << (bit & 7);
    return !chunkIsRight(checks, 0, changed);
  }));
});

Deno.test("a content has as many chunks as it needs, and an empty one has none", () => {
  const sizes = [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, 5 * 1024 ** 3];
  assertEquals(sizes.map(chunkCount), [0, 1, 1, 2, 5120]);
  assertEquals(new ChunkChecks().bytes().length, 0);
});
