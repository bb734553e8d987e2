/** What one owner can know and do of another's files: nothing. */
import { digestOf } from "../../lib/content/digest.ts";
import { ConnectionLost, Refusal } from "../../lib/protocol/mod.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { RunningServer, temporaryRoot } from "./running_server.ts";
import { eventually, filesBelow } from "./waiting.ts";
import { bytesOf, WireClient } from "./wire_client.ts";

async function refused(code: string, work: () => Promise<unknown>): Promise<void> {
  assertEquals((await assertRejects(work, Refusal)).code, code);
}

Deno.test("server: an owner sees, changes and guesses nothing of another's files", async (t) => {
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path);
  using mine = await server.client();
  using theirs = await server.client();
  const bytes = bytesOf(2_000_000);
  const upload = crypto.randomUUID();
  await mine.deposit("secret", bytes, { upload, replicas: 2 });

  await t.step("it is in no list, no status, and cannot be read, changed or removed", async () => {
    assertEquals(await theirs.list(), []);
    const { files, bytes: total, places } = await theirs.status();
    assertEquals([files, total, places.map(({ replicas }) => replicas)], [0, 0, [0, 0]]);
    await refused("nao_encontrado", () => theirs.retrieve("secret"));
    await refused("nao_encontrado", () => theirs.seedRetrieve("secret"));
    await refused("nao_encontrado", () => theirs.fileStatus("secret"));
    await refused("nao_encontrado", () => theirs.verify("secret"));
    await refused("nao_encontrado", () => theirs.replicas("secret", 1));
    await refused("nao_encontrado", () => theirs.remove("secret"));
  });
  await t.step("knowing its digest does not give the content", async () => {
    const offer = await theirs.offer("guess", bytes);
    assertEquals(offer, { position: 0, partDigest: null, presentDigest: null });
    await theirs.connection.writeLine(`acao:igual|hash_arquivo:${digestOf(bytes)}`);
    await refused("nao_encontrado", () => theirs.receipt());
    assertEquals(await theirs.list(), []);
  });
  await t.step("knowing an upload's identifier does not give its parts", async () => {
    const shared = crypto.randomUUID();
    {
      using broken = await WireClient.connect(server.port, { id: mine.id });
      await broken.offer("part", bytes, { upload: shared });
      await broken.connection.writeLine("acao:enviar|posicao:0");
      await broken.blocks(bytes.subarray(0, 1024 * 1024));
    }
    await eventually("the part is kept", async () => {
      const offer = await mine.offer("part", bytes, { upload: shared }).catch(() => null);
      if (!offer) return false;
      await mine.connection.writeLine("acao:desistir");
      await refused("desistiu", () => mine.receipt());
      return offer.position > 0;
    });
    assertEquals((await theirs.offer("part", bytes, { upload: shared })).position, 0);
    await theirs.connection.writeLine("acao:desistir");
    await refused("desistiu", () => theirs.receipt());
  });
  await t.step(
    "the same content is told of as if nobody had it, and outlives the other's",
    async () => {
      const receipt = await theirs.deposit("same", bytes, { replicas: 1 });
      assertEquals([receipt.replicas, receipt.wanted, receipt.places.length], [1, 1, 1]);
      assertEquals((await theirs.fileStatus("same")).replicas.length, 1);
      assertEquals(Object.values(await theirs.verify("same")), ["good"]);
      assertEquals((await theirs.list())[0]!.live, 1);
      await mine.remove("secret");
      const digest = digestOf(bytes);
      const there = () =>
        ["one", "two"].filter((place) =>
          filesBelow(server.inside(place, "contents")).some((path) => path.endsWith(digest))
        );
      await eventually("one copy is enough for who is left", () => there().length === 1);
      assertEquals(await theirs.retrieve("same"), bytes);
      await refused("nao_encontrado", () => mine.retrieve("secret"));
    },
  );
  await t.step("one name, two owners, two files", async () => {
    await mine.deposit("name", bytesOf(10, 1));
    await theirs.deposit("name", bytesOf(10, 2));
    assertEquals(await mine.retrieve("name"), bytesOf(10, 1));
    assertEquals(await theirs.retrieve("name"), bytesOf(10, 2));
  });
  await t.step("unknown and malformed identifiers are two errors", async () => {
    const connect = (id: string) => () => WireClient.connect(server.port, { id });
    await refused("id_desconhecido", connect(crypto.randomUUID()));
    for (const id of ["me", "6b6cf5a4-4e3b-1c8e-9b0a-3c1d2e3f4a5b", mine.id + "0"]) {
      await refused("id_invalido", connect(id));
    }
  });
  await t.step(
    "identifiers, names and digests of clients are not in the log or the catalog",
    async () => {
      assert(!server.log.includes(mine.id) && !server.log.includes("secret"), server.log);
      await server.stop();
      const catalog = new TextDecoder("latin1").decode(
        await Deno.readFile(`${root.path}/data/catalog.db`),
      );
      assert(!catalog.includes(mine.id) && !catalog.includes(theirs.id));
      await assertRejects(() => mine.list(), ConnectionLost);
    },
  );
});
