/** `hold` as its user runs it: real processes of the server and of holders. */
import { join } from "node:path";
import { Sha256 } from "../../lib/content/digest.ts";
import { connect } from "../../lib/client/mod.ts";
import { Retrieval } from "../../lib/client/retrieve.ts";
import { Session } from "../../lib/client/session.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../assert.ts";
import { someBytes } from "../depot/test_depot.ts";
import { temporaryFolder } from "../disk/bench.ts";
import { eventually } from "../server/waiting.ts";
import { Program } from "./program.ts";

const MIB = 1024 * 1024;

/** A server with one store, `clients` where nothing else is said, and holders h0, h1 …: processes. */
async function start(count: number, store = "clients") {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const home = join(folder.path, "home");
  const data = ["--data", join(folder.path, "data")];
  const server = stack.use(
    new Program("server", ["--port", "0", "--store", store, "--settle", "0", ...data], {
      home,
    }),
  );
  const address = /listening on (\S+),/.exec(await server.line("listening"))![1]!;
  const [hostname = "", port = ""] = address.split(":");
  const hold = (name: string, ...more: string[]) => {
    const words = [join(folder.path, name), "--name", name, "--zone", name, "--reserve", "0"];
    return new Program("client", ["--server", address, "hold", ...words, ...more], { home });
  };
  const holders: Program[] = [];
  for (let index = 0; index < count; index++) holders.push(stack.use(hold(`h${index}`)));
  for (const holder of holders) await holder.line("lending");
  for (let index = 0; index < count; index++) await server.line(`place="h${index}"`);
  const identityFolder = join(home, "deposito");
  const link = stack.use(await connect({ hostname, port: Number(port) }, { identityFolder }));
  const resources = stack.move();
  const { path } = folder;
  return {
    path,
    server,
    holders,
    hold,
    link,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

Deno.test("a retrieval goes on when the holder that is read from is killed in mid-file", async () => {
  await using test = await start(3);
  const bytes = someBytes(48 * MIB);
  const { places } = await test.link.deposit("a", new Blob([bytes as BlobPart]).stream(), {
    replicas: 3,
  });
  assertEquals(places.map(({ name }) => name).sort(), ["h0", "h1", "h2"]);
  const [first, ...others] = test.holders;
  // While the others stand still, what comes can only come from the one that is killed then.
  const tellOthers = (signal: Deno.Signal) => {
    if (Deno.build.os !== "windows") others.forEach((holder) => holder.send(signal));
  };
  tellOthers("SIGSTOP");
  const hash = new Sha256();
  let came = 0;
  const sink = {
    async write(piece: Uint8Array) {
      hash.update(piece);
      came += piece.length;
      if (came !== MIB) return;
      // By then it sends what comes far later.
      await first!.end("SIGKILL");
      tellOthers("SIGCONT");
    },
  };
  const retrieval = new Retrieval("a", sink);
  retrieval.startOver(places.filter(({ name }) => name !== "h0").map(({ id }) => id));
  const { address, id } = test.link;
  using session = await Session.open(address, { id });
  const file = await retrieval.receive(session);
  assertEquals([came, hash.digest()], [bytes.length, file.digest]);
  await test.server.line('went away place="h0"');
});

Deno.test("hold says what holders see, tells of the place, and says goodbye when it is stopped", async () => {
  await using test = await start(2);
  const [first] = test.holders;
  assertStringIncludes(
    first!.lines.slice(0, 2).join(" "),
    "in clear until their owners encrypt",
  );
  await using twin = test.hold("h0");
  assertEquals(await twin.status(), 1);
  assertStringIncludes(twin.lines.at(-1)!, "another process is using it");
  await using leaving = test.hold("h0", "--leave");
  assertEquals(await leaving.status(), 1);
  assertStringIncludes(leaving.lines.at(-1)!, "another process is using it. Stop that one first");
  if (Deno.build.os === "windows") return;
  assertEquals(await first!.end("SIGTERM"), 0);
  assertStringIncludes(first!.lines.at(-1)!, "goodbye");
  // The holder may have ended before the depot has noted it.
  await eventually("it said goodbye, and the other is there", async () => {
    const { places } = await test.link.status();
    return places.map(({ name, state }) => `${name} ${state}`).sort().join() ===
      "h0 goodbye,h1 online";
  });
  await using again = test.hold("h0", "--json");
  const connected = JSON.parse(await again.line('"connected"'));
  assert(first!.lines.some((line) => line.includes(connected.place)));
});

Deno.test("what hold made is gone again when the depot takes no holders", async () => {
  await using folder = await temporaryFolder();
  await using test = await start(0, `fs:${join(folder.path, "own")}`);
  await using holder = test.hold("h0");
  assertEquals(await holder.status(), 1);
  assertStringIncludes(holder.lines.at(-1)!, "not started with --store clients");
  await assertRejects(() => Deno.lstat(join(test.path, "h0")), Deno.errors.NotFound);
});
