/** The server killed before each sync, rename and unlink in turn: of a deposit, a replacement, a removal. */
import { digestOf } from "../../lib/content/digest.ts";
import { ConnectionLost, Refusal } from "../../lib/protocol/mod.ts";
import { assert, assertEquals } from "../assert.ts";
import { RunningServer, temporaryRoot } from "./running_server.ts";
import { Trace, whyNoStrace } from "./tracing.ts";
import { all, eventually, filesBelow, tell } from "./waiting.ts";
import { bytesOf, WireClient } from "./wire_client.ts";

const whyNot = await whyNoStrace();
if (whyNot) tell(`Skipped the kills between two steps: ${whyNot}`);

const STEPS = ["fsync", "fdatasync", "rename", "renameat", "renameat2", "unlink", "unlinkat"];
/** Each step is held up so long before it is done; the kill falls into that time. Milliseconds. */
const HOLD_MS = 10;
/** More steps than this are no deposit any more. */
const MOST_STEPS = 60;

/** Something done to a file of that name, in a depot that has others. */
interface Scenario {
  name: string;
  /** What the name has before; `null`: no such file. */
  before: Uint8Array | null;
  /** What it has after. */
  after: Uint8Array | null;
  act(client: WireClient, upload: string): Promise<unknown>;
}

const OLD = bytesOf(3_000, 1);
const SMALL = bytesOf(5_000, 2);
const LARGE = bytesOf(1_500_000, 3);

const SCENARIOS: Scenario[] = [
  {
    name: "a deposit of a large file",
    before: null,
    after: LARGE,
    act: (client, upload) => client.deposit("file", LARGE, { upload, replicas: 2 }),
  },
  {
    name: "a replacement",
    before: OLD,
    after: SMALL,
    act: (client, upload) => client.deposit("file", SMALL, { upload, replicas: 2 }),
  },
  {
    name: "a removal",
    before: OLD,
    after: null,
    act: (client) => client.remove("file"),
  },
];

/** The server with a kept file, and what a scenario needs before. */
class Bench {
  constructor(readonly server: RunningServer, readonly id: string) {}

  client(): Promise<WireClient> {
    return WireClient.connect(this.server.port, { id: this.id });
  }

  /** What the name has now; a file that is there must be whole. */
  async content(client: WireClient): Promise<Uint8Array | null> {
    const names = (await client.list()).map(({ name }) => name);
    assert(names.includes("kept"), "what was acknowledged long ago is there");
    assertEquals(await client.retrieve("kept"), KEPT);
    return names.includes("file") ? await client.retrieve("file") : null;
  }

  /** Whether exactly these contents lie on both places, and nothing of uploads. */
  isSettled(...contents: (Uint8Array | null)[]): boolean {
    const expected = [KEPT, ...contents].filter((bytes) => bytes !== null)
      .map((bytes) => digestOf(bytes)).map((digest) => `${digest.slice(0, 2)}/${digest}`)
      .sort().join();
    const below = (place: string, folder: string) =>
      filesBelow(this.server.inside(place, folder)).join();
    return ["one", "two"].every((place) =>
      below(place, "contents") === expected && below(place, "parts") === ""
    );
  }
}

const KEPT = bytesOf(10_000, 99);

/** Kills the server before its step number `count`, if it comes to so many. */
async function killedAt(
  bench: Bench,
  { act, after }: Scenario,
  { count, upload }: { count: number; upload: string },
): Promise<{ killed: boolean; acknowledged: boolean }> {
  using client = await bench.client();
  await using trace = await Trace.attach(bench.server.pid, STEPS, { delayMs: HOLD_MS });
  let over = false;
  const killing = trace.begun(count).then(() => {
    over = true;
    return bench.server.kill();
  });
  const acknowledged = await act(client, upload).then(() => true, (error) => {
    if (error instanceof ConnectionLost) return false;
    throw error;
  });
  // What follows an acknowledgement, such as bytes that go, has its steps, too.
  if (acknowledged) await eventually("it settles", () => over || bench.isSettled(after));
  if (acknowledged) await trace.quiet(() => over);
  if (over) await killing;
  return { killed: over, acknowledged };
}

function sameBytes(one: Uint8Array | null, other: Uint8Array | null): boolean {
  return one === null || other === null ? one === other : digestOf(one) === digestOf(other);
}

Deno.test({
  name:
    "server: killed before any step of a deposit, a replacement, a removal: all of it or nothing",
  ignore: whyNot !== null,
  async fn() {
    const steps = await all(SCENARIOS.map(killAtEachStep));
    const told = SCENARIOS.map(({ name }, index) => `${steps[index]} of ${name}`);
    tell(`Killed before each step: ${told.join(", ")}`);
    for (const count of steps) assert(count >= 9, `Only ${count} steps were seen`);
  },
});

/** Resolves to the number of steps. */
async function killAtEachStep(scenario: Scenario): Promise<number> {
  const { before, after, act } = scenario;
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path);
  const first = await server.client();
  await first.deposit("kept", KEPT, { replicas: 2 });
  first.connection.close();
  const bench = new Bench(server, first.id);
  for (let count = 1;; count++) {
    assert(count < MOST_STEPS, "It never ends");
    if (before) {
      using client = await bench.client();
      await client.deposit("file", before, { replicas: 2 });
    }
    await eventually("it begins settled", () => bench.isSettled(before));
    const upload = crypto.randomUUID();
    const { killed, acknowledged } = await killedAt(bench, scenario, { count, upload });
    if (killed) await server.restart();
    using client = await bench.client();
    const where = `killed before step ${count}`;
    const content = await bench.content(client);
    if (acknowledged) assert(sameBytes(content, after), `${where}: acknowledged, and not there`);
    else assert(sameBytes(content, before) || sameBytes(content, after), `${where}: a mixture`);

    // A client that had no answer tries again, and it ends as if nothing had been.
    await act(client, upload).catch((error) => {
      assert(after === null && error instanceof Refusal && error.code === "nao_encontrado", error);
    });
    assert(sameBytes(await bench.content(client), after), `${where}: not there after a retry`);
    await eventually(`${where}: it settles`, () => bench.isSettled(after));
    for (const place of ["one", "two"]) {
      assertEquals(filesBelow(server.inside(place, "aside")), [], where);
    }
    assert(!/ERR|FTL/.test(server.log), server.log);
    if (!killed) return count - 1;
    if (after) await client.remove("file");
    await eventually("it is empty again", () => bench.isSettled());
  }
}
