import { BadPeer, Refusal, type WorkProgress } from "../../lib/client/mod.ts";
import { Session } from "../../lib/client/session.ts";
import { encode, REPLIES } from "../../lib/protocol/mod.ts";
import { assertEquals, assertMatch, assertRejects } from "../assert.ts";
import {
  DEPOT,
  fileLine,
  ID,
  type Peer,
  receiptLine,
  type Script,
  ScriptedDepot,
} from "./scripted_depot.ts";

/** What a depot of an earlier version leaves out. */
const NOT_SAID = {
  short: null,
  waiting: null,
  checked: null,
  oldestCheck: null,
  scrubMs: null,
  scrubPlace: null,
  scrubPercent: null,
};

const STATUS = {
  files: 1,
  bytes: 2,
  queued: 0,
  running: 0,
  deficit: 0,
  damaged: 0,
  aside: 0,
  ...NOT_SAID,
};

const FILE_LINE = {
  name: "a",
  size: 5,
  digest: "d".repeat(64),
  version: 2,
  wanted: 1,
  live: 1,
  depositedAt: 1,
  modifiedAt: null,
  executable: false,
  places: [],
  labels: [],
};

/** What a client makes of one answer to its next request. */
function answering(...lines: string[]): Script {
  return async (peer: Peer) => {
    await peer.hello();
    await peer.expect(/^comando:/);
    await peer.say(...lines);
  };
}

Deno.test("a session says who it is, and learns who the depot is", async () => {
  await using depot = new ScriptedDepot(async (peer) => {
    assertMatch(await peer.hello(), new RegExp(`id_cliente:${ID}\\|versao:1(\\|maquina:[^|]*)?$`));
  });
  using session = await depot.session();
  assertEquals([session.id, session.depot], [ID, DEPOT]);
});

Deno.test("a depot that answers for another identifier is not believed", async () => {
  await using depot = new ScriptedDepot((peer) => peer.hello({ id: DEPOT }));
  await assertRejects(() => depot.session(), BadPeer, "another identifier");
});

Deno.test("a refusal of the identifier is the depot's refusal", async () => {
  await using depot = new ScriptedDepot(async (peer) => {
    await peer.expect(/^comando:conectar/);
    await peer.say("erro:id_desconhecido|mensagem:Never gave it out");
  });
  const error = await assertRejects(() => depot.session(), Refusal, "Never gave it out");
  assertEquals(error.code, "id_desconhecido");
});

Deno.test("answers that are none are the depot's fault, whatever is in them", async () => {
  const lines = [
    "",
    "HTTP/1.1 400 Bad Request",
    "itens:1",
    "itens:-1|mais:0",
    "itens:1001|mais:0",
    "itens:0|mais:1",
    "itens:1|mais:0\n" + fileLine({}).replace("nome_arquivo:a", "nome_arquivo:../a"),
    "itens:1|mais:0\n" + fileLine({ name: "other" }),
    "itens:2|mais:0\n" + fileLine({ name: "p/b" }) + "\n" + fileLine({ name: "p/a" }),
    "itens:1|mais:0\n" + fileLine({ name: "p/a", depositedAt: Number.MAX_SAFE_INTEGER }),
    "itens:1|mais:0\nandamento:1|total:1",
    "x".repeat(9000),
  ];
  for (const line of lines) {
    await using depot = new ScriptedDepot(answering(line));
    using session = await depot.session();
    await assertRejects(() => session.page({ prefix: "p/" }), BadPeer);
  }
});

Deno.test("a page with the name that came last before is not taken", async () => {
  await using depot = new ScriptedDepot(answering("itens:1|mais:1", fileLine({ name: "b" })));
  using session = await depot.session();
  await assertRejects(() => session.page({ after: "b" }), BadPeer, "does not belong there");
});

Deno.test("a list is asked for page by page, and goes on over a broken connection", async () => {
  await using depot = new ScriptedDepot(
    async (peer) => {
      await peer.hello();
      await peer.expect(/\|depois_de:\|limite:1000\|nome_arquivo:p\/$/);
      await peer.say("itens:2|mais:1", fileLine({ name: "p/a" }), fileLine({ name: "p/é" }));
      await peer.expect(/\|depois_de:p\/é\|/);
      await peer.say("itens:2|mais:0", fileLine({ name: "p/\uffff" }));
    },
    async (peer) => {
      await peer.hello();
      await peer.expect(/\|depois_de:p\/é\|/);
      // Later as UTF-8, earlier as the sixteen bits of a string.
      await peer.say("itens:2|mais:0", fileLine({ name: "p/\uffff" }), fileLine({ name: "p/😀" }));
    },
  );
  using link = depot.link();
  const names = [];
  for await (const { name } of link.list({ prefix: "p/" })) names.push(name);
  assertEquals(names, ["p/a", "p/é", "p/\uffff", "p/😀"]);
});

Deno.test("a change of replicas waits while the depot says that it works", async () => {
  await using depot = new ScriptedDepot(async (peer) => {
    await peer.hello();
    await peer.expect(/^comando:replicas\|qtd_replicas:3\|esperar:\|nome_arquivo:a%25$/);
    await peer.say(
      "andamento:1|total:3",
      "andamento:3|total:3|qtd_replicas:2|qtd_pedida:3|outra:1",
      receiptLine({ wanted: 3 }),
    );
  });
  using session = await depot.session();
  const steps: WorkProgress[] = [];
  const file = await session.replicas("a%", 3, {
    onProgress: (progress) => steps.push(progress),
  });
  assertEquals([file.replicas, steps], [{ wanted: 3, live: 2 }, [
    { done: 1, total: 3, copies: null },
    { done: 3, total: 3, copies: { live: 2, wanted: 3 } },
  ]]);
});

Deno.test("a status has as many places as it says, and a bearable number", async () => {
  const place =
    "local:p1|nome_local:|tipo:fs|zona:z|estado:online|livre:1|capacidade:2|qtd_replicas:0";
  {
    const line = encode(REPLIES.status, { ...STATUS, places: 1 });
    await using depot = new ScriptedDepot(answering(line, place));
    using session = await depot.session();
    const { places, repair, scrub } = await session.status();
    assertEquals(places.map(({ name, draining }) => [name, draining]), [["p1", false]]);
    assertEquals([repair.short, scrub], [null, null]);
  }
  {
    const line = encode(REPLIES.status, { ...STATUS, places: 2 ** 40 });
    await using depot = new ScriptedDepot(answering(line));
    using session = await depot.session();
    await assertRejects(() => session.status(), BadPeer, "lines");
  }
});

Deno.test("the status of another file than was asked for is not taken", async () => {
  await using depot = new ScriptedDepot(answering("itens:0", fileLine({ name: "b" })));
  using session = await depot.session();
  await assertRejects(() => session.fileStatus("a"), BadPeer, "another file");
});

Deno.test("a removal whose answer was lost counts when the file is gone", async () => {
  const ask = async (peer: Peer) => {
    await peer.hello();
    await peer.expect(/^comando:remover/);
  };
  await using depot = new ScriptedDepot(ask, async (peer) => {
    await ask(peer);
    await peer.say("erro:nao_encontrado|mensagem:There is no such file");
    await peer.expect(/^comando:remover/);
    await peer.say("erro:nao_encontrado|mensagem:There is no such file");
  });
  using link = depot.link();
  await link.remove("a");
  await assertRejects(() => link.remove("b"), Refusal, "no such file");
});

Deno.test("a rename or a restoring whose answer was lost counts when it was done", async () => {
  const gone = "erro:nao_encontrado|mensagem:There is no such file";
  const removed = (version: number) =>
    encode(REPLIES.removedFile, { ...FILE_LINE, version, removedAt: 1, keptUntil: 2 });
  const list = async (peer: Peer) => {
    await peer.hello();
    await peer.expect(/^comando:listar_removidos/);
    await peer.say("itens:2|mais:0", removed(1), removed(2));
    await peer.expect(/^comando:restaurar\|versao:2\|substituir:0\|nome_arquivo:a$/);
  };
  const renaming = async (peer: Peer) => {
    await peer.hello();
    await peer.expect(/^comando:renomear\|substituir:0\|nome_novo:b\|nome_arquivo:a$/);
  };
  await using depot = new ScriptedDepot(
    renaming,
    async (peer) => {
      await renaming(peer);
      await peer.say(gone);
      await peer.expect(/^comando:estado_arquivo\|nome_arquivo:b$/);
      await peer.say("itens:0", encode(REPLIES.file, { ...FILE_LINE, name: "b" }));
      await peer.expect(/^comando:renomear/);
      await peer.say(gone);
      await peer.expect(/^comando:renomear\|substituir:0\|nome_novo:G\/\|nome_arquivo:F\/$/);
    },
    async (peer) => {
      await peer.hello();
      await peer.expect(/^comando:renomear/);
      await peer.say(gone);
      await peer.expect(/^comando:listar\|.*\|nome_arquivo:G\/$/);
      await peer.say("itens:0|mais:0");
    },
    list,
    async (peer) => {
      await peer.hello();
      await peer.expect(/^comando:restaurar/);
      await peer.say("erro:nome_em_uso|mensagem:There is a file");
      await peer.expect(/^comando:estado_arquivo/);
      await peer.say("itens:0", encode(REPLIES.file, FILE_LINE));
    },
  );
  {
    using link = depot.link();
    assertEquals(await link.rename("a", "b"), { files: null, replaced: null });
    await assertRejects(() => link.rename("a", "b"), Refusal, "no such file");
    await assertRejects(() => link.rename("F/", "G/"), Refusal, "no such file");
  }
  using link = depot.link();
  assertEquals((await link.restore("a")).version, 2);
});

Deno.test("a link does not go on with another depot at the same address", async () => {
  await using depot = new ScriptedDepot((peer) => peer.hello({ depot: ID }));
  using link = depot.link();
  await assertRejects(() => link.remove("a"), BadPeer, "Another depot");
});

Deno.test("a failure of the depot itself is met three times, and no more", async () => {
  const fail: Script = async (peer) => {
    await peer.hello();
    await peer.expect(/^comando:estado$/);
    await peer.say("erro:interno|mensagem:See the log");
  };
  await using depot = new ScriptedDepot(fail, fail, fail);
  using link = depot.link();
  await assertRejects(() => link.status(), Refusal, "See the log");
});

Deno.test("stopping ends a request, and with it the session", async () => {
  const stopping = new AbortController();
  await using depot = new ScriptedDepot(async (peer) => {
    await peer.hello();
    await peer.expect(/^comando:estado$/);
    stopping.abort(new RangeError("stopped"));
    assertEquals(await peer.connection.readLine(), null);
  });
  using session = await depot.session();
  await assertRejects(() => session.status(stopping.signal), RangeError, "stopped");
});

Deno.test("a session that cannot be opened leaves no connection behind", async () => {
  await using depot = new ScriptedDepot(async (peer) => {
    await peer.expect(/^comando:conectar/);
    await peer.say("olá");
    assertEquals(await peer.connection.readLine(), null);
  });
  await assertRejects(() => Session.open(depot.address, { id: null }), BadPeer);
});
