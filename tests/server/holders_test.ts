/** A depot over holders in this process, through real sockets. */
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { type Connection, Refusal } from "../../lib/protocol/mod.ts";
import type { HoldOptions } from "../../lib/client/holder/holder.ts";
import { digestOf } from "../../lib/content/digest.ts";
import { diskName } from "../../lib/disk/mod.ts";
import { placeIdOf } from "../../lib/server/holders.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { Refused } from "../../lib/depot/core.ts";
import { MemoryStore } from "../stores/memory.ts";
import { someBytes } from "../depot/test_depot.ts";
import { temporaryFolder } from "../disk/bench.ts";
import { BadHolder, type Manners, NONE } from "./bad_holder.ts";
import { ListeningDepot, RunningHolder, until } from "./holding_bench.ts";

const MIB = 1024 * 1024;

/** A depot with holders h0, h1 …, each in a zone of its own. */
async function withHolders(count: number, options: Parameters<typeof ListeningDepot.open>[0] = {}) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const depot = stack.use(await ListeningDepot.open(options));
  const start = (name: string, more: Partial<HoldOptions> = {}) =>
    RunningHolder.start(depot, join(folder.path, name), { name, zone: name, ...more });
  const holders: RunningHolder[] = [];
  for (let index = 0; index < count; index++) {
    holders.push(stack.use(await start(`h${index}`)));
  }
  await depot.online(count + (options.stores?.length ?? 0));
  const resources = stack.move();
  return { depot, holders, start, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

Deno.test("a deposit goes to holders alone, and comes back from them", async () => {
  await using test = await withHolders(3);
  const bytes = someBytes(5 * MIB + 7);
  const { copies } = await test.depot.deposit("a", bytes, 3);
  assertEquals([copies.live, copies.wanted], [3, 3]);
  assertEquals(copies.places.map(({ name }) => name).sort(), ["h0", "h1", "h2"]);
  assertEquals(await test.depot.retrieve("a"), bytes);
  for (const { holder: { shelf } } of test.holders) {
    assertEquals([shelf.contents, shelf.bytes], [1, bytes.length]);
  }
});

Deno.test("a goodbye is seen at once, and so is an end without one", async () => {
  await using test = await withHolders(2);
  await test.holders[0]!.leave();
  await until("a goodbye", async () => await test.depot.stateOf("h0") === "goodbye");
  using cut = await BadHolder.join(test.depot, { name: "cut" });
  await test.depot.online(2);
  cut[Symbol.dispose]();
  await until("a loss", async () => await test.depot.stateOf("cut") === "lost");
  assertEquals(await test.depot.stateOf("h1"), "online");
});

Deno.test("a holder that says nothing on its control connection is lost", async () => {
  await using depot = await ListeningDepot.open({ holders: { silenceMs: 100 } });
  using _mute = await BadHolder.join(depot, { name: "mute" });
  await until("a loss", async () => await depot.stateOf("mute") === "lost");
});

Deno.test("a second session with the secret of one that lives is refused, and the first goes on", async () => {
  await using depot = await ListeningDepot.open();
  using first = await BadHolder.join(depot, { name: "first" });
  const { secret } = first;
  const second = () => BadHolder.join(depot, { name: "second", secret });
  assertEquals((await assertRejects(second, Refusal)).code, "local_em_uso");
  await first.sayAlive();
  await depot.online(1);
  assertEquals(first.place, placeIdOf(secret));
  assert(!first.place.includes(secret));
  using other = await BadHolder.join(depot, { name: "other" });
  assert(other.place !== first.place);
});

Deno.test("a holder on the depot's own machine has its disk as its zone, unless it names one", async () => {
  await using test = await withHolders(0, { holders: { machine: "here" } });
  await using here = await test.start("here", { zone: null, machine: "here" });
  await using _there = await test.start("there", { zone: null, machine: "elsewhere" });
  await using _named = await test.start("named", { machine: "here" });
  await test.depot.online(3);
  const zones = (await test.depot.catalog.places()).map(({ name, zone }) => [name, zone]);
  const disk = await diskName(here.directory);
  assertEquals(zones.sort(), [["here", disk], ["named", "named"], ["there", "elsewhere"]]);
});

Deno.test("a data connection with a secret that nobody lends with is refused", async () => {
  await using depot = await ListeningDepot.open();
  using session = await depot.connect();
  await session.connection.writeLine(`comando:atender|segredo:${crypto.randomUUID()}`);
  const answer = await session.connection.readLine();
  assert(answer?.startsWith("erro:segredo_desconhecido|"), `${answer}`);
});

Deno.test("a depot without the store clients takes no holder", async () => {
  await using depot = await ListeningDepot.open({ clients: false });
  const joining = () => BadHolder.join(depot, { name: "x" });
  assertEquals((await assertRejects(joining, Refusal)).code, "sem_emprestimo");
});

Deno.test("a read goes on when the holder that it reads from goes away in mid-file", async () => {
  await using test = await withHolders(3);
  const bytes = someBytes(12 * MIB);
  await test.depot.deposit("a", bytes, 3);
  const sent = () => test.holders.map(({ holder }) => holder.traffic.sent);
  const read = await test.depot.retrieve("a", async (index) => {
    if (index !== 1) return;
    const source = sent().findIndex((bytes) => bytes > 0);
    await test.holders[source]!.leave();
  });
  assertEquals(read, bytes);
  assertEquals(sent().filter((bytes) => bytes > 0).length, 2);
});

Deno.test("a holder that comes back with the counter that it left with is asked for no list", async () => {
  await using depot = await ListeningDepot.open();
  const secret = crypto.randomUUID();
  const asked: string[] = [];
  const noting = (what: string): Manners => ({
    inventory: (_request, connection) => (asked.push(`${what} list`), connection.writeLine(NONE)),
    uploads: (_request, connection) => (asked.push(`${what} parts`), connection.writeLine(NONE)),
  });
  /** Joins, and waits until the keeper is done with it: another one's turn has come. */
  const visit = async (changes: number) => {
    using visitor = await BadHolder.join(depot, {
      name: "visitor",
      secret,
      changes,
      manners: noting("visitor"),
    });
    await until("it is looked at", () => asked.includes("visitor parts"));
    using _next = await BadHolder.join(depot, { name: "next", manners: noting("next") });
    await until("the next one is, too", () => asked.includes("next list"));
    visitor[Symbol.dispose]();
    await until("it is lost", async () => await depot.stateOf("visitor") === "lost");
    return asked.splice(0).filter((what) => what.startsWith("visitor"));
  };
  assertEquals(await visit(5), ["visitor parts", "visitor list"]);
  assertEquals(await visit(5), ["visitor parts"]);
  assertEquals(await visit(6), ["visitor parts", "visitor list"]);
});

Deno.test("a holder that leaves for good goes once its copies are elsewhere", async () => {
  await using test = await withHolders(3, { settings: { settleMs: 3_600_000 } });
  const files = Object.fromEntries(
    Array.from({ length: 6 }, (_, i) => [`f${i}`, someBytes(900 + i)]),
  );
  for (const [name, bytes] of Object.entries(files)) await test.depot.deposit(name, bytes, 2);
  await test.holders[0]!.leave();
  await until("a goodbye", async () => await test.depot.stateOf("h0") === "goodbye");
  await test.holders[0]![Symbol.asyncDispose]();
  await using leaving = await test.start("h0", { leave: true });
  await leaving.saw("goodbye");
  await until("it is gone", async () => await test.depot.stateOf("h0") === "gone");
  for (const [name, bytes] of Object.entries(files)) {
    const places = await test.depot.goodPlaces(digestOf(bytes));
    assertEquals(places.filter((place) => place !== "h0"), ["h1", "h2"]);
    assertEquals(await test.depot.retrieve(name), bytes);
  }
});

Deno.test("a holder that leaves stays as long as there is no other place for a copy", async () => {
  await using test = await withHolders(1);
  const bytes = someBytes(2_000);
  await test.depot.deposit("a", bytes, 1);
  await test.holders[0]![Symbol.asyncDispose]();
  await test.depot.online(0);
  await using leaving = await test.start("h0", { leave: true });
  await leaving.saw("leaving", 2);
  assertEquals(leaving.events.at(-1), { type: "leaving", needed: 1 });
  await using _other = await test.start("h1");
  await leaving.saw("goodbye");
  assertEquals(await test.depot.retrieve("a"), bytes);
});

Deno.test("what a holder has after a restart is not asked for again, and is served", async () => {
  await using test = await withHolders(2);
  const bytes = someBytes(2 * MIB);
  await test.depot.deposit("a", bytes);
  const [left, stayed] = test.holders;
  await left![Symbol.asyncDispose]();
  await until("a goodbye", async () => await test.depot.stateOf("h0") === "goodbye");
  await using again = await test.start("h0");
  await test.depot.online(2);
  await stayed!.leave();
  await until("a goodbye", async () => await test.depot.stateOf("h1") === "goodbye");
  assertEquals(await test.depot.retrieve("a"), bytes);
  assertEquals(again.holder.shelf.contents, 1);
  assertEquals(await test.depot.goodPlaces(digestOf(bytes)), ["h0", "h1"]);
});

/** Flips bits so that every CRC-32 over them stays: a multiple of its polynomial is added. */
function rotUnseen(bytes: Uint8Array, at: number): void {
  const polynomial = "100000100110000010001110110110111";
  for (const [bit, value] of [...polynomial].entries()) {
    if (value === "1") bytes[at + (bit >> 3)]! ^= 1 << (bit & 7);
  }
}

Deno.test("wrong bytes with the right CRC-32 are never handed out whole, and are made anew", async () => {
  await using test = await withHolders(3);
  const bytes = someBytes(3 * MIB);
  const digest = digestOf(bytes);
  const { copies } = await test.depot.deposit("a", bytes, 2);
  const liar = test.holders.find((_, index) => copies.places[0]!.name === `h${index}`)!;
  const wrong = bytes.slice();
  rotUnseen(wrong, MIB + 17);
  assertEquals([crc32(wrong), digestOf(wrong) === digest], [crc32(bytes), false]);
  await Deno.writeFile(liar.holder.shelf.disk.layout.content(digest), wrong);
  await until("it is found and set aside", async () => {
    // Whoever is read from: right bytes, or none.
    const read = await test.depot.retrieve("a").catch(() => null);
    if (read) assertEquals(read, bytes);
    return (await test.depot.catalog.content(digest))!.asides.length === 1;
  });
  await until("two good copies", async () => (await test.depot.goodPlaces(digest)).length === 2);
  assertEquals(await test.depot.retrieve("a"), bytes);
});

Deno.test("the only copy, with wrong bytes and the right CRC-32, is not handed out but looked at", async () => {
  await using test = await withHolders(1);
  const bytes = someBytes(MIB);
  const wrong = bytes.slice();
  await test.depot.deposit("a", bytes, 1);
  rotUnseen(wrong, 17);
  const digest = digestOf(bytes);
  await Deno.writeFile(test.holders[0]!.holder.shelf.disk.layout.content(digest), wrong);
  await assertRejects(() => test.depot.retrieve("a"), Refused);
  await until("it is set aside", async () => {
    return (await test.depot.catalog.content(digest))!.asides.length === 1;
  });
});

Deno.test("holders and directories are one set of places", async () => {
  const disk = new MemoryStore({ places: [{ name: "disk" }] });
  await using test = await withHolders(1, { stores: [disk], settings: { reserve: () => 0 } });
  const bytes = someBytes(2 * MIB);
  const { copies } = await test.depot.deposit("a", bytes, 2);
  assertEquals(copies.places.map(({ name }) => name).sort(), ["disk", "h0"]);
  await test.holders[0]!.leave();
  assertEquals(await test.depot.retrieve("a"), bytes);
});

async function sayAliveToTheEnd(holder: BadHolder): Promise<void> {
  await assertRejects(async () => {
    while (true) await holder.sayAlive();
  }, Error);
}

/** A holder that answers no deposit, until it is away. Resolves to how it fares when it is back. */
async function deafHolder({ alive }: { alive: boolean }): Promise<Refusal | null> {
  await using test = await withHolders(2);
  // One that lives must have the time to say so.
  test.depot.terms.patienceMs = alive ? 1_000 : 200;
  const never = () => new Promise<void>(() => {});
  using deaf = await BadHolder.join(test.depot, { name: "deaf", manners: { store: never } });
  await test.depot.online(3);
  const saying = alive ? sayAliveToTheEnd(deaf) : null;
  for (let file = 0; await test.depot.stateOf("deaf") === "online"; file++) {
    // As many as there are places: one that failed is given no copy while there are others.
    const { copies } = await test.depot.deposit(`a${file}`, someBytes(1_000 + file), 3, 1);
    assertEquals(copies.places.map(({ name }) => name).sort(), ["h0", "h1"]);
  }
  await saying;
  try {
    using _again = await BadHolder.join(test.depot, { name: "deaf", secret: deaf.secret });
    return null;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

Deno.test("a holder that lives and answers nothing is put out, and not let in again at once", async () => {
  assertEquals((await deafHolder({ alive: true }))?.code, "ocupado");
});

Deno.test("a holder that is cut off and answers nothing is lost, and let in again at once", async () => {
  assertEquals(await deafHolder({ alive: false }), null);
});

Deno.test("a holder without room is dropped from a deposit, and another takes its part", async () => {
  await using test = await withHolders(3);
  // It says that it has more room than all others together.
  using _full = await BadHolder.join(test.depot, { name: "full" });
  await test.depot.online(4);
  for (const size of [MIB, 3 * MIB]) {
    const { copies } = await test.depot.deposit(`a${size}`, someBytes(size), 3);
    assertEquals(copies.places.map(({ name }) => name).sort(), ["h0", "h1", "h2"]);
  }
});

Deno.test("a holder that stops reading is dropped from a deposit, and the others go on", async () => {
  await using test = await withHolders(2);
  test.depot.terms.patienceMs = 300;
  using _deaf = await BadHolder.join(test.depot, {
    name: "deaf",
    manners: {
      store: async (_request, connection) => {
        await connection.writeLine("posicao:0");
        await new Promise(() => {});
      },
    },
  });
  await test.depot.online(3);
  const bytes = someBytes(16 * MIB);
  const { copies } = await test.depot.deposit("a", bytes, 2);
  assertEquals(copies.places.map(({ name }) => name).sort(), ["h0", "h1"]);
  assertEquals(await test.depot.retrieve("a"), bytes);
});

Deno.test("a holder that never answers holds up no other's coming and going", async () => {
  await using test = await withHolders(1);
  const never = () => new Promise<void>(() => {});
  using _mute = await BadHolder.join(test.depot, { name: "mute", manners: { mark: never } });
  await using _late = await test.start("late");
  await until("the late one", async () => await test.depot.stateOf("late") === "online");
  await test.holders[0]!.leave();
  await until("a goodbye", async () => await test.depot.stateOf("h0") === "goodbye");
});

Deno.test("a holder that sends garbage is put out, and not let in again at once", async () => {
  await using test = await withHolders(2);
  const bytes = someBytes(3 * MIB);
  for (
    const garbage of ["isto não é nada", "itens:1000000|mais:1", "feito:1", "\0".repeat(9_000)]
  ) {
    const garble = (_request: unknown, connection: Connection) => connection.writeLine(garbage);
    const manners = { setMark: garble, inventory: garble, uploads: garble };
    using rude = await BadHolder.join(test.depot, { name: "rude", manners });
    await sayAliveToTheEnd(rude);
    const { secret } = rude;
    const again = () => BadHolder.join(test.depot, { name: "rude", secret });
    await until("it is refused", async () => {
      const error = await again().then((holder) => holder[Symbol.dispose](), (error) => error);
      return error instanceof Refusal && error.code === "ocupado";
    });
  }
  await test.depot.deposit("a", bytes, 2);
  assertEquals(await test.depot.retrieve("a"), bytes);
});

Deno.test("a holder that comes back empty loses no file, with a mark or without", async () => {
  for (const manners of [{}, { mark: forgetful }]) await comeBackEmpty(manners);
});

function forgetful(_request: unknown, connection: Connection): Promise<void> {
  return connection.writeLine("erro:nao_encontrado|mensagem:none");
}

async function comeBackEmpty(manners: Manners): Promise<void> {
  await using test = await withHolders(3, { settings: { graceMs: 0 } });
  const bytes = someBytes(2 * MIB);
  const digest = digestOf(bytes);
  const { copies } = await test.depot.deposit("a", bytes, 2);
  const gone = test.holders.find((_, index) => copies.places[0]!.name === `h${index}`)!;
  const { secret } = gone.holder.shelf;
  await gone.leave();
  await test.depot.online(2);
  using _empty = await BadHolder.join(test.depot, { name: "empty", secret, manners });
  await until("two good copies elsewhere", async () => {
    const good = await test.depot.goodPlaces(digest);
    return good.filter((name) => name !== "empty").length === 2;
  });
  assertEquals(await test.depot.retrieve("a"), bytes);
}

Deno.test("an inventory without end is cut, and an unordered one", async () => {
  await using test = await withHolders(2, { holders: { mostItems: 1_500 } });
  const bytes = someBytes(2 * MIB);
  await test.depot.deposit("a", bytes, 2);
  const pages = (digestAt: (item: number) => string): Manners => {
    let item = 0;
    return {
      inventory: (_request, connection) => {
        const lines = Array.from(
          { length: 1_000 },
          () => `hash_arquivo:${digestAt(item++)}|tamanho_arquivo:1`,
        );
        return connection.writeLine("itens:1000|mais:1", ...lines);
      },
    };
  };
  const hex = (item: number) => item.toString(16).padStart(64, "0");
  for (const [name, digestAt] of Object.entries({ endless: hex, circling: () => hex(7) })) {
    using _endless = await BadHolder.join(test.depot, { name, manners: pages(digestAt) });
    await until("it is put out", async () => await test.depot.stateOf(name) === "lost");
  }
  assertEquals(await test.depot.goodPlaces(digestOf(bytes)), ["h0", "h1"]);
  assertEquals(await test.depot.retrieve("a"), bytes);
});
