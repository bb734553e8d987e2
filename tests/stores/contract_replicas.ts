/** The store contract: replicas, whole, in part, absent and set aside. */
import { digestOf } from "../../lib/content/digest.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { contentOf, type ContractCases, list, NOTHING, put, read } from "./contract_bench.ts";

export const REPLICA_CASES: ContractCases = {
  async "what was committed comes back, hashes right and is listed"(bench) {
    const { place, signal } = bench;
    const content = contentOf(3_000_000);
    await put(bench, content);
    assertEquals(await read(bench, content.digest), content.bytes);
    const prefix = new TextEncoder().encode("salt");
    assertEquals(await place.hash(content.digest, { prefix: NOTHING, signal }), content.digest);
    assertEquals(
      await place.hash(content.digest, { prefix, signal }),
      digestOf(new Uint8Array([...prefix, ...content.bytes])),
    );
    assertEquals(await list(bench), [{ digest: content.digest, size: 3_000_000 }]);
    assertEquals(await Array.fromAsync(place.uploads()), []);
  },

  async "a content of no bytes is a content"(bench) {
    const content = contentOf(0);
    await put(bench, content);
    assertEquals(await read(bench, content.digest), NOTHING);
    assertEquals(await list(bench), [{ digest: content.digest, size: 0 }]);
  },

  async "a part of a replica is read, in buffers of any size"(bench) {
    const { place, signal } = bench;
    const { digest, bytes } = await put(bench, contentOf(10_000));
    await using part = (await place.get(digest, { from: 1_000, length: 5_000, signal }))!;
    assertEquals(part.size, 10_000);
    const buffer = new Uint8Array(4_096);
    assertEquals(await part.read(buffer), 4_096);
    assertEquals(buffer, bytes.slice(1_000, 5_096));
    assertEquals(await part.read(buffer), 904);
    assertEquals(buffer.slice(0, 904), bytes.slice(5_096, 6_000));
    assertEquals(await part.read(buffer), 0);
    await using rest = (await place.get(digest, { from: 9_990, signal }))!;
    assertEquals(await rest.read(buffer), 10);
    await using end = (await place.get(digest, { from: 10_000, signal }))!;
    assertEquals(await end.read(buffer), 0);
  },

  async "a read beyond the end throws and is not short in silence"(bench) {
    const { place, signal } = bench;
    const { digest } = await put(bench, contentOf(100));
    await assertRejects(async () => {
      await using reader = (await place.get(digest, { from: 50, length: 51, signal }))!;
      await reader.read(new Uint8Array(200));
    }, Error);
  },

  async "a length of 0 tells the size and reads nothing"(bench) {
    const { place, signal } = bench;
    const { digest } = await put(bench, contentOf(100));
    await using reader = (await place.get(digest, { from: 0, length: 0, signal }))!;
    assertEquals(reader.size, 100);
    assertEquals(await reader.read(new Uint8Array(10)), 0);
    assertEquals(await place.get(contentOf(5).digest, { from: 0, length: 0, signal }), null);
  },

  async "what is absent is null, and deleting it or setting it aside is a success"(bench) {
    const { place, signal } = bench;
    const { digest } = contentOf(7);
    assertEquals(await place.get(digest, { from: 0, signal }), null);
    assertEquals(await place.get(digest, { from: 0, aside: true, signal }), null);
    assertEquals(await place.hash(digest, { prefix: NOTHING, signal }), null);
    await place.delete(digest);
    await place.setAside(digest);
    await place.dropAside(digest);
    await place.discard(crypto.randomUUID());
    assertEquals(await list(bench), []);
  },

  async "a delete removes the replica, and again is a success"(bench) {
    const { place, signal } = bench;
    const { digest } = await put(bench, contentOf(100));
    const other = await put(bench, contentOf(101));
    await place.delete(digest);
    await place.delete(digest);
    assertEquals(await place.get(digest, { from: 0, signal }), null);
    assertEquals(await list(bench), [{ digest: other.digest, size: 101 }]);
  },

  async "the list is ascending, and goes on after a digest"(bench) {
    const contents = Array.from({ length: 20 }, (_, size) => contentOf(size));
    for (const content of contents) await put(bench, content);
    const sorted = contents.map(({ digest }) => digest).sort();
    assertEquals((await list(bench)).map(({ digest }) => digest), sorted);
    const after = sorted[7]!;
    assertEquals((await list(bench, after)).map(({ digest }) => digest), sorted.slice(8));
    assertEquals(await list(bench, "f".repeat(64)), []);
  },

  async "the same content again is one replica"(bench) {
    const content = contentOf(1_000);
    await put(bench, content);
    await put(bench, content);
    assertEquals(await list(bench), [{ digest: content.digest, size: 1_000 }]);
    assertEquals(await read(bench, content.digest), content.bytes);
  },

  async "an open reader goes on while its replica is committed again"(bench) {
    const { place, signal } = bench;
    const content = await put(bench, contentOf(10_000));
    await using reader = (await place.get(content.digest, { from: 0, signal }))!;
    const start = new Uint8Array(100);
    await reader.read(start);
    await put(bench, content);
    const rest = new Uint8Array(9_900);
    assertEquals(await reader.read(rest), 9_900);
    assertEquals(rest, content.bytes.slice(100));
  },

  async "a commit replaces a rotten copy"(bench) {
    if (!bench.rot) return;
    const { place, signal } = bench;
    const content = await put(bench, contentOf(1_000));
    await bench.rot(place, content.digest);
    assert(await place.hash(content.digest, { prefix: NOTHING, signal }) !== content.digest);
    await put(bench, content);
    assertEquals(await read(bench, content.digest), content.bytes);
  },

  async "what is set aside is read with aside, of several copies the newest, until it is dropped"(
    bench,
  ) {
    const { place, signal } = bench;
    const content = await put(bench, contentOf(1_000));
    const before = Date.now();
    await place.setAside(content.digest);
    assertEquals(await place.get(content.digest, { from: 0, signal }), null);
    assertEquals(await list(bench), []);
    assertEquals(await read(bench, content.digest, true), content.bytes);
    await put(bench, content);
    await bench.rot?.(place, content.digest);
    const rotten = await read(bench, content.digest);
    await Promise.all([place.setAside(content.digest), place.setAside(content.digest)]);
    assertEquals(await read(bench, content.digest, true), rotten);
    const [aside, ...others] = await Array.fromAsync(place.asides());
    assertEquals(others, []);
    assertEquals([aside!.digest, aside!.size], [content.digest, rotten.length]);
    // A medium may keep whole seconds.
    assert(aside!.since >= before - 1_000 && aside!.since <= Date.now() + 1_000);
    await place.dropAside(content.digest);
    assertEquals(await Array.fromAsync(place.asides()), []);
    assertEquals(await place.get(content.digest, { from: 0, aside: true, signal }), null);
  },
};
