/** Bodies that are not what was declared, against the real server. */
import { digestOf } from "../../lib/content/digest.ts";
import { encode, REQUESTS } from "../../lib/protocol/mod.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { KEPT, onlyKept, refused } from "./kept_file.ts";
import { RunningServer, temporaryRoot } from "./running_server.ts";
import { bytesOf, type WireClient } from "./wire_client.ts";

const MIB = 1024 * 1024;

type Check = (server: RunningServer, client: WireClient, t: Deno.TestContext) => Promise<void>;

/** By what is checked; they share a server, in which one file is and stays. */
const CHECKS: Record<string, Check> = {};

for (const size of [10, 3 * MIB]) {
  CHECKS[`a wrong body of ${size} bytes is refused, and the connection goes on`] = async (
    server,
    client,
    t,
  ) => {
    const bytes = bytesOf(size);

    await t.step("another SHA-256 than declared", async () => {
      await refused(
        "hash_diferente",
        () => client.deposit("bad", bytes, { digest: digestOf("else") }),
      );
      await onlyKept(server, client);
    });
    await t.step("fewer bytes than declared", async () => {
      await client.offer("bad", bytes);
      await client.send(bytes.subarray(1));
      await refused("tamanho_diferente", () => client.receipt());
      await onlyKept(server, client);
    });
    await t.step("more bytes than declared", async () => {
      await client.offer("bad", bytes.subarray(1));
      await client.send(bytes);
      await refused("tamanho_diferente", () => client.receipt());
      await onlyKept(server, client);
    });
    await t.step("the sender gives up in the middle", async () => {
      await client.offer("bad", bytes);
      await client.connection.writeLine("acao:enviar|posicao:0");
      await client.blocks(bytes.subarray(0, size / 2));
      await client.connection.writeLine("desistir:1");
      await refused("desistiu", () => client.receipt());
      await onlyKept(server, client);
    });
    await t.step("the sender gives up before", async () => {
      await client.offer("bad", bytes);
      await client.connection.writeLine("acao:desistir");
      await refused("desistiu", () => client.receipt());
      await onlyKept(server, client);
    });
    await t.step("a position that was not offered", async () => {
      await client.offer("bad", bytes);
      await client.send(bytes, { from: 5 });
      await refused("valor_invalido", () => client.receipt());
      await onlyKept(server, client);
    });
    await t.step("the same content as a file that is not there", async () => {
      await client.offer("bad", bytes);
      await client.connection.writeLine(`acao:igual|hash_arquivo:${digestOf(bytes)}`);
      await refused("nao_encontrado", () => client.receipt());
      await onlyKept(server, client);
    });
    await t.step("a block that is too large", async () => {
      await client.offer("bad", bytes);
      await client.connection.writeLine("acao:enviar|posicao:0");
      await client.connection.writeLine(`bloco:${2 * MIB}`);
      await client.connection.write(bytesOf(2 * MIB));
      await client.connection.writeLine(`bloco:0|hash_arquivo:${digestOf(bytes)}`);
      await refused("valor_invalido", () => client.receipt());
      await onlyKept(server, client);
      assertEquals(await client.retrieve("kept"), KEPT);
    });
    await t.step("the seed's deposit with another SHA-256", async () => {
      const line = {
        id: client.id,
        replicas: 1,
        size,
        digest: digestOf("else"),
        name: "bad",
      };
      await client.connection.writeLine(encode(REQUESTS.seedDeposit, line));
      await client.connection.write(bytes);
      assertMatch(await client.answer(), /^erro:hash_diferente\|/);
      await onlyKept(server, client);
    });
    await t.step("the seed's deposit with another's identifier", async () => {
      const line = {
        id: crypto.randomUUID(),
        replicas: 1,
        size,
        digest: digestOf(bytes),
        name: "b",
      };
      await client.connection.writeLine(encode(REQUESTS.seedDeposit, line));
      await client.connection.write(bytes);
      assertMatch(await client.answer(), /^erro:id_diferente\|/);
      await onlyKept(server, client);
    });
    await t.step("the seed's deposit with a name above, or more replicas than places", async () => {
      const rest = `tamanho_arquivo:${size}|hash_arquivo:${digestOf(bytes)}`;
      for (
        const [code, line] of [
          ["nome_invalido", `id_cliente:${client.id}|qtd_replicas:1|${rest}|nome_arquivo:../b`],
          ["poucos_locais", `id_cliente:${client.id}|qtd_replicas:9|${rest}|nome_arquivo:b`],
          ["valor_invalido", `id_cliente:${client.id}|qtd_replicas:x|${rest}|nome_arquivo:b`],
        ]
      ) {
        await client.connection.writeLine(line!);
        await client.connection.write(bytes);
        assertEquals((await client.answer()).split("|")[0], `erro:${code}`);
      }
      await onlyKept(server, client);
    });
    await t.step("after all of it the same connection deposits", async () => {
      await client.deposit("good", bytes);
      assertEquals(await client.retrieve("good"), bytes);
      await client.remove("good");
      await onlyKept(server, client);
    });
  };
}

CHECKS["another SHA-256 at the end than at the beginning is refused"] = async (_, client) => {
  const bytes = bytesOf(2_000);
  await client.connection.writeLine(
    `comando:depositar|qtd_replicas:1|minimo:|esperar:|tamanho_arquivo:${bytes.length}` +
      `|hash_arquivo:${digestOf("else")}|envio:${crypto.randomUUID()}|nome_arquivo:bad`,
  );
  assertMatch(await client.answer(), /^posicao:0\|/);
  await client.send(bytes);
  await refused("hash_diferente", () => client.receipt());
};

CHECKS["blocks that a client sends on after a refusal are read away"] = async (server, client) => {
  const bytes = bytesOf(8 * MIB);
  await client.offer("bad", bytes.subarray(0, 2 * MIB));
  await client.send(bytes);
  await refused("tamanho_diferente", () => client.receipt());
  await onlyKept(server, client);
  assertEquals(await client.retrieve("kept"), KEPT);
};

CHECKS["small deposits sent ahead and refused leave the connection usable"] = async (
  server,
  client,
) => {
  const bytes = bytesOf(20_000);
  const ahead = async (name: string, replicas: number) => {
    await client.connection.writeLine(
      `comando:depositar|qtd_replicas:${replicas}|minimo:|esperar:|tamanho_arquivo:${bytes.length}` +
        `|hash_arquivo:${digestOf(bytes)}|envio:${crypto.randomUUID()}|nome_arquivo:${name}`,
    );
    await client.send(bytes);
  };
  await ahead("too-many", 9);
  await ahead("../above", 1);
  await ahead("good", 2);
  await ahead("%", 1);
  assertMatch(await client.answer(), /^erro:poucos_locais\|/);
  assertMatch(await client.answer(), /^erro:nome_invalido\|/);
  assertMatch(await client.answer(), /^posicao:0\|/);
  assertEquals((await client.receipt()).replicas, 2);
  assertMatch(await client.answer(), /^erro:valor_invalido\|/);
  await client.remove("good");
  await onlyKept(server, client);
};

Deno.test("server: bodies that are not what was declared leave nothing behind", async (t) => {
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path);
  using client = await server.client();
  await client.deposit("kept", KEPT);
  for (const [name, check] of Object.entries(CHECKS)) {
    await t.step(name, async (t) => {
      await check(server, client, t);
      await onlyKept(server, client);
    });
  }
  assert(!/ERR|FTL/.test(server.log), server.log);
});
