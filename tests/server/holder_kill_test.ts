/** Holders killed at random moments, and the depot in the middle of the repair, under a reader. */
import { digestOf } from "../../lib/content/digest.ts";
import { assert, assertEquals } from "../assert.ts";
import { seeded } from "../seeded.ts";
import { Lender } from "./lender.ts";
import { Reader, type Weather } from "./reader.ts";
import { freePort, RunningServer, temporaryRoot } from "./running_server.ts";
import { eventually, tell } from "./waiting.ts";
import { bytesOf } from "./wire_client.ts";

/** 30 take minutes: `DEPOSITO_KILL_ROUNDS=30`. */
const ROUNDS = Number(Deno.env.get("DEPOSITO_KILL_ROUNDS") ?? 2);
/** What was printed by an earlier run makes the same choices again. */
const SEED = Number(Deno.env.get("DEPOSITO_KILL_SEED") ?? Date.now() % 1_000_000);
const FILES = 200;
const REPLICAS = 2;
/** Of these, one in ten files has a large one. Bytes. */
const SIZES = [0, 1, 700, 8_192, 65_536];
const LARGE_SIZES = [300_000, 1_048_576, 1_048_577, 3 * 1_048_576];
/** A holder is killed at most so long after the last round. Milliseconds. */
const LONGEST_MS = 1_000;
/** Of the depot's log are shown when a round fails. */
const LOG_LINES = 40;

const FLAGS = { store: "clients", grace: "1s", settle: "1s" };

class Rounds {
  /** Names, and the digests that they have. */
  readonly files = new Map<string, string>();
  readonly weather: Weather = { depotDown: false, holdersAway: false };
  /** Between a start of the depot and the coming of all holders. Milliseconds. */
  longestBack = 0;
  readonly #random = seeded(SEED);

  constructor(
    private readonly server: RunningServer,
    private readonly lenders: Lender[],
    readonly owner: string,
  ) {}

  async deposit(): Promise<void> {
    using client = await this.server.client({ id: this.owner });
    for (let number = 0; number < FILES; number++) {
      const size = this.#pick(number % 10 === 0 ? LARGE_SIZES : SIZES);
      const bytes = bytesOf(size, number + 1);
      await client.deposit(`file ${number}`, bytes, { replicas: REPLICAS });
      this.files.set(`file ${number}`, digestOf(bytes));
    }
  }

  /** One holder is killed, is replaced, comes back. `depotToo`: in the middle the depot is killed. */
  async round(depotToo: boolean): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, this.#random() * LONGEST_MS));
    const victim = this.#pick(this.lenders);
    const others = this.lenders.filter((lender) => lender !== victim);
    await victim.kill();
    if (depotToo) await this.#killDepot(victim.contents().length, others.length);
    await this.#whole(others);
    await victim.start();
    await this.#whole(this.lenders);
  }

  /** Kills the depot after a random part of `missing` copies was made anew; and starts it. */
  async #killDepot(missing: number, lenders: number): Promise<void> {
    const made = () => this.server.log.split("Made a copy").length - 1;
    const goal = made() + 1 + Math.floor(this.#random() * (missing - 1));
    await eventually("the repair is in its middle", () => made() >= goal);
    this.weather.depotDown = this.weather.holdersAway = true;
    await this.server.kill();
    await this.server.restart();
    this.weather.depotDown = false;
    const begun = performance.now();
    await eventually("the holders are back", async () => await this.#online() === lenders);
    this.weather.holdersAway = false;
    this.longestBack = Math.max(this.longestBack, performance.now() - begun);
  }

  /** Waits until there are as many copies as wanted, no more and no fewer, on the disks of `lenders`. */
  async #whole(lenders: Lender[]): Promise<void> {
    const wanted = [...new Set(this.files.values())].flatMap((digest) =>
      Array<string>(REPLICAS).fill(digest)
    ).sort().join();
    const what = `two good copies of each file on ${lenders.map(({ name }) => name)}`;
    await eventually(what, () => {
      return lenders.flatMap((lender) => lender.contents()).sort().join() === wanted;
    });
    for (const lender of lenders) lender.check();
    await eventually(`status says so, too`, () => this.#isWhole(lenders.length));
    await eventually("nothing else is left", () => {
      return lenders.every((lender) => lender.leftovers().length === 0);
    });
  }

  /** What the depot says of its places and of every file. */
  async #isWhole(online: number): Promise<boolean> {
    using client = await this.server.client({ id: this.owner });
    const { places, queued, running, deficit, damaged, aside } = await client.status();
    const there = places.filter(({ state }) => state === "online").length;
    const files = await client.list();
    assertEquals([damaged, aside, files.length], [0, 0, FILES]);
    return there === online && queued + running + deficit === 0 &&
      files.every(({ live, wanted }) => live === REPLICAS && wanted === REPLICAS);
  }

  async #online(): Promise<number> {
    using client = await this.server.client({ id: this.owner });
    return (await client.status()).places.filter(({ state }) => state === "online").length;
  }

  #pick<T>(among: T[]): T {
    return among[Math.floor(this.#random() * among.length)]!;
  }
}

Deno.test(`server: in ${ROUNDS} rounds a holder is killed, in every other the depot too, and no read fails`, async () => {
  tell(`DEPOSITO_KILL_SEED=${SEED}`);
  await using root = temporaryRoot();
  await using server = await RunningServer.start(root.path, {
    places: [],
    flags: { ...FLAGS, port: freePort() },
  });
  await using stack = new AsyncDisposableStack();
  const lenders = ["desktop", "laptop", "office"].map((name) =>
    stack.use(new Lender(server, name))
  );
  for (const lender of lenders) await lender.start();
  using client = await server.client();
  const rounds = new Rounds(server, lenders, client.id);
  await rounds.deposit();
  const reader = new Reader(server, { ...rounds, owner: client.id });
  const begun = performance.now();
  for (let round = 0; round < ROUNDS; round++) {
    try {
      await Promise.race([rounds.round(round % 2 === 1), reader.failed]);
    } catch (error) {
      tell(server.log.split("\n").slice(-LOG_LINES).join("\n"));
      throw error;
    }
  }
  await reader.stop();
  assert(reader.retrieved > 0);
  assert(!/ERR|FTL/.test(server.log), server.log);
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
  tell(`${reader.retrieved} retrievals, ${reader.retries} tried again while the depot was away`);
  tell(
    `${seconds(performance.now() - begun)}; holders came back within ${
      seconds(rounds.longestBack)
    }`,
  );
});
