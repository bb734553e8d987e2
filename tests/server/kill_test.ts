/** The server killed at random moments under 16 clients that deposit, replace and remove. */
import { digestOf } from "../../lib/content/digest.ts";
import { AHEAD_BYTES, ConnectionLost, Refusal } from "../../lib/protocol/mod.ts";
import { assert, assertEquals } from "../assert.ts";
import { RunningServer, temporaryRoot } from "./running_server.ts";
import { eventually, filesBelow, tell } from "./waiting.ts";
import { type BatchFile, bytesOf, WireClient } from "./wire_client.ts";

/** 30 and more take minutes: `DEPOSITO_KILL_ROUNDS=30`. */
const ROUNDS = Number(Deno.env.get("DEPOSITO_KILL_ROUNDS") ?? 10);
/** What was printed by an earlier run makes the same choices again. */
const SEED = Number(Deno.env.get("DEPOSITO_KILL_SEED") ?? Date.now() % 1_000_000);
const CLIENTS = 16;
const OWNERS = 4;
const NAMES_PER_CLIENT = 6;
const SIZES = [0, 1, 700, 8_192, 65_536, 300_000, 1_048_576, 1_048_577, 3 * 1_048_576];
/** A round lasts at most so long. Milliseconds. */
const LONGEST_MS = 500;
/** Contents that several owners have: deposited by one while another removes them. */
const SHARED_CONTENTS = 5;

/** 0 ≤ random() < 1, the same for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A content as it can be made again. */
interface Content {
  size: number;
  seed: number;
}

/** What was asked for a name. `content` null: that it be removed. */
interface Wish {
  name: string;
  content: Content | null;
  upload: string;
}

/** One client and what it knows: of each of its names what was acknowledged. */
class Depositor {
  readonly acknowledged = new Map<string, Content>();
  /** What had no answer when the server died. */
  pending: Wish | null = null;
  acknowledgements = 0;
  readonly #random: () => number;
  #next = 1;

  constructor(readonly number: number, readonly owner: string) {
    this.#random = randomOf(SEED * 100 + number);
  }

  /** Works until the connection breaks. */
  async work(port: number): Promise<void> {
    try {
      using client = await WireClient.connect(port, { id: this.owner });
      while (true) await this.#grant(client, this.pending ??= this.#wish());
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
    }
  }

  /** After a restart: every name has what was acknowledged, or what was asked for last. */
  async check(files: Map<string, string>, client: WireClient): Promise<void> {
    for (const name of this.#names()) {
      const possible = [this.acknowledged.get(name) ?? null];
      if (this.pending?.name === name) possible.push(this.pending.content);
      const digest = files.get(name) ?? null;
      const found = possible.find((content) => digestOfContent(content) === digest);
      assert(found !== undefined, `${name} has ${digest}, which is not what it was given`);
      if (this.pending?.name === name) await retrieveWhole(client, name, found);
      if (found) this.acknowledged.set(name, found);
      else this.acknowledged.delete(name);
    }
    // Half of them try again what had no answer, the others think of something else.
    if (this.#random() < 0.5 || this.pending?.content === null) this.pending = null;
  }

  async checkAll(client: WireClient): Promise<void> {
    for (const [name, content] of this.acknowledged) await retrieveWhole(client, name, content);
  }

  async #grant(client: WireClient, { name, content, upload }: Wish): Promise<void> {
    if (content) {
      const replicas = 1 + content.seed % 2;
      await this.#deposit(client, { name, bytes: bytesOfContent(content), upload, replicas });
      this.acknowledged.set(name, content);
    } else {
      await client.remove(name);
      this.acknowledged.delete(name);
    }
    this.pending = null;
    this.acknowledgements++;
  }

  /** Half of the small ones travel as many of a folder do. */
  async #deposit(
    client: WireClient,
    file: BatchFile & { upload: string; replicas: number },
  ): Promise<void> {
    const { name, bytes, upload, replicas } = file;
    if (bytes.length > AHEAD_BYTES || this.number % 2 === 0) {
      await client.deposit(name, bytes, { upload, replicas });
      return;
    }
    const [answer] = await client.depositBatch([file]);
    if (answer instanceof Refusal) throw answer;
  }

  #wish(): Wish {
    const name = this.#pick(this.#names());
    const upload = crypto.randomUUID();
    if (this.acknowledged.has(name) && this.#random() < 0.3) return { name, content: null, upload };
    const size = this.#pick(SIZES);
    const seed = this.#random() < 0.25
      ? 1 + Math.floor(this.#random() * SHARED_CONTENTS)
      : 1_000 * (this.number + 1) + this.#next++;
    return { name, content: { size, seed }, upload };
  }

  #names(): string[] {
    return Array.from({ length: NAMES_PER_CLIENT }, (_, index) => `${this.number}/file ${index}`);
  }

  #pick<T>(among: T[]): T {
    return among[Math.floor(this.#random() * among.length)]!;
  }
}

const BASE = bytesOf(4 * 1024 * 1024);
const digests = new Map<string, string>();

/** As many bytes as quickly as can be; the first of them are the seed. */
function bytesOfContent({ size, seed }: Content): Uint8Array {
  const bytes = BASE.slice(0, size);
  if (size >= 8) new DataView(bytes.buffer).setFloat64(0, seed);
  return bytes;
}

function digestOfContent(content: Content | null): string | null {
  if (!content) return null;
  const key = `${content.size} ${content.seed}`;
  const known = digests.get(key) ?? digestOf(bytesOfContent(content));
  digests.set(key, known);
  return known;
}

async function retrieveWhole(client: WireClient, name: string, content: Content | null) {
  if (!content) return;
  assertEquals(digestOf(await client.retrieve(name)), digestOfContent(content), name);
}

/** Every file in the places' contents is what its name says, and nothing was found bad. */
function checkDisks(server: RunningServer): void {
  for (const place of ["one", "two"]) {
    for (const path of filesBelow(server.inside(place, "contents"))) {
      const bytes = Deno.readFileSync(server.inside(place, "contents", path));
      assertEquals(digestOf(bytes), path.slice(3), path);
    }
  }
  assert(!/ERR|FTL/.test(server.log), server.log);
}

Deno.test(`server: ${ROUNDS} kills at random moments under ${CLIENTS} clients lose nothing acknowledged`, async () => {
  tell(`DEPOSITO_KILL_SEED=${SEED}`);
  const random = randomOf(SEED);
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path);
  const owners = await Promise.all(
    Array.from({ length: OWNERS }, async () => {
      using client = await server.client();
      return client.id;
    }),
  );
  const depositors = Array.from(
    { length: CLIENTS },
    (_, number) => new Depositor(number, owners[number % OWNERS]!),
  );
  /** Runs `check` for each depositor over a connection of its owner. */
  const each = (
    check: (depositor: Depositor, files: Map<string, string>, client: WireClient) => Promise<void>,
  ) =>
    Promise.all(owners.map(async (id) => {
      using client = await server.client({ id });
      const files = new Map((await client.list()).map(({ name, digest }) => [name, digest]));
      for (const depositor of depositors.filter(({ owner }) => owner === id)) {
        await check(depositor, files, client);
      }
    }));

  for (let round = 0; round < ROUNDS; round++) {
    const working = Promise.allSettled(depositors.map((each) => each.work(server.port)));
    // However slow the machine is, all have something to lose.
    if (round === 0) {
      await eventually(
        "each has had an answer",
        () => depositors.every(({ acknowledgements }) => acknowledgements > 0),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, random() * LONGEST_MS));
    await server.kill();
    for (const done of await working) if (done.status === "rejected") throw done.reason;
    await server.restart();
    await each((depositor, files, client) => depositor.check(files, client));
  }

  await each((depositor, _, client) => depositor.checkAll(client));
  await each(async (_depositor, _files, client) => {
    await eventually(
      "every file has the replicas that it wants",
      async () => (await client.list()).every(({ live, wanted }) => live === wanted),
    );
  });
  await server.stop();
  checkDisks(server);
  const count = depositors.reduce((sum, { acknowledgements }) => sum + acknowledgements, 0);
  tell(`${count} requests were acknowledged in ${ROUNDS} rounds`);
});
