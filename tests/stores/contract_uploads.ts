/** The store contract: uploads, broken off, kept and gone on with. */
import { assertEquals, assertRejects } from "../assert.ts";
import { contentOf, type ContractCases, keep, list, prefixOf, read } from "./contract_bench.ts";

export const UPLOAD_CASES: ContractCases = {
  async "a commit of another size than was written throws and leaves nothing"(bench) {
    const { place, signal } = bench;
    const { digest, bytes } = contentOf(1_000);
    for (const said of [{}, { size: 1_000 }]) {
      await using writer = await place.begin({ id: crypto.randomUUID(), signal, ...said });
      await writer.write(bytes.subarray(1));
      await assertRejects(() => writer.commit({ digest, size: 1_000 }), Error);
    }
    assertEquals(await list(bench), []);
    assertEquals(await Array.fromAsync(place.uploads()), []);
  },

  async "a buffer may be used again once its write resolved"(bench) {
    const { place, signal } = bench;
    const content = contentOf(10_000);
    await using writer = await place.begin({ id: crypto.randomUUID(), size: 10_000, signal });
    const buffer = new Uint8Array(1_000);
    for (let at = 0; at < content.bytes.length; at += buffer.length) {
      buffer.set(content.bytes.subarray(at, at + buffer.length));
      await writer.write(buffer);
      buffer.fill(0);
      assertEquals(writer.position, at + buffer.length);
    }
    await writer.commit({ digest: content.digest, size: 10_000 });
    assertEquals(await read(bench, content.digest), content.bytes);
  },

  async "a writer that was disposed without more leaves nothing"(bench) {
    const { place, signal } = bench;
    const id = crypto.randomUUID();
    for (const said of [{}, { size: 1_000 }]) {
      await using writer = await place.begin({ id, signal, ...said });
      await writer.write(contentOf(1_000).bytes);
    }
    assertEquals(await Array.fromAsync(place.uploads()), []);
    assertEquals(await list(bench), []);
    await using again = await place.begin({ id, resume: true, signal });
    assertEquals(again.position, 0);
  },

  async "a kept upload goes on where it was, its prefix can be read, and it can be rewound"(bench) {
    const { place, signal } = bench;
    const content = contentOf(9_000);
    const id = crypto.randomUUID();
    await keep(bench, id, content.bytes.subarray(0, 5_000));
    assertEquals(await Array.fromAsync(place.uploads()), [{ id, bytes: 5_000 }]);
    await using writer = await place.begin({ id, resume: true, size: 9_000, signal });
    assertEquals(writer.position, 5_000);
    assertEquals(await prefixOf(writer), content.bytes.slice(0, 5_000));
    await writer.write(new Uint8Array(100));
    await writer.rewind(4_000);
    assertEquals(writer.position, 4_000);
    assertEquals(await prefixOf(writer), content.bytes.slice(0, 4_000));
    await writer.write(content.bytes.subarray(4_000));
    await writer.commit({ digest: content.digest, size: 9_000 });
    assertEquals(await read(bench, content.digest), content.bytes);
    assertEquals(await Array.fromAsync(place.uploads()), []);
  },

  async "a kept upload begun without resume starts at 0, and a discarded one is gone"(bench) {
    const { place, signal } = bench;
    const id = crypto.randomUUID();
    await keep(bench, id, new Uint8Array(500));
    {
      await using writer = await place.begin({ id, signal });
      assertEquals(writer.position, 0);
      await writer.keep();
    }
    await keep(bench, id, new Uint8Array(10));
    await place.discard(id);
    await place.discard(id);
    assertEquals(await Array.fromAsync(place.uploads()), []);
  },

  async "an upload has one writer at a time, and an open one is not listed"({ place, signal }) {
    const id = crypto.randomUUID();
    await using writer = await place.begin({ id, signal });
    await writer.write(new Uint8Array(10));
    await assertRejects(() => place.begin({ id, resume: true, signal }), Error);
    assertEquals(await Array.fromAsync(place.uploads()), []);
  },

  async "uploads side by side do not mix"(bench) {
    const { place, signal } = bench;
    const contents = [contentOf(3_000), contentOf(4_000), contentOf(5_000)];
    await Promise.all(contents.map(async ({ digest, bytes }, index) => {
      const said = index === 0 ? {} : { size: bytes.length };
      await using writer = await place.begin({ id: crypto.randomUUID(), signal, ...said });
      for (let at = 0; at < bytes.length; at += 500) await writer.write(bytes.slice(at, at + 500));
      await writer.commit({ digest, size: bytes.length });
    }));
    for (const { digest, bytes } of contents) assertEquals(await read(bench, digest), bytes);
  },
};
