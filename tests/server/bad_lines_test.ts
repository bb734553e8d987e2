/** Lines that are no messages, and values out of range, against the real server. */
import { digestOf, EMPTY_DIGEST } from "../../lib/content/digest.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { RunningServer, temporaryRoot } from "./running_server.ts";
import { filesBelow } from "./waiting.ts";
import { bytesOf, WireClient } from "./wire_client.ts";

const UPLOAD = "0f8fad5b-d9cb-469f-a165-70867728950e";
const HUGE = "9".repeat(400);

/** A deposit's line with some values changed. */
function depositLine(changes: Record<string, string> = {}): string {
  const fields: Record<string, string> = {
    qtd_replicas: "1",
    minimo: "",
    esperar: "",
    tamanho_arquivo: "1",
    hash_arquivo: "",
    envio: UPLOAD,
    nome_arquivo: "bad",
    ...changes,
  };
  const text = Object.entries(fields).map(([key, value]) => `${key}:${value}`).join("|");
  return `comando:depositar|${text}`;
}

const REFUSED_LINES: Record<string, [code: string, line: string]> = {
  "an empty line": ["mensagem_invalida", ""],
  "a line without a colon": ["mensagem_invalida", "hello"],
  "a line of colons": ["mensagem_invalida", "::::"],
  "a key with capitals": ["mensagem_invalida", "Comando:conectar"],
  "an unknown command": ["mensagem_invalida", "comando:formatar"],
  "an unknown key": ["mensagem_invalida", "comando:estado|cor:azul"],
  "a key twice": ["mensagem_invalida", "comando:estado|comando:estado"],
  "a missing key": ["mensagem_invalida", "comando:listar"],
  "the answer to another request": ["mensagem_invalida", "andamento:1|total:2"],
  "a prototype's key": ["mensagem_invalida", "__proto__:1|comando:estado"],
  "an unknown version": ["versao_desconhecida", "comando:conectar|id_cliente:|versao:2"],
  "a version of 400 digits": ["valor_invalido", `comando:conectar|id_cliente:|versao:${HUGE}`],
  "a malformed identifier": ["id_invalido", "comando:conectar|id_cliente:me|versao:1"],
  "an identifier that was never given out": [
    "id_desconhecido",
    "comando:conectar|id_cliente:6b6cf5a4-4e3b-4c8e-9b0a-3c1d2e3f4a5b|versao:1",
  ],
  "a list of 0": ["valor_invalido", "comando:listar|depois_de:|limite:0"],
  "a list of 1,001": ["valor_invalido", "comando:listar|depois_de:|limite:1001"],
  "a negative number": ["valor_invalido", "comando:listar|depois_de:|limite:-1"],
  "a number with a leading zero": ["valor_invalido", "comando:listar|depois_de:|limite:01"],
  "a number in hexadecimal": ["valor_invalido", "comando:listar|depois_de:|limite:0x10"],
  "no replicas": ["valor_invalido", depositLine({ qtd_replicas: "0" })],
  "1,001 replicas": ["valor_invalido", depositLine({ qtd_replicas: "1001" })],
  "replicas of 400 digits": ["valor_invalido", depositLine({ qtd_replicas: HUGE })],
  "more replicas than places": ["poucos_locais", depositLine({ qtd_replicas: "3" })],
  "a minimum of 0": ["valor_invalido", depositLine({ minimo: "0" })],
  "a minimum above the replicas": ["valor_invalido", depositLine({ minimo: "2" })],
  "to wait for more than the replicas": ["valor_invalido", depositLine({ esperar: "2" })],
  "a size of 2^53": ["valor_invalido", depositLine({ tamanho_arquivo: "9007199254740992" })],
  "a size of 2^53-1": ["sem_espaco", depositLine({ tamanho_arquivo: "9007199254740991" })],
  "a size of 400 digits": ["valor_invalido", depositLine({ tamanho_arquivo: HUGE })],
  "a size below nothing": ["valor_invalido", depositLine({ tamanho_arquivo: "-1" })],
  "half a digest": ["valor_invalido", depositLine({ hash_arquivo: "ab".repeat(16) })],
  "a digest in capitals": ["valor_invalido", depositLine({ hash_arquivo: "AB".repeat(32) })],
  "an upload that is no UUID": ["valor_invalido", depositLine({ envio: "../../etc" })],
  "a name of 0 bytes": ["nome_invalido", depositLine({ nome_arquivo: "" })],
  "a name of 1,025 bytes": ["nome_invalido", depositLine({ nome_arquivo: "n".repeat(1025) })],
  "a name of 5,000 bytes": ["nome_invalido", depositLine({ nome_arquivo: "n".repeat(5000) })],
  "a name above": ["nome_invalido", depositLine({ nome_arquivo: "../bad" })],
  "a name that climbs on its way": ["nome_invalido", depositLine({ nome_arquivo: "a/../../b" })],
  "an absolute name": ["nome_invalido", depositLine({ nome_arquivo: "/etc/passwd" })],
  "a name with an empty part": ["nome_invalido", depositLine({ nome_arquivo: "a//b" })],
  "a name with a NUL": ["nome_invalido", depositLine({ nome_arquivo: "a%00b" })],
  "a name with a bare NUL": ["nome_invalido", depositLine({ nome_arquivo: "a\0b" })],
  "a name with a lone %": ["valor_invalido", depositLine({ nome_arquivo: "100%" })],
  "a name whose bytes are not UTF-8": ["valor_invalido", depositLine({ nome_arquivo: "%FF%FE" })],
  "to retrieve what is not there": [
    "nao_encontrado",
    "comando:recuperar|posicao:0|tamanho:|hash_arquivo:|evitar:|nome_arquivo:nothing",
  ],
  "to retrieve from after the end": [
    "valor_invalido",
    "comando:recuperar|posicao:5|tamanho:|hash_arquivo:|evitar:|nome_arquivo:kept",
  ],
  "to retrieve another content": [
    "mudou",
    `comando:recuperar|posicao:0|tamanho:|hash_arquivo:${EMPTY_DIGEST}|evitar:|nome_arquivo:kept`,
  ],
  "to avoid what is no place": [
    "valor_invalido",
    "comando:recuperar|posicao:0|tamanho:|hash_arquivo:|evitar:../..|nome_arquivo:kept",
  ],
  "to change what is not there": [
    "nao_encontrado",
    "comando:replicas|qtd_replicas:1|esperar:|nome_arquivo:nothing",
  ],
  "to want no replicas": [
    "valor_invalido",
    "comando:replicas|qtd_replicas:0|esperar:|nome_arquivo:kept",
  ],
  "to want more than there are places": [
    "poucos_locais",
    "comando:replicas|qtd_replicas:9|esperar:|nome_arquivo:kept",
  ],
  "to remove what is not there": ["nao_encontrado", "comando:remover|nome_arquivo:nothing"],
  "to remove a name above": ["nome_invalido", "comando:remover|nome_arquivo:../kept"],
  "a block that nobody asked for": ["mensagem_invalida", "bloco:10"],
  "to give up nothing": ["mensagem_invalida", "desistir:1"],
};

Deno.test("server: a line that it cannot grant gets its code, and the connection goes on", async (t) => {
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path);
  using client = await server.client();
  const kept = bytesOf(4);
  await client.deposit("kept", kept);

  for (const [what, [code, line]] of Object.entries(REFUSED_LINES)) {
    await t.step(what, async () => {
      const answer = await client.ask(line);
      assertEquals(answer.split("|")[0], `erro:${code}`, answer);
      assertMatch(answer, /\|mensagem:.+$/);
      assertEquals(await client.retrieve("kept"), kept);
    });
  }

  await t.step("a line of 9,000 bytes", async () => {
    assertMatch(await client.ask("x".repeat(9_000)), /^erro:linha_longa\|/);
    assertMatch(
      await client.ask(`comando:remover|nome_arquivo:${"x".repeat(9_000)}`),
      /linha_long/,
    );
  });
  await t.step("a line that is not UTF-8", async () => {
    await client.connection.write(Uint8Array.of(0x63, 0xff, 0xfe, 0x0a));
    assertMatch(await client.answer(), /^erro:mensagem_invalida\|/);
  });
  await t.step("the number of places there are comes with the refusal", async () => {
    const answer = await client.ask(depositLine({ qtd_replicas: "3" }));
    assertMatch(answer, /^erro:poucos_locais\|disponiveis:2\|/);
  });
  await t.step("a request before conectar", async () => {
    using connection = await server.raw();
    await connection.write(new TextEncoder().encode("comando:estado\n"));
    assertMatch(await textFrom(connection), /^erro:nao_conectado\|/);
  });
  await t.step("an HTTP request", async () => {
    using connection = await server.raw();
    const request = "GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n";
    await connection.write(new TextEncoder().encode(request));
    assertMatch(await textFrom(connection), /^erro:mensagem_invalida\|/);
  });
  await t.step("after all of it only what was acknowledged is there", async () => {
    using other = await WireClient.connect(server.port, { id: client.id });
    assertEquals((await other.list()).map(({ name }) => name), ["kept"]);
    assertEquals(await client.retrieve("kept"), kept);
    const digest = digestOf(kept);
    for (const place of ["one", "two"]) {
      assertEquals(filesBelow(server.inside(place, "contents")), [
        `${digest.slice(0, 2)}/${digest}`,
      ]);
      assertEquals(filesBelow(server.inside(place, "parts")), []);
    }
    assert(!/ERR|FTL/.test(server.log), server.log);
  });
});

Deno.test("server: a hundred refusals that a client may well get do not end the connection", async () => {
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path);
  using client = await server.client();
  for (let turn = 0; turn < 150; turn++) {
    assertMatch(await client.ask("comando:remover|nome_arquivo:nothing"), /^erro:nao_encontrado\|/);
  }
  assertEquals(await client.list(), []);
});

/** What comes next, as text. */
async function textFrom(connection: Deno.TcpConn): Promise<string> {
  const buffer = new Uint8Array(4_096);
  const count = await connection.read(buffer);
  return new TextDecoder().decode(buffer.subarray(0, count ?? 0));
}
