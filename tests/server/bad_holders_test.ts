/** Every kind of bad holder at once, beside three good ones. */
import { join } from "node:path";
import { digestOf } from "../../lib/content/digest.ts";
import { type Connection, decodeStep } from "../../lib/protocol/mod.ts";
import { assert, assertEquals } from "../assert.ts";
import { someBytes } from "../depot/test_depot.ts";
import { temporaryFolder } from "../disk/bench.ts";
import { BadHolder, type Manners } from "./bad_holder.ts";
import { ListeningDepot, RunningHolder, until } from "./holding_bench.ts";

const MIB = 1024 * 1024;
const GOOD = ["h0", "h1", "h2"];
const FILES = 8;

const never = () => new Promise<void>(() => {});
const says = (...lines: string[]) => (_request: unknown, connection: Connection) =>
  connection.writeLine(...lines);

/** Takes no more than the first block of an upload. */
async function fullInMidFile(_request: unknown, connection: Connection): Promise<void> {
  await connection.writeLine("posicao:0");
  for (let refused = false;; refused = true) {
    const step = decodeStep(await connection.readLine({ idle: true }) ?? "");
    if (step.kind === "giveUp") return await connection.writeLine("feito:1");
    if (step.kind === "block") await connection.discard(step.bytes);
    if (!refused) await connection.writeLine("erro:sem_espaco|mensagem:the disk is full");
  }
}

async function deaf(_request: unknown, connection: Connection): Promise<void> {
  await connection.writeLine("posicao:0");
  await never();
}

/** A page of contents that nobody ever gave it, and always another one. */
function endless(): Manners {
  let item = 0;
  const line = () => `hash_arquivo:${(item++).toString(16).padStart(64, "0")}|tamanho_arquivo:1`;
  const page = (_request: unknown, connection: Connection) =>
    connection.writeLine("itens:1000|mais:1", ...Array.from({ length: 1_000 }, line));
  return { inventory: page };
}

const BAD: Record<string, Manners> = {
  "full": {},
  "full in mid-file": { store: fullInMidFile },
  "deaf": { store: deaf },
  "mute": { store: never, mark: never, inventory: never },
  "rude": { store: says("isto não é nada") },
  "talkative": { store: says("posicao:0", "posicao:0", "feito:1", "\0".repeat(9_000)) },
  "far ahead": { store: says("posicao:9007199254740991") },
  "endless": endless(),
};

Deno.test("all kinds of bad holders at once stop nobody, lose nothing and take nobody's place", async () => {
  await using folder = await temporaryFolder();
  await using depot = await ListeningDepot.open({ holders: { mostItems: 1_500 } });
  await using stack = new AsyncDisposableStack();
  const good: RunningHolder[] = [];
  for (const name of GOOD) {
    const more = { name, zone: name };
    good.push(stack.use(await RunningHolder.start(depot, join(folder.path, name), more)));
  }
  await depot.online(GOOD.length);
  const ids = (await depot.catalog.places()).map(({ id }) => id).sort();

  const contents = Array.from({ length: FILES }, (_, file) => someBytes(file * MIB / 4 + 1, file));
  const half = FILES / 2;
  for (const file of contents.keys().take(half)) await depot.deposit(`${file}`, contents[file]!, 3);
  depot.terms.patienceMs = 300;
  for (const [name, manners] of Object.entries(BAD)) {
    stack.use(await BadHolder.join(depot, { name, manners, zone: "bad" }));
  }
  // One more says that it is h0, with all that can be known of h0.
  stack.use(await BadHolder.join(depot, { name: "h0", zone: "bad", secret: ids[0]! }));
  for (const file of contents.keys().drop(half)) {
    const { copies } = await depot.deposit(`${file}`, contents[file]!, 3);
    assertEquals(copies.places.map(({ name }) => name).sort(), GOOD);
    assertEquals(await depot.retrieve(`${file - half}`), contents[file - half]!);
  }

  for (const [file, bytes] of contents.entries()) {
    assertEquals(await depot.retrieve(`${file}`), bytes);
    assertEquals(await depot.goodPlaces(digestOf(bytes)), GOOD);
  }
  const places = await depot.catalog.places();
  assert(ids.every((id) => places.some((place) => place.id === id && place.state === "online")));
  for (const { holder, events } of good) {
    assertEquals(holder.shelf.contents, FILES);
    assertEquals(events.map(({ type }) => type), ["connected"]);
  }
  await until("those that talk nonsense are out", async () => {
    const states = await Promise.all(["rude", "talkative", "endless"].map((n) => depot.stateOf(n)));
    return states.every((state) => state !== "online");
  });
});
