import { LocalError, Refusal } from "../../lib/client/mod.ts";
import { Identities, identityFolder } from "../../lib/client/identity.ts";
import { introduce } from "../../lib/client/introduction.ts";
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "../assert.ts";
import { DEPOT, FastPace, ID, type Peer, ScriptedDepot, TempFolder } from "./scripted_depot.ts";

const OTHER_ID = "1d0f6c3a-8a0e-4f57-9a44-7c3d6e5f4a3b";
const OTHER_DEPOT = "2e1f7d4b-9b1f-4a68-8b55-8d4e7f6a5b4c";

/** Waits for the client to leave. */
const untilLeft = async (peer: Peer) => assertEquals(await peer.connection.readLine(), null);

/** A first connection, answered with a new identifier. */
const introduces = (id: string, depot = DEPOT) => async (peer: Peer) => {
  assertMatch(await peer.hello({ id, depot }), /\|id_cliente:\|/);
  await untilLeft(peer);
};

/** A client that comes back. */
const returns = (id: string, depot = DEPOT) => async (peer: Peer) => {
  assertMatch(await peer.hello({ id, depot }), new RegExp(`\\|id_cliente:${id}\\|`));
  await untilLeft(peer);
};

const refuses = (id: string) => async (peer: Peer) => {
  await peer.expect(new RegExp(`\\|id_cliente:${id}\\|`));
  await peer.say("erro:id_desconhecido|mensagem:Never gave it out");
  await untilLeft(peer);
};

Deno.test("a first connection is remembered on disk, for the user alone, and returned with", async () => {
  await using folder = new TempFolder();
  const path = `${folder.path}/new/deposito`;
  const identities = new Identities(path);
  await using depot = new ScriptedDepot(introduces(ID), returns(ID));
  {
    using session = await introduce(depot.address, { identities });
    assertEquals(session.id, ID);
    assertEquals(JSON.parse(await Deno.readTextFile(`${path}/${DEPOT}.json`)).id, ID);
  }
  if (Deno.build.os !== "windows") {
    assertEquals((await Deno.stat(path)).mode! & 0o777, 0o700);
    assertEquals((await Deno.stat(`${path}/${DEPOT}.json`)).mode! & 0o777, 0o600);
  }
  using session = await introduce(depot.address, { identities });
  assertEquals(session.id, ID);
});

Deno.test("commands that start at once on a fresh machine are one client", async () => {
  await using folder = new TempFolder();
  const script = async (peer: Peer) => {
    const line = await peer.expect(/^comando:conectar/);
    const back = /id_cliente:([^|]+)/.exec(line)?.[1];
    const id = back ?? crypto.randomUUID();
    await peer.say(`id_cliente:${id}|replicas_disponiveis:1|versao:1|id_deposito:${DEPOT}`);
    await untilLeft(peer);
  };
  await using depot = new ScriptedDepot(...Array.from({ length: 12 }, () => script));
  const sessions = await Promise.all(
    Array.from(
      { length: 6 },
      () => introduce(depot.address, { identities: new Identities(folder.path) }),
    ),
  );
  assertEquals(new Set(sessions.map(({ id }) => id)).size, 1);
  for (const session of sessions) session[Symbol.dispose]();
});

Deno.test("a known depot's identifier is told to an unknown address only when it is given", async () => {
  await using folder = new TempFolder();
  const identities = new Identities(folder.path);
  await using first = new ScriptedDepot(introduces(ID));
  (await introduce(first.address, { identities }))[Symbol.dispose]();
  await using moved = new ScriptedDepot(introduces(OTHER_ID), returns(ID), returns(ID));
  const unknown = () => introduce(moved.address, { identities });
  const error = await assertRejects(unknown, LocalError, "that you know at another address");
  assertEquals(error.code, "identidade");
  for (let times = 0; times < 2; times++) {
    using session = await introduce(moved.address, { identities, id: times === 0 ? ID : null });
    assertEquals(session.id, ID);
  }
});

Deno.test("another depot at a known address makes a client of its own, and both stay known", async () => {
  await using folder = new TempFolder();
  const identities = new Identities(folder.path);
  await using depot = new ScriptedDepot(
    introduces(ID),
    refuses(ID),
    introduces(OTHER_ID, OTHER_DEPOT),
  );
  const told: unknown[] = [];
  const onNew = (...news: unknown[]) => told.push(news);
  (await introduce(depot.address, { identities, onNew }))[Symbol.dispose]();
  using session = await introduce(depot.address, { identities, onNew });
  assertEquals(session.id, OTHER_ID);
  assertEquals(told, [[ID, null], [OTHER_ID, DEPOT]]);
  assertEquals([await identities.of(DEPOT), await identities.of(OTHER_DEPOT)], [ID, OTHER_ID]);
});

Deno.test("a depot that forgot this client does not make it forget who it was", async () => {
  await using folder = new TempFolder();
  const identities = new Identities(folder.path);
  await identities.locked(() => identities.remember(DEPOT, ID));
  await using depot = new ScriptedDepot(refuses(ID), introduces(OTHER_ID), refuses(ID));
  await identities.setHint(depot.address, DEPOT);
  const error = await assertRejects(
    () => introduce(depot.address, { identities }),
    LocalError,
    "older catalog",
  );
  assertEquals([error.code, await identities.of(DEPOT)], ["identidade", ID]);
});

Deno.test("a given identifier is used, remembered where none is, and replaces none", async () => {
  await using folder = new TempFolder();
  const identities = new Identities(folder.path);
  await using depot = new ScriptedDepot(returns(ID), returns(OTHER_ID), returns(ID));
  for (const [id, used] of [[ID.toUpperCase(), ID], [OTHER_ID, OTHER_ID], [null, ID]] as const) {
    using session = await introduce(depot.address, { identities, id });
    assertEquals(session.id, used);
  }
  assertEquals(await identities.of(DEPOT), ID);
});

Deno.test("a given identifier that the depot does not know is refused", async () => {
  await using folder = new TempFolder();
  await using depot = new ScriptedDepot(refuses(ID));
  const identities = new Identities(folder.path);
  await assertRejects(
    () => introduce(depot.address, { identities, id: ID }),
    Refusal,
    "Never gave",
  );
  assertEquals(await identities.of(DEPOT), null);
});

Deno.test("a given identifier works where nothing can be remembered, and leaves no drafts", async () => {
  await using folder = new TempFolder();
  await Deno.mkdir(`${folder.path}/${DEPOT}.json`);
  const identities = new Identities(folder.path);
  await using depot = new ScriptedDepot(returns(ID));
  const forgotten: string[] = [];
  const onForgotten = ({ message }: Error) => forgotten.push(message);
  using session = await introduce(depot.address, { identities, id: ID, onForgotten });
  assertEquals([session.id, forgotten.length], [ID, 1]);
  assertEquals(Array.from(Deno.readDirSync(folder.path), ({ name }) => name), [`${DEPOT}.json`]);
});

Deno.test("what others may read of an identifier is closed to them when it is read", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await using folder = new TempFolder();
  const text = JSON.stringify({ version: 1, depot: DEPOT, id: ID });
  const path = await folder.file(`${DEPOT}.json`, text);
  await Deno.chmod(path, 0o644);
  assertEquals(await new Identities(folder.path).of(DEPOT), ID);
  assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
});

Deno.test("a damaged memory is said, and not written over", async () => {
  await using folder = new TempFolder();
  const path = await folder.file(`${DEPOT}.json`, '{"version":1,"id":"../x"}');
  const identities = new Identities(folder.path);
  await using depot = new ScriptedDepot(introduces(ID));
  const error = await assertRejects(
    () => introduce(depot.address, { identities }),
    LocalError,
    "is damaged",
  );
  assert(error.message.includes(path));
  assertMatch(await Deno.readTextFile(path), /\.\.\/x/);
});

Deno.test("a depot that is busy is asked again, one that is not there is not waited for", async () => {
  const pace = new FastPace();
  await using depot = new ScriptedDepot(async (peer) => {
    await peer.expect(/^comando:conectar/);
    await peer.say("erro:ocupado|mensagem:Too many");
  }, returns(ID));
  using session = await introduce(depot.address, { identities: null, id: ID, pace });
  assertEquals([session.id, pace.waits], [ID, [500]]);
});

Deno.test("what is remembered lies where the system keeps such things", () => {
  const folder = (system: "linux" | "darwin" | "windows", variables: Record<string, string>) =>
    identityFolder((name) => variables[name], system).replaceAll("\\", "/");
  const HOME = "/home/me";
  assertEquals(folder("linux", { HOME }), "/home/me/.config/deposito");
  assertEquals(folder("linux", { HOME, XDG_CONFIG_HOME: "/c" }), "/c/deposito");
  assertEquals(folder("darwin", { HOME }), "/home/me/Library/Application Support/deposito");
  assertEquals(folder("windows", { APPDATA: "/r" }), "/r/deposito");
  assertThrows(() => folder("linux", {}), LocalError, "--id");
});
