/** Small files that share exchanges, with depots that answer them in every way. */
import { dataSource } from "../../lib/client/data_source.ts";
import { BadPeer, Refusal, type StoredFile } from "../../lib/client/mod.ts";
import { SmallFiles } from "../../lib/client/small_files.ts";
import { LocalError } from "../../lib/client/errors.ts";
import { fileSource, type SmallSource } from "../../lib/client/source.ts";
import { BatchReader } from "../../lib/protocol/mod.ts";
import { digestOf } from "../../lib/content/digest.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import {
  contentLine,
  offerLine,
  type Peer,
  receiptLine,
  type Script,
  ScriptedDepot,
  TempFolder,
} from "./scripted_depot.ts";

const AS = { replicas: null, minimum: null, wait: null };
const bytesOf = (text: string) => new TextEncoder().encode(text);
const receiptFor = (text: string) => receiptLine({ digest: digestOf(text), size: text.length });
const contentOf = (text: string) => contentLine({ digest: digestOf(text), size: text.length });
const refusal = (code: string) => `erro:${code}|mensagem:no`;

function smallSource(text: string): SmallSource {
  const bytes = bytesOf(text);
  return { ...dataSource(bytes), size: bytes.length, readInto: (target) => target.set(bytes) };
}

/** A client of the depot that the scripts are, one a connection. */
class Meeting implements AsyncDisposable {
  private constructor(readonly depot: ScriptedDepot, readonly small: SmallFiles) {}

  static async of(...scripts: Script[]): Promise<Meeting> {
    const depot = new ScriptedDepot(...scripts);
    const sessions = depot.sessions({}, await depot.session());
    return new Meeting(depot, new SmallFiles(sessions, { connections: 4 }));
  }

  deposit(text: string) {
    return this.small.deposit({ name: text, ...AS }, { source: smallSource(text) });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.depot[Symbol.asyncDispose]();
  }
}

/** Reads a deposit that is sent by itself, and acknowledges it. Resolves to its name. */
async function takeAlone(peer: Peer): Promise<string> {
  const line = await peer.expect(/^comando:depositar\|/);
  await peer.expect(/^acao:enviar\|posicao:0$/);
  const { bytes, digest } = await peer.body();
  await peer.say(offerLine(), receiptLine({ digest, size: bytes }));
  return /nome_arquivo:(.*)$/.exec(line)![1]!;
}

/** Reads a batch of deposits of these texts. */
async function takeBatch(peer: Peer, ...texts: string[]): Promise<void> {
  const batch = await peer.batch(texts.length);
  for (const text of texts) {
    const line = batch.line();
    assert(line.includes(`|tamanho_arquivo:${text.length}|hash_arquivo:${digestOf(text)}|`), line);
    assert(line.endsWith(`|nome_arquivo:${text}`), line);
    assertEquals(batch.raw(text.length), bytesOf(text));
  }
  batch.end();
}

function listed(text: string): StoredFile {
  return {
    name: text,
    size: text.length,
    digest: digestOf(text),
    version: 1,
    depositedAt: 0,
    replicas: { wanted: 1, live: 1 },
    places: [],
    modifiedAt: null,
    executable: false,
  };
}

Deno.test("small files at the same time are deposited in one exchange, one alone as ever", async () => {
  await using meeting = await Meeting.of(async (peer) => {
    await peer.hello({ batch: 64 });
    await takeBatch(peer, "a", "bb", "ccc");
    await peer.say("andamento:0|total:0");
    await peer.sayBatch([receiptFor("a")], [receiptFor("bb")], [receiptFor("ccc")]);
    assertEquals(await takeAlone(peer), "dddd");
  });
  const receipts = await Promise.all(["a", "bb", "ccc"].map((text) => meeting.deposit(text)));
  assertEquals(receipts.map(({ name, size }) => [name, size]), [["a", 1], ["bb", 2], ["ccc", 3]]);
  assertEquals((await meeting.deposit("dddd")).size, 4);
});

Deno.test("what is refused in a batch is refused alone, and what may pass is asked for again alone", async () => {
  const alone: string[] = [];
  await using meeting = await Meeting.of(async (peer) => {
    await peer.hello({ batch: 64 });
    await takeBatch(peer, "a", "bb", "ccc", "dddd");
    await peer.sayBatch(
      [refusal("sem_espaco")],
      [refusal("indisponivel")],
      [receiptFor("ccc")],
      [refusal("limite")],
    );
    alone.push(await takeAlone(peer));
  }, async (peer) => {
    await peer.hello({ batch: 64 });
    alone.push(await takeAlone(peer));
  });
  const [a, ...others] = ["a", "bb", "ccc", "dddd"].map((text) => meeting.deposit(text));
  assertEquals((await assertRejects(() => a!, Refusal)).code, "sem_espaco");
  assertEquals((await Promise.all(others)).map(({ size }) => size), [2, 3, 4]);
  assertEquals(alone.sort(), ["bb", "dddd"]);
});

Deno.test("a file that cannot be read fails alone, and is not in the batch", async () => {
  await using folder = new TempFolder();
  const path = await folder.file("gone", "xx");
  const source = fileSource(path);
  await Deno.remove(path);
  await using meeting = await Meeting.of(async (peer) => {
    await peer.hello({ batch: 64 });
    await takeBatch(peer, "a", "bb");
    await peer.sayBatch([receiptFor("a")], [receiptFor("bb")]);
  });
  const gone = meeting.small.deposit({ name: "gone", ...AS }, { source });
  const others = ["a", "bb"].map((text) => meeting.deposit(text));
  await assertRejects(() => gone, Deno.errors.NotFound);
  assertEquals((await Promise.all(others)).map(({ size }) => size), [1, 2]);
});

Deno.test("a file that changed since it was looked at fails alone, and is not in the batch", async () => {
  const changes: Record<string, (path: string) => void> = {
    shorter: (path) => Deno.truncateSync(path, 2),
    longer: (path) => Deno.truncateSync(path, 200),
    "as long": (path) => Deno.utimeSync(path, 1, 1),
  };
  await using folder = new TempFolder();
  const sources = await Promise.all(
    Object.entries(changes).map(async ([name, change]) => {
      const path = await folder.file(name, name);
      const source = fileSource(path);
      change(path);
      return { name, source };
    }),
  );
  await using meeting = await Meeting.of(async (peer) => {
    await peer.hello({ batch: 64 });
    await takeBatch(peer, "a", "bb");
    await peer.sayBatch([receiptFor("a")], [receiptFor("bb")]);
  });
  const changed = sources.map(({ name, source }) =>
    meeting.small.deposit({ name, ...AS }, { source })
  );
  const others = ["a", "bb"].map((text) => meeting.deposit(text));
  for (const each of changed) {
    assertEquals((await assertRejects(() => each, LocalError)).code, "arquivo_mudou");
  }
  assertEquals((await Promise.all(others)).map(({ size }) => size), [1, 2]);
});

Deno.test("a batch that is refused as a whole goes file by file", async () => {
  const names: string[] = [];
  await using meeting = await Meeting.of(async (peer) => {
    await peer.hello({ batch: 64 });
    await takeBatch(peer, "a", "bb");
    await peer.say(refusal("limite"));
    names.push(await takeAlone(peer));
  }, async (peer) => {
    await peer.hello({ batch: 64 });
    names.push(await takeAlone(peer));
  });
  await Promise.all(["a", "bb"].map((text) => meeting.deposit(text)));
  assertEquals(names.sort(), ["a", "bb"]);
});

Deno.test("a batch whose connection breaks is sent again", async () => {
  await using meeting = await Meeting.of(async (peer) => {
    await peer.hello({ batch: 64 });
    await takeBatch(peer, "a", "bb");
  }, async (peer) => {
    await peer.hello({ batch: 64 });
    await takeBatch(peer, "a", "bb");
    await peer.sayBatch([receiptFor("a")], [receiptFor("bb")]);
  });
  const receipts = await Promise.all(["a", "bb"].map((text) => meeting.deposit(text)));
  assertEquals(receipts.map(({ size }) => size), [1, 2]);
});

Deno.test("a depot that says nothing of batches, or does not any more, gets none", async () => {
  const names: string[] = [];
  const old: Script = async (peer) => {
    await peer.hello();
    names.push(await takeAlone(peer));
  };
  {
    await using meeting = await Meeting.of(old, old);
    await Promise.all(["a", "bb"].map((text) => meeting.deposit(text)));
  }
  {
    await using meeting = await Meeting.of(async (peer) => {
      await peer.hello({ batch: 64 });
      await takeBatch(peer, "ccc", "dddd");
    }, async (peer) => {
      await peer.hello();
      names.push(await takeAlone(peer));
    }, old);
    await Promise.all(["ccc", "dddd"].map((text) => meeting.deposit(text)));
  }
  assertEquals(names.sort(), ["a", "bb", "ccc", "dddd"]);
});

Deno.test("a batch that is answered wrongly is an error of the depot's", async (t) => {
  const answers: Record<string, (peer: Peer) => Promise<void>> = {
    "too few": (peer) => peer.sayBatch([receiptFor("a")]),
    "more than was announced": (peer) =>
      peer.sayBatch([receiptFor("a")], [receiptFor("bb"), bytesOf("x")]),
    "no answers": (peer) => peer.sayBatch([receiptFor("a")], ["hello:1"]),
    "endless": (peer) => peer.say("lote:2|tamanho:99999999"),
  };
  for (const [what, answer] of Object.entries(answers)) {
    await t.step(what, async () => {
      await using meeting = await Meeting.of(async (peer) => {
        await peer.hello({ batch: 64 });
        await takeBatch(peer, "a", "bb");
        await answer(peer);
      });
      const both = ["a", "bb"].map((text) => assertRejects(() => meeting.deposit(text), BadPeer));
      await Promise.all(both);
    });
  }
});

Deno.test("a receipt for something else is that file's error alone", async () => {
  await using meeting = await Meeting.of(async (peer) => {
    await peer.hello({ batch: 64 });
    await takeBatch(peer, "a", "bb", "ccc");
    await peer.sayBatch([receiptFor("a")], [receiptFor("a")], [receiptFor("ccc")]);
  });
  const [a, bb, ccc] = ["a", "bb", "ccc"].map((text) => meeting.deposit(text));
  await assertRejects(() => bb!, BadPeer, "other bytes");
  assertEquals([(await a!).size, (await ccc!).size], [1, 3]);
});

Deno.test("small files at the same time are retrieved in one exchange, and only right bytes are taken", async () => {
  await using meeting = await Meeting.of(async (peer) => {
    await peer.hello({ batch: 64 });
    const batch = await peer.batch(4);
    for (const text of ["a", "bb", "ccc", ""]) {
      const line = batch.line();
      assert(line.includes(`|hash_arquivo:${digestOf(text)}|`), line);
    }
    batch.end();
    await peer.sayBatch(
      [contentOf("a"), bytesOf("a")],
      [contentOf("bb"), bytesOf("bx")],
      [refusal("mudou")],
      [contentOf("")],
    );
  });
  const wishes = ["a", "bb", "ccc", ""].map((text) => meeting.small.retrieve(listed(text)));
  const [a, bb, ccc, empty] = await Promise.all(wishes);
  assertEquals([a, bb, ccc, empty], [bytesOf("a"), null, null, bytesOf("")]);
});

Deno.test("exchanges and files by themselves take no more connections than are allowed", async () => {
  const texts = Array.from({ length: 200 }, (_, index) => `file ${index}`);
  const large = "x".repeat(200_000);
  let open = 0;
  let most = 0;
  const script: Script = async (peer) => {
    most = Math.max(most, ++open);
    await peer.hello({ batch: 64 });
    while (true) {
      const line = await peer.connection.readLine({ idle: true });
      if (line === null) break;
      await answerAny(peer, line);
    }
    open--;
  };
  await using depot = new ScriptedDepot(...Array.from({ length: 20 }, () => script));
  using sessions = depot.sessions({}, await depot.session());
  const small = new SmallFiles(sessions, { connections: 2 });
  const deposit = (text: string) =>
    small.deposit({ name: text.slice(0, 9), ...AS }, { source: smallSource(text) });
  await Promise.all([
    ...texts.map(deposit),
    deposit(large),
    deposit(large),
    ...texts.map((text) => small.retrieve(listed(text))),
  ]);
  assertEquals(most, 2);
});

/** Grants whatever is asked for, by a client that waits for each offer. */
async function answerAny(peer: Peer, line: string): Promise<void> {
  const count = Number(/^comando:lote\|itens:(\d+)/.exec(line)?.[1] ?? 0);
  if (count === 0) {
    if (Number(/tamanho_arquivo:(\d+)/.exec(line)![1]) > 150_000) await peer.say(offerLine());
    await peer.expect(/^acao:enviar/);
    const { bytes, digest } = await peer.body();
    const offer = bytes > 150_000 ? [] : [offerLine()];
    return await peer.say(...offer, receiptLine({ digest, size: bytes }));
  }
  const frame = new Uint8Array(Number(/tamanho:(\d+)$/.exec(line)![1]));
  await peer.connection.readFull(frame);
  const batch = new BatchReader(frame);
  const answers = Array.from({ length: count }, (): [string, Uint8Array?] => {
    const request = batch.line();
    const name = /nome_arquivo:(.*)$/.exec(request)![1]!;
    if (request.startsWith("comando:recuperar")) return [contentOf(name), bytesOf(name)];
    const size = Number(/tamanho_arquivo:(\d+)/.exec(request)![1]);
    return [receiptLine({ digest: digestOf(batch.raw(size)), size })];
  });
  await peer.sayBatch(...answers);
}

Deno.test("an end that was asked for ends the exchange", async () => {
  const stop = new AbortController();
  await using depot = new ScriptedDepot(async (peer) => {
    await peer.hello({ batch: 64 });
    await takeBatch(peer, "a", "bb");
    stop.abort(new Error("stopped"));
    await peer.connection.readLine().catch(() => {});
  });
  const sessions = depot.sessions({}, await depot.session());
  const small = new SmallFiles(sessions, { connections: 1, signal: stop.signal });
  await Promise.all(["a", "bb"].map((text) =>
    assertRejects(
      () => small.deposit({ name: text, ...AS }, { source: smallSource(text) }),
      Error,
      "stopped",
    )
  ));
});
