/** An old copy of the catalog put back under the real server: nothing may be deleted. */
import { join } from "node:path";
import { digestOf } from "../../lib/content/digest.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { endedServer, RunningServer, temporaryRoot } from "./running_server.ts";
import { eventually, filesBelow } from "./waiting.ts";
import { bytesOf } from "./wire_client.ts";

/** Copies what SQLite keeps of a catalog; `to` has nothing of it before. */
async function copyCatalog(from: string, to: string): Promise<void> {
  for (const name of filesBelow(to)) await Deno.remove(join(to, name));
  await Deno.mkdir(to, { recursive: true });
  for (const name of filesBelow(from).filter((name) => name.startsWith("catalog.db"))) {
    await Deno.copyFile(join(from, name), join(to, name));
  }
}

Deno.test("server: an old copy of the catalog is refused; accepted, what it does not know is set aside", async (t) => {
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path);
  const data = join(root.path, "data");
  const saved = join(root.path, "saved");
  const client = await server.client();
  const [old, removed, young] = [
    bytesOf(1_500_000, 1),
    bytesOf(1_500_000, 2),
    bytesOf(1_500_000, 3),
  ];
  await client.deposit("old", old, { replicas: 2 });
  await client.deposit("removed later", removed, { replicas: 2 });
  await server.stop();
  await copyCatalog(data, saved);

  await server.restart();
  const later = await server.client({ id: client.id });
  await later.deposit("young", young, { replicas: 2 });
  await later.deposit("again", old, { replicas: 1 });
  await later.remove("removed later");
  await eventually(
    "its bytes are gone",
    () =>
      ["one", "two"].every((place) => filesBelow(server.inside(place, "contents")).length === 2),
  );
  await server.kill();
  await copyCatalog(data, join(root.path, "newest"));
  await copyCatalog(saved, data);

  const contents = () =>
    Object.fromEntries(["one", "two"].map((place) => [place, filesBelow(server.inside(place))]));
  await t.step("it is refused with a word to the operator, and nothing is touched", async () => {
    const before = contents();
    const { code, log } = await endedServer(root.path);
    assertEquals(code, 1);
    assertMatch(log, /the catalog is an older copy/);
    assertMatch(log, /--accept-old-catalog/);
    assert(!/\n\s+at /.test(log), log);
    assertEquals(contents(), before);
  });
  await t.step("accepted, it serves what it knows and sets aside what it does not", async () => {
    await server.restart({ flags: { "accept-old-catalog": "" } });
    using client = await server.client({ id: later.id });
    assertEquals(await client.retrieve("old"), old);
    assertEquals((await client.list()).map(({ name }) => name), ["old", "removed later"]);
    const digest = digestOf(young);
    for (const place of ["one", "two"]) {
      const aside = await eventually("the unknown bytes are aside", () => {
        const names = filesBelow(server.inside(place, "aside"));
        return names.length > 0 && names;
      });
      assertEquals(aside, [digest]);
      assertEquals(Deno.readFileSync(server.inside(place, "aside", digest)), young);
    }
    await server.logged(/Set aside bytes that the catalog does not know/);
    assertEquals(
      (await client.retrieve("removed later").catch((error) => error)).code,
      "indisponivel",
    );
    await client.deposit("young", young, { replicas: 2 });
    assertEquals(await client.retrieve("young"), young);
    assertEquals(await server.stop(), 0);
  });
  await t.step("accepted once, it is not asked for again", async () => {
    await server.restart({ flags: {} });
    using client = await server.client({ id: later.id });
    assertEquals(await client.retrieve("young"), young);
    await server.stop();
  });
  await t.step("a catalog of yet another depot is refused by the places", async () => {
    await Deno.remove(data, { recursive: true });
    const before = contents();
    const { code, log } = await endedServer(root.path);
    assertEquals(code, 1);
    assertMatch(log, /belongs to another depot/);
    assertEquals(contents(), before);
  });
});
