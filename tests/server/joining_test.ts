/** Depots that lend each other room, as real servers. */
import { join } from "node:path";
import { digestOf } from "../../lib/content/digest.ts";
import { Refusal } from "../../lib/protocol/mod.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../assert.ts";
import {
  endedServer,
  freePort,
  operatorCommand,
  RunningServer,
  type ServerOptions,
  temporaryRoot,
} from "./running_server.ts";
import { smallDisk, whyNoSmallDisk } from "./small_disk.ts";
import { eventually, filesBelow, tell } from "./waiting.ts";
import { bytesOf, type WireClient } from "./wire_client.ts";

const MIB = 1024 * 1024;
const whyNot = await whyNoSmallDisk();
if (whyNot) tell(`Skipped the tests of disks that are lent: ${whyNot}`);

/** A depot with one directory of its own, whose lent room others see as `<name>:own`. */
function depotNamed(name: string, port: string, joined: string, more: ServerOptions = {}) {
  const flags = {
    name,
    port,
    store: "clients",
    join: `127.0.0.1:${joined}`,
    lend: "20MiB",
    ...more.flags,
  };
  return { places: ["own"], ...more, flags };
}

async function start(stack: AsyncDisposableStack, options: ServerOptions): Promise<RunningServer> {
  const root = stack.use(temporaryRoot());
  return stack.use(await RunningServer.start(root.path, options));
}

function joined(server: RunningServer, name: string): Promise<string> {
  return server.logged(new RegExp(`A place is there place="${name}:`));
}

/** Everything that a server has of a content, as paths below its root. */
function copiesOf(server: RunningServer, bytes: Uint8Array): string[] {
  return filesBelow(server.root).filter((path) => path.endsWith(digestOf(bytes)));
}

async function states(client: WireClient): Promise<string[]> {
  const { places } = await client.status();
  return places.map(({ label, kind, state }) => `${label} ${kind} ${state}`).sort();
}

Deno.test("two depots that join each other keep each other's copies, and nothing else of each other", async () => {
  await using stack = new AsyncDisposableStack();
  const ports = [freePort(), freePort()];
  // The first does not wait for the second, which is not there yet.
  const a = await start(stack, depotNamed("a", ports[0]!, ports[1]!));
  await a.logged(/No room is lent to another depot for now.*Could not connect/);
  const b = await start(stack, depotNamed("b", ports[1]!, ports[0]!));
  await Promise.all([joined(a, "b"), joined(b, "a")]);
  const files = { a: bytesOf(3 * MIB, 1), b: bytesOf(2 * MIB, 2) };
  using atA = await a.client();
  const receipt = await atA.deposit("of a", files.a, { replicas: 2 });
  assertEquals([receipt.replicas, receipt.labels.sort()], [2, ["b:own", "own"]]);
  using atB = await b.client();
  assertEquals((await atB.deposit("of b", files.b, { replicas: 2 })).replicas, 2);

  for (const [server, bytes, other] of [[a, files.a, b], [b, files.b, a]] as const) {
    const digest = digestOf(bytes);
    const path = `contents/${digest.slice(0, 2)}/${digest}`;
    assertEquals(copiesOf(server, bytes), [`own/deposito/${server.depot}/${path}`]);
    const lent = `own/deposito/${other.depot}/lent/deposito/${server.depot}/${path}`;
    assertEquals(copiesOf(other, bytes), [lent]);
  }
  assertEquals((await atA.list()).map(({ name }) => name), ["of a"]);
  const { files: count, bytes } = await atB.status();
  assertEquals([count, bytes], [1, files.b.length]);
  // Neither has a third place: what the other has was not lent on.
  const refusal = await assertRejects(
    () => atA.offer("more", files.b, { replicas: 3 }),
    Refusal,
  );
  assertEquals([refusal.code, refusal.available], ["poucos_locais", 2]);

  await b.kill();
  assertEquals(await atA.retrieve("of a"), files.a);
  await b.restart();
  using again = await b.client({ id: atB.id });
  assertEquals(await again.retrieve("of b"), files.b);
  await eventually("both count two copies again", async () => {
    const live = [(await atA.list())[0]!.live, (await again.list())[0]!.live];
    return live.every((copies) => copies === 2);
  });
  assertEquals(await states(atA), ["b:own clients online", "own fs online"]);

  if (Deno.build.os === "windows") return;
  assertEquals(await a.stop(), 0);
  assertEquals(await states(again), ["a:own clients goodbye", "own fs online"]);
  assertEquals(await again.retrieve("of b"), files.b);
});

/** The result of a command of the server's operator. */
async function operate(server: RunningServer, ...words: string[]) {
  const { code, stdout, stderr } = await operatorCommand(join(server.root, "data"), words).output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

Deno.test("a directory is drained when other depots do not need what they have there either", async () => {
  await using stack = new AsyncDisposableStack();
  const borrower = await start(stack, { places: [], flags: { store: "clients" } });
  const places = ["one", "two"];
  const lender = await start(stack, depotNamed("a", "0", String(borrower.port), { places }));
  await joined(borrower, "a");
  using client = await borrower.client();
  const files = [bytesOf(3 * MIB, 1), bytesOf(1_000, 2)];
  for (const [index, bytes] of files.entries()) {
    await client.deposit(`f${index}`, bytes, { replicas: 1 });
  }
  const [directory] = copiesOf(lender, files[0]!)[0]!.split("/");
  const first = await operate(lender, "drain", directory!, "--json");
  const { remaining, lent } = JSON.parse(first.out);
  assertEquals([first.code, remaining, lent], [0, 2, 2], first.err);
  const early = await operate(lender, "forget", directory!, "--yes");
  assertEquals(early.code, 1, early.out);
  assertStringIncludes(early.err, "2 contents have too few copies elsewhere");
  const last = await operate(lender, "drain", directory!, "--wait");
  assertEquals(last.code, 0, last.err);
  assertStringIncludes(last.out, "is drained: nothing needs it any more");
  await Deno.remove(join(lender.root, directory!), { recursive: true });
  for (const [index, bytes] of files.entries()) {
    assertEquals(await client.retrieve(`f${index}`), bytes);
  }
});

Deno.test("in a ring of depots nothing that was lent is lent on", async () => {
  await using stack = new AsyncDisposableStack();
  const ports = [freePort(), freePort(), freePort()];
  const names = ["a", "b", "c"];
  const ring: RunningServer[] = [];
  for (const [index, name] of names.entries()) {
    ring.push(await start(stack, depotNamed(name, ports[index]!, ports[(index + 1) % 3]!)));
  }
  await Promise.all(ring.map((server, index) => joined(server, names[(index + 2) % 3]!)));
  const [a, b, c] = ring as [RunningServer, RunningServer, RunningServer];
  const bytes = bytesOf(MIB, 3);
  using client = await a.client();
  const receipt = await client.deposit("x", bytes, { replicas: 2 });
  assertEquals(receipt.labels.sort(), ["c:own", "own"]);
  const refusal = await assertRejects(() => client.replicas("x", 3), Refusal);
  assertEquals([refusal.code, refusal.available], ["poucos_locais", 2]);
  assertEquals(ring.map((server) => copiesOf(server, bytes).length), [1, 0, 1]);
  assert(copiesOf(c, bytes)[0]!.includes(`lent/deposito/${a.depot}/`));
  assertEquals(filesBelow(b.root).filter((path) => path.includes(`/${a.depot}/contents/`)), []);
});

Deno.test("a depot that is told to join itself says so, and serves without that", async () => {
  await using stack = new AsyncDisposableStack();
  const port = freePort();
  const server = await start(stack, depotNamed("a", port, port));
  await server.logged(/Refused to join: this depot itself answers there/);
  using client = await server.client();
  assertEquals(await states(client), ["own fs online"]);
});

Deno.test("a depot lends directories of its own or nothing, and says how much", async () => {
  await using root = temporaryRoot();
  const join = "127.0.0.1:1";
  const words: [ServerOptions, string][] = [
    [{ places: [], flags: { store: "clients", join, lend: "1GB" } }, "add --store fs:DIR"],
    [{ flags: { join } }, "--join needs --lend"],
    [{ flags: { lend: "1GB" } }, "--lend says nothing without --join"],
    [{ flags: { join, lend: "0" } }, "lends nothing"],
  ];
  for (const [options, complaint] of words) {
    const { code, log } = await endedServer(root.path, options);
    assertEquals(code, 2, log);
    assertStringIncludes(log, complaint);
  }
  assertEquals(filesBelow(root.path), []);
});

Deno.test({
  name: "two depots on one machine do not put two copies on one disk while another is free",
  ignore: whyNot !== null,
  async fn() {
    await using stack = new AsyncDisposableStack();
    const disk = stack.use(await smallDisk(64));
    const flags = { store: "clients" };
    const a = await start(stack, { places: ["own", disk.path], flags });
    await start(stack, depotNamed("b", "0", String(a.port)));
    await joined(a, "b");
    using client = await a.client();
    const { places } = await client.status();
    assertEquals(new Set(places.map(({ zone }) => zone)).size, 2);
    for (let index = 0; index < 8; index++) {
      const receipt = await client.deposit(`f${index}`, bytesOf(1_000, index), { replicas: 2 });
      const small = receipt.labels.filter((label) => disk.path.endsWith(label));
      assertEquals([receipt.replicas, small.length], [2, 1], `${receipt.labels}`);
    }
  },
});

Deno.test({
  name: "room that is lent is neither the depot's own nor more than --lend, over restarts",
  ignore: whyNot !== null,
  async fn(t) {
    await using stack = new AsyncDisposableStack();
    const disk = stack.use(await smallDisk(64));
    const borrower = await start(stack, { places: [], flags: { store: "clients" } });
    const options = depotNamed("a", "0", String(borrower.port), { places: [disk.path] });
    const lender = await start(stack, options);
    await joined(borrower, "a");
    using own = await lender.client();
    using others = await borrower.client();
    const refused = async (client: WireClient, size: number) => {
      const offer = () => client.offer("too large", bytesOf(size), { replicas: 1 });
      const { code } = await assertRejects(offer, Refusal);
      assert(code === "poucos_locais" || code === "sem_espaco", code);
    };
    await t.step("the lender's own files do not take it", async () => {
      await refused(own, 48 * MIB);
      await own.deposit("own", bytesOf(40 * MIB), { replicas: 1 });
      await refused(own, 6 * MIB);
    });
    await t.step("others get all of it and no more, on a disk that is full", async () => {
      await refused(others, 21 * MIB);
      await others.deposit("one", bytesOf(12 * MIB, 1), { replicas: 1 });
      await refused(others, 9 * MIB);
    });
    await t.step("the same after a restart, when what is there counts", async () => {
      await lender.kill();
      await borrower.logged(/A place went away place="a:/);
      await lender.restart({ flags: { ...options.flags, lend: "19MiB" } });
      await eventually("it is back", async () => (await states(others))[0]?.endsWith("online"));
      await refused(others, 8 * MIB);
      await others.deposit("two", bytesOf(6 * MIB, 2), { replicas: 1 });
      await refused(others, 2 * MIB);
      using again = await lender.client({ id: own.id });
      await refused(again, 6 * MIB);
      await again.deposit("small", bytesOf(2 * MIB, 3), { replicas: 1 });
      assertEquals(await again.retrieve("own"), bytesOf(40 * MIB));
      assertEquals(await others.retrieve("one"), bytesOf(12 * MIB, 1));
    });
  },
});
