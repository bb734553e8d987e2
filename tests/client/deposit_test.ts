import { digestOf } from "../../lib/content/digest.ts";
import { BadPeer, ConnectionLost, LocalError, Refusal } from "../../lib/client/mod.ts";
import { send } from "../../lib/client/send.ts";
import { fileSource } from "../../lib/client/source.ts";
import { streamSource } from "../../lib/client/stream_source.ts";
import { deposit } from "../../lib/client/deposit.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../assert.ts";
import {
  FastPace,
  offerLine,
  type Peer,
  receiptLine,
  ScriptedDepot,
  someBytes,
  TempFolder,
} from "./scripted_depot.ts";

const UPLOAD = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";
const AS = { replicas: 2, minimum: null, wait: null };
const LARGE = 2 * 1024 * 1024 + 500;

/** Reads a body and acknowledges it. */
async function take(peer: Peer): Promise<number> {
  const { bytes, digest, declared } = await peer.body();
  assertEquals(declared, digest);
  await peer.say(receiptLine({ digest, size: bytes }));
  return bytes;
}

Deno.test("a small file is sent with its request, and no answer is waited for", async () => {
  await using folder = new TempFolder();
  const path = await folder.file("a.txt", "hello");
  await using depot = new ScriptedDepot(async (peer) => {
    await peer.hello();
    const line = await peer.expect(/^comando:depositar\|/);
    assertMatch(line, /\|tamanho_arquivo:5\|hash_arquivo:2cf24d[0-9a-f]{58}\|envio:/);
    await peer.expect(/^acao:enviar\|posicao:0$/);
    const { bytes, digest } = await peer.body();
    await peer.say(offerLine(), receiptLine({ digest, size: bytes }));
  });
  using session = await depot.session();
  const source = await fileSource(path);
  const file = await deposit(session, { name: "a.txt", upload: UPLOAD, ...AS }, { source });
  assertEquals(file.size, 5);
  assertEquals(file.places.map(({ name }) => name), ["disk1", "disk2"]);
});

Deno.test("an empty file has no block, only an end", async () => {
  await using folder = new TempFolder();
  const source = await fileSource(await folder.file("empty", ""));
  await using depot = new ScriptedDepot(async (peer) => {
    await peer.hello();
    await peer.expect(/^comando:depositar/);
    await peer.expect(/^acao:enviar/);
    await peer.say(offerLine());
    assertEquals(await take(peer), 0);
  });
  using session = await depot.session();
  const file = await deposit(session, { name: "e", upload: UPLOAD, ...AS }, { source });
  assertEquals(file.digest, digestOf(""));
});

Deno.test("a large file goes on after what the depot kept, when that is its beginning", async () => {
  await using folder = new TempFolder();
  const data = someBytes(LARGE);
  const source = await fileSource(await folder.file("big", data));
  const kept = 1_500_000;
  await using depot = new ScriptedDepot(async (peer) => {
    await peer.hello();
    await peer.expect(/\|hash_arquivo:\|envio:/);
    await peer.say(offerLine({ position: kept, partDigest: digestOf(data.subarray(0, kept)) }));
    await peer.expect(/^acao:enviar\|posicao:1500000$/);
    const { bytes, declared } = await peer.body();
    assertEquals([bytes, declared], [LARGE - kept, digestOf(data)]);
    await peer.say("andamento:1|total:2", receiptLine({ digest: digestOf(data), size: LARGE }));
  });
  using session = await depot.session();
  const stages: string[] = [];
  const onProgress = ({ stage }: { stage: string }) => stages.push(stage);
  await deposit(session, { name: "big", upload: UPLOAD, ...AS }, { source, onProgress });
  assertEquals([...new Set(stages)], ["hashing", "sending", "storing"]);
});

Deno.test("a large file is sent from its start when the depot kept something else", async () => {
  await using folder = new TempFolder();
  const data = someBytes(LARGE);
  const source = await fileSource(await folder.file("big", data));
  await using depot = new ScriptedDepot(async (peer) => {
    await peer.hello();
    await peer.expect(/^comando:depositar/);
    await peer.say(offerLine({ position: 1000, partDigest: digestOf("else") }));
    await peer.expect(/^acao:enviar\|posicao:0$/);
    assertEquals(await take(peer), LARGE);
  });
  using session = await depot.session();
  await deposit(session, { name: "big", upload: UPLOAD, ...AS }, { source });
});

Deno.test("a file that the depot has already under this name is not sent again", async () => {
  await using folder = new TempFolder();
  const data = someBytes(LARGE);
  const source = await fileSource(await folder.file("big", data));
  await using depot = new ScriptedDepot(async (peer) => {
    await peer.hello();
    await peer.expect(/^comando:depositar/);
    await peer.say(offerLine({ presentDigest: digestOf(data) }));
    await peer.expect(/^acao:igual\|hash_arquivo:/);
    await peer.say(receiptLine({ digest: digestOf(data), size: LARGE }));
    await peer.expect(/^comando:depositar/);
    await peer.say(offerLine({ presentDigest: digestOf("else") }));
    await peer.expect(/^acao:enviar\|posicao:0$/);
    assertEquals(await take(peer), LARGE);
  });
  using session = await depot.session();
  await deposit(session, { name: "big", upload: UPLOAD, ...AS }, { source });
  await deposit(session, { name: "big", upload: UPLOAD, ...AS }, { source });
});

Deno.test("a refusal in the middle stops the file, and the session goes on", async () => {
  await using folder = new TempFolder();
  const source = await fileSource(await folder.file("big", someBytes(40 * 1024 * 1024)));
  await using depot = new ScriptedDepot(async (peer) => {
    await peer.hello();
    await peer.expect(/^comando:depositar/);
    await peer.say(offerLine());
    await peer.expect(/^acao:enviar/);
    await peer.say("andamento:0|total:0", "erro:sem_espaco|mensagem:No room left");
    const { declared, bytes } = await peer.body();
    assertEquals(declared, null);
    assert(bytes < 40 * 1024 * 1024, "the sender stopped before the end");
    await peer.expect(/^comando:remover/);
    await peer.say("versao:2");
  });
  using session = await depot.session();
  const request = { name: "big", upload: UPLOAD, ...AS };
  const error = await assertRejects(
    () => deposit(session, request, { source }),
    Refusal,
    "No room",
  );
  assertEquals(error.code, "sem_espaco");
  await session.remove("x");
});

Deno.test("a file that changes while it is read fails, and the depot is told", async () => {
  await using folder = new TempFolder();
  const path = await folder.file("big", someBytes(LARGE));
  const source = await fileSource(path);
  await using depot = new ScriptedDepot(async (peer) => {
    await peer.hello();
    await peer.expect(/^comando:depositar/);
    await peer.say(offerLine());
    await peer.expect(/^acao:enviar/);
    assertEquals((await peer.body()).declared, null);
    await peer.say("erro:desistiu|mensagem:The deposit was given up");
  });
  using session = await depot.session();
  const request = { name: "big", upload: UPLOAD, ...AS };
  let touched = false;
  const onProgress = () => {
    if (!touched) Deno.utimeSync(path, 1, 1);
    touched = true;
  };
  const error = await assertRejects(
    () => deposit(session, request, { source, onProgress }),
    LocalError,
    "changed while it was read",
  );
  assertEquals(error.code, "arquivo_mudou");
});

Deno.test("a file that was truncated after it was looked at fails before anything is sent", async () => {
  await using folder = new TempFolder();
  const path = await folder.file("a", "hello");
  const source = await fileSource(path);
  await Deno.truncate(path, 2);
  await using depot = new ScriptedDepot((peer) => peer.hello());
  using session = await depot.session();
  const request = { name: "a", upload: UPLOAD, ...AS };
  await assertRejects(() => deposit(session, request, { source }), LocalError, "changed");
});

Deno.test("a receipt for other bytes than were sent is no receipt", async () => {
  await using folder = new TempFolder();
  const source = await fileSource(await folder.file("a", "hello"));
  await using depot = new ScriptedDepot(async (peer) => {
    await peer.hello();
    await peer.expect(/^comando/);
    await peer.expect(/^acao/);
    await peer.body();
    await peer.say(offerLine(), receiptLine({ digest: digestOf("else"), size: 5 }));
  });
  using session = await depot.session();
  const request = { name: "a", upload: UPLOAD, ...AS };
  await assertRejects(() => deposit(session, request, { source }), BadPeer, "other bytes");
});

Deno.test("a receipt for no copy, or for another number than was asked for, is no receipt", async () => {
  for (const wrong of [{ replicas: 0, places: [], labels: [] }, { wanted: 3 }]) {
    await using folder = new TempFolder();
    const source = await fileSource(await folder.file("a", "hello"));
    await using depot = new ScriptedDepot(async (peer) => {
      await peer.hello();
      await peer.expect(/^comando/);
      await peer.expect(/^acao/);
      await peer.body();
      await peer.say(offerLine(), receiptLine({ digest: digestOf("hello"), size: 5, ...wrong }));
    });
    using session = await depot.session();
    const request = { name: "a", upload: UPLOAD, ...AS };
    await assertRejects(() => deposit(session, request, { source }), BadPeer, "other copies");
  }
});

Deno.test("a broken deposit goes on by itself with the same upload", async () => {
  await using folder = new TempFolder();
  const data = someBytes(LARGE);
  const source = await fileSource(await folder.file("big", data));
  const uploads: (string | undefined)[] = [];
  const asked = async (peer: Peer) => {
    const line = await peer.expect(/^comando:depositar/);
    uploads.push(/envio:([^|]+)/.exec(line)?.[1]);
  };
  await using depot = new ScriptedDepot(
    async (peer) => {
      await peer.hello();
      await asked(peer);
      await peer.say(offerLine());
      await peer.expect(/^acao:enviar\|posicao:0$/);
      await peer.expect(/^bloco:1048576$/);
    },
    async (peer) => {
      await peer.hello();
      await asked(peer);
      await peer.say("erro:envio_em_uso|mensagem:Being sent");
      await asked(peer);
      await peer.say(offerLine({ position: 9, partDigest: digestOf(data.subarray(0, 9)) }));
      await peer.expect(/^acao:enviar\|posicao:9$/);
      await peer.body();
      await peer.say(receiptLine({ digest: digestOf(data), size: LARGE }));
    },
  );
  const retries: string[] = [];
  using sessions = depot.sessions({ onRetry: (error) => retries.push(error.name) });
  const file = await send(sessions, { name: "big", ...AS }, { source });
  assertEquals(file.digest, digestOf(data));
  assertEquals(retries, ["ConnectionLost", "Refusal"]);
  assertEquals(new Set(uploads).size, 1);
});

Deno.test("an upload that stays in use is left to whoever has it", async () => {
  await using folder = new TempFolder();
  const source = await fileSource(await folder.file("a", "hello"));
  const uploads: (string | undefined)[] = [];
  await using depot = new ScriptedDepot(async (peer) => {
    await peer.hello();
    for (let attempt = 0; attempt < 4; attempt++) {
      uploads.push(/envio:([^|]+)/.exec(await peer.expect(/^comando:depositar/))?.[1]);
      await peer.expect(/^acao/);
      const { digest, bytes } = await peer.body();
      if (attempt < 3) await peer.say("erro:envio_em_uso|mensagem:Being sent");
      else await peer.say(offerLine(), receiptLine({ digest, size: bytes }));
    }
  });
  using sessions = depot.sessions();
  await send(sessions, { name: "a", ...AS }, { source });
  assertEquals([uploads[0] === uploads[2], uploads[2] === uploads[3]], [true, false]);
});

Deno.test("a stream is sent without size and digest, and cannot be sent again", async () => {
  const stream = () => {
    const parts = [someBytes(10), someBytes(700_000), someBytes(700_000)];
    return {
      read: (target: Uint8Array) => {
        const part = parts[0];
        if (!part) return Promise.resolve(null);
        const count = Math.min(target.length, part.length);
        target.set(part.subarray(0, count));
        if (count === part.length) parts.shift();
        else parts[0] = part.subarray(count);
        return Promise.resolve(count);
      },
    };
  };
  await using depot = new ScriptedDepot(
    async (peer) => {
      await peer.hello();
      await peer.expect(/\|tamanho_arquivo:\|hash_arquivo:\|/);
      await peer.say(offerLine());
      await peer.expect(/^acao:enviar\|posicao:0$/);
      assertEquals(await take(peer), 1_400_010);
      await peer.expect(/^comando:depositar/);
    },
  );
  using sessions = depot.sessions();
  const source = streamSource(stream());
  assertEquals((await send(sessions, { name: "s", ...AS }, { source })).size, 1_400_010);
  const error = await assertRejects(
    () => send(sessions, { name: "s", ...AS }, { source: streamSource(stream()) }),
    LocalError,
    "a stream cannot be read again",
  );
  assertEquals(error.code, "envio_unico");
});

Deno.test("a stream that is slow gives its bytes away one by one, so that something moves", async () => {
  const pace = new FastPace();
  const { promise: never } = Promise.withResolvers<null>();
  let given = false;
  const slow = {
    read(target: Uint8Array): Promise<number | null> {
      if (given) return never;
      given = true;
      target.set([1, 2, 3]);
      return Promise.resolve(3);
    },
  };
  using reader = await streamSource(slow, pace).open();
  const target = new Uint8Array(100);
  assertEquals([await reader.read(target), target[0]], [1, 1]);
  assertEquals([await reader.read(target), target[0]], [1, 2]);
  assertEquals(pace.waits, [10_000, 10_000]);
});

Deno.test("stopping ends a deposit that waits for a stream", async () => {
  await using depot = new ScriptedDepot((peer) => peer.hello());
  using sessions = depot.sessions();
  const stopping = new AbortController();
  const { promise: never } = Promise.withResolvers<null>();
  const source = streamSource({ read: () => never });
  const sending = send(sessions, { name: "s", ...AS }, { source, signal: stopping.signal });
  stopping.abort(new RangeError("stopped"));
  await assertRejects(() => sending, RangeError, "stopped");
});

Deno.test("a depot that is never there again is given up after five minutes", async () => {
  await using folder = new TempFolder();
  const source = await fileSource(await folder.file("a", "hello"));
  const pace = new FastPace();
  const depot = new ScriptedDepot();
  const sessions = depot.sessions({ pace });
  await depot[Symbol.asyncDispose]();
  await assertRejects(() => send(sessions, { name: "a", ...AS }, { source }), ConnectionLost);
  assertEquals(pace.waits.slice(0, 8), [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  assert(pace.now() <= 300_000 && pace.now() > 260_000);
});
