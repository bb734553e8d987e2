/** A holder whose packets are dropped from one moment to the next, without a goodbye. */
import { join } from "node:path";
import { digestOf } from "../../lib/content/digest.ts";
import { assert, assertEquals } from "../assert.ts";
import { Program, program } from "../client/program.ts";
import { someBytes } from "../depot/test_depot.ts";
import { Network, whyNoNetwork } from "./network.ts";
import { ReadingClient, WritingClient } from "./piped_client.ts";
import { temporaryRoot } from "./running_server.ts";
import { all, eventually, tell } from "./waiting.ts";

const MIB = 1024 * 1024;
/** More than all buffers on the way together. */
const BYTES = 64 * MIB;
/** So much moves before the cut. */
const BEFORE = 16 * MIB;
/** What the depot promises, and what a busy machine adds before this test hears of it. Milliseconds. */
const NOTICED_MS = 45_000 + 8_000;
const GOES_ON_MS = 30_000;
/** What a holder and a depot may say to each other without moving contents. Bytes. */
const TALK = 256 * 1024;

const MACHINES = ["h0", "h1", "h2", "h3"];
/** It lends to a depot that nobody else uses. */
const IDLE = "idle";
const now = () => performance.now();
const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;

/** A depot on the hub, and whoever lends to it from the machines. */
class Field {
  #holders = new Map<string, Program>();
  #port = "";

  private constructor(
    readonly network: Network,
    readonly server: Program,
    private readonly root: string,
    private readonly resources: AsyncDisposableStack,
  ) {}

  static async open(network: Network, root: string): Promise<Field> {
    await using stack = new AsyncDisposableStack();
    const words = ["--host", "0.0.0.0", "--plain", "--port", "0", "--data", join(root, "data")];
    const server = stack.use(
      new Program("server", [...words, "--store", "clients", "--settle", "0"], {
        home: root,
        within: network.on("hub"),
      }),
    );
    const field = new Field(network, server, root, stack.move());
    field.#port = /:([0-9]+),/.exec(await server.line("listening"))![1]!;
    return field;
  }

  async lend(machine: string): Promise<void> {
    const server = `${this.network.address(machine)}:${this.#port}`;
    const lent = [join(this.root, machine), "--name", machine, "--zone", machine, "--reserve", "0"];
    const holder = new Program("client", ["--server", server, "hold", ...lent], {
      home: join(this.root, `home of ${machine}`),
      within: this.network.on(machine),
    });
    this.#holders.set(machine, this.resources.use(holder));
    await all([holder.line("lending"), this.server.line(`is there place="${machine}"`)]);
  }

  /** A client's command on the hub. */
  client(words: string[], stdin: "piped" | "null" = "null"): Deno.ChildProcess {
    const server = `127.0.0.1:${this.#port}`;
    return program("client", ["--server", server, ...words], {
      home: join(this.root, "home"),
      within: this.network.on("hub"),
      stdin,
    }).spawn();
  }

  /** What it prints. */
  async asked(...words: string[]) {
    const { stdout } = await this.client(["--json", ...words]).output();
    return JSON.parse(new TextDecoder().decode(stdout));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.resources.disposeAsync();
  }
}

const whyNot = await whyNoNetwork();
if (whyNot) tell(`Skipped the test of a cut network: ${whyNot}`);

Deno.test({
  name: "network: a holder whose packets are dropped is noticed, done without, and welcome back",
  ignore: whyNot !== null,
  async fn() {
    await using root = temporaryRoot();
    await using network = await Network.make([...MACHINES, IDLE]);
    await using field = await Field.open(network, join(root.path, "busy"));
    await using idle = await Field.open(network, join(root.path, "quiet"));
    await all([cutUnderWork(field, network), cutInSilence(idle, network)]);
  },
});

function writing(field: Field, name: string): WritingClient {
  const words = ["--json", "deposit", "-", "--name", name, "--replicas", "3"];
  return new WritingClient(field.client(words, "piped"));
}

/** One that is read from and deposited to. */
async function cutUnderWork(field: Field, network: Network): Promise<void> {
  const [late, ...first] = MACHINES.toReversed() as [string, ...string[]];
  await all(first.map((machine) => field.lend(machine)));
  const bytes = someBytes(BYTES, 1);
  const whole = writing(field, "read");
  await whole.give(bytes);
  assertEquals(await whole.receipt(), first.toSorted());

  const others = someBytes(BYTES, 2);
  const written = writing(field, "written");
  await written.give(others.subarray(0, BEFORE));
  await field.lend(late);
  const quiet = await all(first.map(async (name) => (await network.traffic(name)).sent));
  const read = new ReadingClient(field.client(["retrieve", "read", "--output", "-"]));
  await read.take(MIB);
  const sent = await all(first.map(async (name) => (await network.traffic(name)).sent));
  const victim = first.find((_, index) => sent[index]! - quiet[index]! > MIB)!;

  const noticed = cutAndNotice(victim, { field, network });
  read.watch.start();
  written.watch.start();
  const places = written.give(others.subarray(BEFORE)).then(() => written.receipt());
  const digest = read.digest();
  await all<unknown>([digest, places, noticed]);
  assertEquals(await digest, digestOf(bytes));
  assertEquals(await places, MACHINES.filter((name) => name !== victim));
  tell(`The retrieval stood still for ${seconds(read.watch.longest)}`);
  tell(`The deposit stood still for ${seconds(written.watch.longest)}`);
  assert(read.watch.longest <= GOES_ON_MS && written.watch.longest <= GOES_ON_MS);

  const before = await network.traffic(victim);
  await mendAndReturn(victim, { field, network });
  await eventually("its copies count again", async () => {
    const [file] = await field.asked("list", "read");
    return file.replicas.live === 3;
  });
  const after = await network.traffic(victim);
  const moved = after.sent - before.sent + after.received - before.received;
  tell(`Until its copies counted again, ${moved} bytes went over its cable`);
  assert(moved < TALK, `${moved} bytes moved`);
}

/** One of which nothing is asked. */
async function cutInSilence(field: Field, network: Network): Promise<void> {
  await field.lend(IDLE);
  await cutAndNotice(IDLE, { field, network });
  await mendAndReturn(IDLE, { field, network });
}

interface Cable {
  field: Field;
  network: Network;
}

async function cutAndNotice(machine: string, { field, network }: Cable): Promise<void> {
  await network.cut(machine);
  const cutAt = now();
  await field.server.line(`went away place="${machine}"`);
  const noticedMs = now() - cutAt;
  tell(`The cut of ${machine} was noticed after ${seconds(noticedMs)}`);
  assert(noticedMs <= NOTICED_MS);
  assertEquals(await stateOf(field, machine), "lost");
}

async function mendAndReturn(machine: string, { field, network }: Cable): Promise<void> {
  await network.mend(machine);
  const mendedAt = now();
  await field.server.line(`is there place="${machine}"`, 2);
  tell(`${machine} was back ${seconds(now() - mendedAt)} after packets flowed again`);
}

async function stateOf(field: Field, machine: string): Promise<string> {
  const { places } = await field.asked("status");
  return places.find(({ name }: { name: string }) => name === machine).state;
}
