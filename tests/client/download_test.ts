import { digestOf } from "../../lib/content/digest.ts";
import { BadPeer, LocalError, Refusal, type StoredFile } from "../../lib/client/mod.ts";
import { download } from "../../lib/client/download.ts";
import { Retrieval, WrongBytes } from "../../lib/client/retrieve.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../assert.ts";
import {
  contentLine,
  fileLine,
  type Peer,
  ScriptedDepot,
  someBytes,
  TempFolder,
} from "./scripted_depot.ts";

const DATA = someBytes(1_500_000);
const DIGEST = digestOf(DATA);

const FILE: StoredFile = {
  name: "a.bin",
  size: DATA.length,
  digest: DIGEST,
  version: 1,
  depositedAt: 0,
  replicas: { wanted: 1, live: 1 },
  places: [],
  modifiedAt: 981_173_106_789,
  executable: true,
};

const HEAD = contentLine({ size: DATA.length, digest: DIGEST });

/** Answers one retrieval with `data` from where it was asked for. */
async function give(peer: Peer, data = DATA, request = /^comando:recuperar/): Promise<string> {
  const line = await peer.expect(request);
  const from = Number(/posicao:(\d+)/.exec(line)![1]);
  await peer.say(HEAD);
  for (let at = from; at < data.length; at += 400_000) {
    await peer.sendBlock(data.subarray(at, Math.min(data.length, at + 400_000)));
  }
  await peer.sendEnd(DIGEST);
  return line;
}

const namesIn = (folder: TempFolder) =>
  Array.from(Deno.readDirSync(folder.path), ({ name }) => name).sort();

Deno.test("a file comes with its bytes, its time and its executable bit", async () => {
  await using folder = new TempFolder();
  const path = `${folder.path}/a.bin`;
  await using depot = new ScriptedDepot(async (peer) => {
    await peer.hello();
    assertMatch(await give(peer), new RegExp(`\\|hash_arquivo:${DIGEST}\\|evitar:\\|`));
  });
  using sessions = depot.sessions();
  const { outcome } = await download(sessions, FILE, { path });
  assertEquals([outcome, namesIn(folder)], ["written", ["a.bin"]]);
  assertEquals(await Deno.readFile(path), DATA);
  const { mtime, mode } = await Deno.stat(path);
  assertEquals(mtime!.getTime(), FILE.modifiedAt!);
  if (Deno.build.os !== "windows") assertEquals(mode! & 0o100, 0o100);
});

Deno.test("a broken retrieval goes on at the byte where it was", async () => {
  await using folder = new TempFolder();
  await using depot = new ScriptedDepot(
    async (peer) => {
      await peer.hello();
      await peer.expect(/^comando:recuperar\|posicao:0/);
      await peer.say(HEAD);
      await peer.sendBlock(DATA.subarray(0, 700_000));
    },
    async (peer) => {
      await peer.hello();
      await peer.expect(/^comando:recuperar\|posicao:700000/);
      await peer.say("erro:indisponivel|mensagem:Later");
      await give(peer, DATA, /^comando:recuperar\|posicao:700000/);
    },
  );
  using sessions = depot.sessions();
  await download(sessions, FILE, { path: `${folder.path}/a.bin` });
  assertEquals(await Deno.readFile(`${folder.path}/a.bin`), DATA);
});

Deno.test("a part that an earlier run left is hashed and gone on from", async () => {
  await using folder = new TempFolder();
  const part = await folder.file(
    `.a.bin.${DIGEST.slice(0, 16)}.deposito-part`,
    DATA.subarray(0, 10),
  );
  await using depot = new ScriptedDepot(async (peer) => {
    await peer.hello();
    await give(peer, DATA, /^comando:recuperar\|posicao:10\|/);
  });
  using sessions = depot.sessions();
  await download(sessions, FILE, { path: `${folder.path}/a.bin` });
  assertEquals(await Deno.readFile(`${folder.path}/a.bin`), DATA);
  await assertRejects(() => Deno.stat(part), Deno.errors.NotFound);
});

Deno.test("a part that was damaged or is too long is begun again, and no copy is blamed", async () => {
  for (const kept of [someBytes(1000, 9), someBytes(2_000_000, 9)]) {
    await using folder = new TempFolder();
    await folder.file(`.a.bin.${DIGEST.slice(0, 16)}.deposito-part`, kept);
    const script = (request: RegExp) => async (peer: Peer) => {
      await peer.hello();
      await give(peer, DATA, request);
    };
    const again = script(/\|posicao:0\|.*\|evitar:\|/);
    const isLong = kept.length > DATA.length;
    await using depot = new ScriptedDepot(...isLong ? [] : [script(/\|posicao:1000\|/)], again);
    using sessions = depot.sessions();
    await download(sessions, FILE, { path: `${folder.path}/a.bin` });
    assertEquals(await Deno.readFile(`${folder.path}/a.bin`), DATA);
  }
});

Deno.test("wrong bytes are dropped, and other copies asked for", async () => {
  await using folder = new TempFolder();
  const wrong = DATA.slice();
  wrong[1_400_000]! ^= 1;
  await using depot = new ScriptedDepot(
    async (peer) => {
      await peer.hello();
      await give(peer, wrong, /\|evitar:\|/);
    },
    async (peer) => {
      await peer.hello();
      await give(peer, DATA, /\|posicao:0\|.*\|evitar:p1\|/);
    },
  );
  using sessions = depot.sessions();
  await download(sessions, FILE, { path: `${folder.path}/a.bin` });
  assertEquals(await Deno.readFile(`${folder.path}/a.bin`), DATA);
});

Deno.test("a file that is wrong in every copy does not appear", async () => {
  await using folder = new TempFolder();
  const wrong = someBytes(DATA.length, 7);
  const script = async (peer: Peer) => {
    await peer.hello();
    await give(peer, wrong);
  };
  await using depot = new ScriptedDepot(script, script, script);
  using sessions = depot.sessions();
  const error = await assertRejects(
    () => download(sessions, FILE, { path: `${folder.path}/a.bin` }),
    LocalError,
    "from every copy tried",
  );
  assertEquals([error.code, namesIn(folder)], ["conteudo_errado", []]);
});

Deno.test("an equal file is left, a different one too unless it is to be replaced", async () => {
  await using folder = new TempFolder();
  const path = await folder.file("a.bin", DATA);
  await using depot = new ScriptedDepot(async (peer) => {
    await peer.hello();
    await give(peer);
  });
  using sessions = depot.sessions();
  assertEquals((await download(sessions, FILE, { path })).outcome, "same");
  for (const other of [someBytes(DATA.length, 3), "short"]) {
    await folder.file("a.bin", other);
    const error = await assertRejects(
      () => download(sessions, FILE, { path }),
      LocalError,
      "--force",
    );
    assertEquals(error.code, "ja_existe");
  }
  assertEquals((await download(sessions, FILE, { path, force: true })).outcome, "written");
  assertEquals(await Deno.readFile(path), DATA);
  await Deno.mkdir(`${folder.path}/dir`);
  const onto = { path: `${folder.path}/dir`, force: true };
  await assertRejects(() => download(sessions, FILE, onto), LocalError, "is a folder");
});

Deno.test("a file that got there meanwhile is not replaced", async () => {
  await using folder = new TempFolder();
  const path = `${folder.path}/a.bin`;
  await using depot = new ScriptedDepot(async (peer) => {
    await peer.hello();
    await peer.expect(/^comando:recuperar/);
    await folder.file("a.bin", "meanwhile");
    await peer.say(HEAD);
    await peer.sendBlock(DATA.subarray(0, 1_000_000));
    await peer.sendBlock(DATA.subarray(1_000_000));
    await peer.sendEnd(DIGEST);
  });
  using sessions = depot.sessions();
  await assertRejects(() => download(sessions, FILE, { path }), LocalError, "--force");
  assertEquals(await Deno.readTextFile(path), "meanwhile");
});

Deno.test("what is in a folder that should be new is found, and not replaced unless it is to be", async () => {
  const cases = [
    { there: DATA, force: false, ends: "same", has: DATA },
    { there: new TextEncoder().encode("other"), force: false, ends: "ja_existe" },
    { there: new TextEncoder().encode("other"), force: true, ends: "written", has: DATA },
  ];
  for (const { there, force, ends, has = there } of cases) {
    await using folder = new TempFolder();
    const path = await folder.file("a.bin", there);
    await using depot = new ScriptedDepot(async (peer) => {
      await peer.hello();
      await give(peer);
    });
    using sessions = depot.sessions();
    const ended = await download(sessions, FILE, { path, force, inNewFolder: true }).then(
      ({ outcome }) => outcome,
      (error) => error.code,
    );
    assertEquals([ended, await Deno.readFile(path)], [ends, has]);
  }
});

Deno.test("an equal file that got there meanwhile is left, and no part beside it", async () => {
  await using folder = new TempFolder();
  const path = `${folder.path}/a.bin`;
  await using depot = new ScriptedDepot(async (peer) => {
    await peer.hello();
    await folder.file("a.bin", DATA);
    await give(peer);
  });
  using sessions = depot.sessions();
  assertEquals((await download(sessions, FILE, { path })).outcome, "same");
  assertEquals(namesIn(folder), ["a.bin"]);
});

Deno.test(
  "a link at the path is not followed",
  { ignore: Deno.build.os === "windows" },
  async () => {
    await using folder = new TempFolder();
    const outside = await folder.file("outside", "precious");
    const path = `${folder.path}/a.bin`;
    await Deno.symlink(outside, path);
    await using depot = new ScriptedDepot(async (peer) => {
      await peer.hello();
      await give(peer);
    });
    using sessions = depot.sessions();
    await assertRejects(() => download(sessions, FILE, { path }), LocalError, "--force");
    await download(sessions, FILE, { path, force: true });
    assertEquals(await Deno.readTextFile(outside), "precious");
    assert((await Deno.lstat(path)).isFile);
  },
);

Deno.test("a file that changed at the depot is begun again as what it is now", async () => {
  await using folder = new TempFolder();
  const now = { size: 5, digest: digestOf("hello") };
  await using depot = new ScriptedDepot(async (peer) => {
    await peer.hello();
    await peer.expect(/^comando:recuperar/);
    await peer.say("erro:mudou|mensagem:Another content by now");
    await peer.expect(/^comando:estado_arquivo/);
    await peer.say("itens:0", fileLine({ name: "a.bin", ...now }));
    await peer.expect(new RegExp(`^comando:recuperar.*${now.digest}`));
    await peer.say(contentLine(now));
    await peer.sendBlock(new TextEncoder().encode("hello"));
    await peer.sendEnd(now.digest);
  });
  using sessions = depot.sessions();
  const { file } = await download(sessions, FILE, { path: `${folder.path}/a.bin` });
  assertEquals([file.size, namesIn(folder)], [5, ["a.bin"]]);
});

Deno.test("a file with the longest name has a part as well", async () => {
  await using folder = new TempFolder();
  const name = "x".repeat(255);
  await using depot = new ScriptedDepot(async (peer) => {
    await peer.hello();
    await give(peer);
  });
  using sessions = depot.sessions();
  await download(sessions, { ...FILE, name }, { path: `${folder.path}/${name}` });
  assertEquals(namesIn(folder), [name]);
});

Deno.test("two retrievals of one file at once end with one file", async () => {
  await using folder = new TempFolder();
  const script = async (peer: Peer) => {
    await peer.hello();
    await give(peer);
  };
  await using depot = new ScriptedDepot(script);
  using one = depot.sessions();
  using two = depot.sessions();
  const path = `${folder.path}/a.bin`;
  const both = await Promise.all([download(one, FILE, { path }), download(two, FILE, { path })]);
  assertEquals(both.map(({ outcome }) => outcome).sort(), ["same", "written"]);
  assertEquals([await Deno.readFile(path), namesIn(folder)], [DATA, ["a.bin"]]);
});

Deno.test("a depot that sends more, less or something else than it announced is not believed", async () => {
  const small = (values: object) => contentLine({ size: 5, digest: DIGEST, ...values });
  const scripts: ((peer: Peer) => Promise<void>)[] = [
    async (peer) => {
      await peer.say(small({}));
      await peer.sendBlock(new Uint8Array(6));
    },
    async (peer) => {
      await peer.say(small({}));
      await peer.sendBlock(new Uint8Array(4));
      await peer.sendEnd(DIGEST);
    },
    async (peer) => {
      await peer.say(small({ size: 2_000_000 }));
      await peer.say("bloco:1048577");
    },
    async (peer) => {
      await peer.say(small({ digest: "1".repeat(64) }));
    },
    async (peer) => {
      await peer.say(small({}));
      await peer.sendBlock(new Uint8Array(5));
      await peer.sendEnd("1".repeat(64));
    },
    async (peer) => {
      await peer.say(small({}));
      await peer.say("olá");
    },
  ];
  for (const script of scripts) {
    await using depot = new ScriptedDepot(async (peer) => {
      await peer.hello();
      await peer.expect(/^comando:recuperar/);
      await script(peer);
    });
    using session = await depot.session();
    const sink = { write: () => Promise.resolve() };
    const retrieval = new Retrieval("a", sink, { digest: DIGEST });
    await assertRejects(() => retrieval.receive(session), BadPeer);
  }
});

Deno.test("a depot that says another size than its listing is not believed", async () => {
  await using folder = new TempFolder();
  await using depot = new ScriptedDepot(async (peer) => {
    await peer.hello();
    await peer.expect(/^comando:recuperar/);
    await peer.say(contentLine({ size: 2 ** 50, digest: DIGEST }));
  });
  using sessions = depot.sessions();
  const path = `${folder.path}/a.bin`;
  await assertRejects(() => download(sessions, FILE, { path }), BadPeer, "another size");
  assertEquals(namesIn(folder), []);
});

Deno.test("an error in the middle of the bytes leaves the session usable", async () => {
  await using depot = new ScriptedDepot(async (peer) => {
    await peer.hello();
    await peer.expect(/^comando:recuperar/);
    await peer.say(HEAD);
    await peer.sendBlock(DATA.subarray(0, 100));
    await peer.say("erro:indisponivel|mensagem:No good copy");
    await give(peer, DATA, /\|posicao:100\|/);
  });
  using session = await depot.session();
  const parts: Uint8Array[] = [];
  const sink = {
    write: (bytes: Uint8Array) => Promise.resolve(void parts.push(bytes.slice())),
  };
  const retrieval = new Retrieval("a", sink);
  await assertRejects(() => retrieval.receive(session), Refusal, "No good copy");
  assertEquals((await retrieval.receive(session)).digest, DIGEST);
  assertEquals(new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer()), DATA);
});

Deno.test("what goes out as it comes is known to be wrong at the end", async () => {
  await using depot = new ScriptedDepot(async (peer) => {
    await peer.hello();
    await give(peer, someBytes(DATA.length, 2));
  });
  using session = await depot.session();
  const retrieval = new Retrieval("a", { write: () => Promise.resolve() });
  const error = await assertRejects(() => retrieval.receive(session), WrongBytes);
  assertEquals(error.places, ["p1"]);
});

Deno.test("a disk that fails ends the retrieval", async () => {
  await using depot = new ScriptedDepot(async (peer) => {
    await peer.hello();
    await give(peer).catch(() => {});
  });
  using sessions = depot.sessions();
  const sink = { write: () => Promise.reject(new RangeError("No space left on device")) };
  const retrieval = new Retrieval("a", sink);
  const receive = () => sessions.run((session) => retrieval.receive(session));
  await assertRejects(receive, RangeError, "No space left");
});
