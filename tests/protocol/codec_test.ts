import fc from "fast-check";
import {
  ACTIONS,
  BODY,
  decodeAction,
  decodeBody,
  decodeReply,
  decodeRequest,
  encode,
  encodeError,
  LINE_BYTES,
  Refusal,
  REPLIES,
  REQUESTS,
} from "../../lib/protocol/mod.ts";
import type { Message } from "../../lib/protocol/messages.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { valuesOf } from "./arbitraries.ts";

const ID = "6b6c1f0e-3b5f-4c9e-8a51-0d6a4f1c2b3e";
const DIGEST = "ab".repeat(32);

function roundTrips(
  message: Message,
  decode: (line: string) => unknown,
  known: Record<string, unknown> = {},
): void {
  fc.assert(
    fc.property(valuesOf(message), (values) => {
      const line = encode(message, { ...values, ...known });
      assert(!line.includes("\n"), "a line has no line break in it");
      assertEquals<unknown>({ ...decode(line) as object }, { ...values, ...known });
    }),
    { numRuns: 60 },
  );
}

for (const [kind, message] of Object.entries(REQUESTS)) {
  Deno.test(`the request ${kind} comes back as it went`, () => {
    roundTrips(message, (line) => {
      const { kind: decoded, ...values } = decodeRequest(line);
      assertEquals<string>(decoded, kind);
      return values;
    });
  });
}

for (const [kind, message] of Object.entries(ACTIONS)) {
  Deno.test(`the action ${kind} comes back as it went`, () => {
    roundTrips(message, (line) => {
      const { kind: decoded, ...values } = decodeAction(line);
      assertEquals<string>(decoded, kind);
      return values;
    });
  });
}

for (const [kind, message] of Object.entries(REPLIES)) {
  if (kind === "error") continue;
  Deno.test(`the reply ${kind} comes back as it went`, () => {
    roundTrips(message, (line) => decodeReply(message, line));
  });
}

Deno.test("the lines of a body come back as they went", () => {
  const end = { bytes: 0, digest: DIGEST, places: ["a", "b"] };
  assertEquals<unknown>(decodeBody(encode(BODY.end, end)), { kind: "end", ...end });
  assertEquals<unknown>(decodeBody("bloco:7"), { kind: "block", bytes: 7 });
  assertEquals<unknown>(decodeBody("desistir:1"), { kind: "stop", stop: true });
});

Deno.test("a body's last line has a digest, and no other line has", () => {
  for (const line of ["bloco:0", `bloco:1|hash_arquivo:${DIGEST}`, "bloco:", "bloco:01"]) {
    assertThrows(() => decodeBody(line), Refusal);
  }
});

Deno.test("no message is longer than a line, whatever it carries", () => {
  const longest = {
    ids: Array.from({ length: 40 }, () => "x".repeat(64)),
    labels: Array.from({ length: 40 }, () => "|".repeat(500)),
  };
  const line = encode(REPLIES.file, {
    version: Number.MAX_SAFE_INTEGER,
    size: Number.MAX_SAFE_INTEGER,
    digest: DIGEST,
    wanted: Number.MAX_SAFE_INTEGER,
    live: Number.MAX_SAFE_INTEGER,
    depositedAt: Number.MAX_SAFE_INTEGER,
    modifiedAt: Number.MAX_SAFE_INTEGER,
    executable: true,
    places: longest.ids,
    labels: longest.labels,
    name: "\x01".repeat(1024),
  });
  assert(new TextEncoder().encode(line).length < LINE_BYTES);
  decodeReply(REPLIES.file, line);
});

Deno.test("a label is cut between characters, also between escaped ones", () => {
  for (let before = 0; before < 5; before++) {
    const label = "x".repeat(before) + "|".repeat(100);
    const more = { verifiedAt: null, draining: null };
    const values = { place: "p", zone: "z", state: "good", placeState: "online", ...more };
    const { label: read } = decodeReply(
      REPLIES.replica,
      encode(REPLIES.replica, { ...values, label }),
    );
    assert(label.startsWith(read) && read.length >= 20);
  }
});

Deno.test("a refusal comes back with its code, its number and its words", () => {
  const refusal = new Refusal("poucos_locais", "Refused: a|b: c\nd", { available: 3 });
  const read = assertThrows(() => decodeReply(REPLIES.receipt, encodeError(refusal)), Refusal);
  assertEquals([read.code, read.available, read.message], [
    "poucos_locais",
    3,
    "Refused: a|b: c d",
  ]);
});

Deno.test("an error code that this program does not know is one of the depot's own", () => {
  for (const code of ["novidade", "constructor", "__proto__"]) {
    const line = `erro:${code}|mensagem:x`;
    assertEquals(assertThrows(() => decodeReply(REPLIES.items, line), Refusal).code, "interno");
  }
});

Deno.test("unknown keys are passed over in a reply and refused in a request", () => {
  assertEquals(decodeReply(REPLIES.removed, "versao:3|novidade:x").version, 3);
  const line = `comando:remover|novidade:1|nome_arquivo:a`;
  assertEquals(
    assertThrows(() => decodeRequest(line), Refusal, "novidade").code,
    "mensagem_invalida",
  );
});

Deno.test("numbers are decimal, without sign or leading zero, up to 2^53-1", () => {
  const limit = (text: string) => `comando:listar|depois_de:|limite:${text}`;
  decodeRequest(limit("9007199254740991"));
  for (
    const text of [
      "-1",
      "+1",
      "01",
      "1e3",
      "0x1",
      "1.0",
      " 1",
      "",
      "9007199254740992",
      "9".repeat(400),
    ]
  ) {
    assertThrows(() => decodeRequest(limit(text)), Refusal);
  }
});

Deno.test("names that are no names are refused", () => {
  const remove = (name: string) => `comando:remover|nome_arquivo:${name}`;
  const bad = [
    "",
    "/a",
    "a/",
    "a//b",
    "..",
    "../a",
    "a/..",
    "a/./b",
    "a%00b",
    "%2E%2E/a",
    "x".repeat(5000),
  ];
  for (const name of [...bad, "x".repeat(1025), "é".repeat(513)]) {
    assertEquals(assertThrows(() => decodeRequest(remove(name)), Refusal).code, "nome_invalido");
  }
  decodeRequest(remove("é".repeat(512)));
  for (const name of ["100%", "%zz", "%F", "%ff", "a%C3"]) {
    assertEquals(assertThrows(() => decodeRequest(remove(name)), Refusal).code, "valor_invalido");
  }
});

Deno.test("in the seed's lines a name is literal", () => {
  const line = `id_cliente:${ID}|nome_arquivo:100%|a:b`;
  assertEquals<unknown>(decodeRequest(line), { kind: "seedRetrieve", id: ID, name: "100%|a:b" });
});

Deno.test("lines that are no messages are refused", () => {
  const lines = [
    "",
    ":",
    "olá",
    "comando",
    "comando:",
    "comando:voar",
    "comando:estado|comando:estado",
    `comando:remover|nome_arquivo`,
    `COMANDO:estado`,
    `comando:conectar|id_cliente:${ID}|id_cliente:${ID}|versao:1`,
    `id_cliente:${ID}|qtd_replicas:1|nome_arquivo:x`,
    "x".repeat(8000),
    "|".repeat(8000),
  ];
  for (const line of lines) {
    assertEquals(assertThrows(() => decodeRequest(line), Refusal).code, "mensagem_invalida");
  }
});

Deno.test("garbage is refused and never does anything else", () => {
  const keys = fc.constantFrom("comando", "id_cliente", "nome_arquivo", "bloco", "erro", "x", "");
  const piece = fc.tuple(
    keys,
    fc.constantFrom(":", ""),
    fc.string({ unit: "binary", maxLength: 20 }),
  );
  const garbage = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.array(piece).map((pieces) => pieces.map((parts) => parts.join("")).join("|")),
  );
  const readers: ((line: string) => unknown)[] = [
    decodeRequest,
    decodeAction,
    decodeBody,
    ...Object.values(REPLIES).map((reply) => (line: string) => decodeReply<Message>(reply, line)),
  ];
  fc.assert(
    fc.property(garbage, fc.constantFrom(...readers), (line, read) => {
      try {
        read(line);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
      }
    }),
    { numRuns: 1000 },
  );
});

Deno.test("an identifier that is no UUID version 4 is refused as that", () => {
  for (const id of ["x", ID.replace("-4", "-1"), ID + "0", `{${ID}}`]) {
    const line = `comando:conectar|id_cliente:${id}|versao:1`;
    assertEquals(assertThrows(() => decodeRequest(line), Refusal).code, "id_invalido");
  }
});
