/** Folders that are deposited again, to the real server. */
import { basename, join } from "node:path";
import { settledState } from "../../lib/client/file_state.ts";
import { connect, type Link } from "../../lib/client/mod.ts";
import { digestOf } from "../../lib/content/digest.ts";
import { assertEquals } from "../assert.ts";
import { RunningServer, temporaryRoot } from "../server/running_server.ts";
import { eventually, filesBelow } from "../server/waiting.ts";
import { Program } from "./program.ts";

const onWindows = Deno.build.os === "windows";
const LARGE = new Uint8Array(200_000).fill(1);

/** A folder, the machine that it is on, and what a deposit of it did. */
class Home implements AsyncDisposable {
  private constructor(readonly root: AsyncDisposable & { path: string }, public link: Link) {}

  static async of(server: RunningServer): Promise<Home> {
    const root = temporaryRoot();
    await Deno.mkdir(join(root.path, "F"));
    return new Home(root, await Home.meet(server, root.path));
  }

  static meet(server: RunningServer, home: string): Promise<Link> {
    const address = { hostname: "127.0.0.1", port: server.port };
    return connect(address, { identityFolder: join(home, "identity") });
  }

  path(name: string): string {
    return join(this.root.path, "F", name);
  }

  async write(files: Record<string, string | Uint8Array>): Promise<void> {
    for (const [name, data] of Object.entries(files)) {
      await Deno.writeFile(
        this.path(name),
        new Uint8Array(await new Blob([data as BlobPart]).bytes()),
      );
    }
  }

  /** Waits until no file is so new that it cannot be told from a later state. */
  async settled(): Promise<void> {
    for (const name of filesBelow(this.path(""))) {
      await eventually(
        "it is old enough",
        async () => settledState(await Deno.stat(this.path(name)), Date.now()) !== null,
      );
    }
  }

  /** Deposits all of it; resolves to the files that were stored, and those whose bytes were read. */
  async deposit(
    { verify = false, replicas = null }: { verify?: boolean; replicas?: number | null } = {},
  ): Promise<{ stored: string[]; opened: string[] }> {
    const settings = join(this.root.path, "settings");
    const small = this.link.smallFiles({ connections: 1 });
    const place = { folder: this.path(""), prefix: "F", settings };
    const folder = await this.link.folder({ ...place, verify, small });
    const stored: string[] = [];
    using opened = new Opened();
    for (const file of filesBelow(this.path(""))) {
      const request = { name: `F/${file}`, replicas, minimum: null, wait: null };
      const receipt = await folder.file(request, this.path(file), {});
      assertEquals(receipt.digest, digestOf(await Deno.readFile(this.path(file))));
      if (!receipt.unchanged) stored.push(file);
    }
    const names = opened.paths.map((path) => basename(path));
    await folder.end({ isAll: true });
    return { stored, opened: names };
  }

  /** What the depot has, by name. */
  async listed(): Promise<Record<string, string>> {
    const files = await Array.fromAsync(this.link.list({ prefix: "F/" }));
    return Object.fromEntries(files.map(({ name, digest }) => [name.slice(2), digest]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.link[Symbol.dispose]();
    await this.root[Symbol.asyncDispose]();
  }
}

/** Which files were opened while it was there. */
class Opened implements Disposable {
  readonly paths: string[] = [];
  #open = Deno.open;
  #openSync = Deno.openSync;

  constructor() {
    Deno.open = (path, options) => {
      this.paths.push(String(path));
      return this.#open(path, options);
    };
    Deno.openSync = (path, options) => {
      this.paths.push(String(path));
      return this.#openSync(path, options);
    };
  }

  [Symbol.dispose](): void {
    Deno.open = this.#open;
    Deno.openSync = this.#openSync;
  }
}

async function startServer(): Promise<AsyncDisposable & { server: RunningServer }> {
  const root = temporaryRoot();
  const server = await RunningServer.start(root.path, { places: ["d1", "d2"] });
  return {
    server,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await root[Symbol.asyncDispose]();
    },
  };
}

Deno.test("a folder that did not change is not read again, and what changed is stored", async () => {
  await using depot = await startServer();
  await using home = await Home.of(depot.server);
  await home.write({ a: "hello", b: "hello", c: "hello", large: LARGE, touched: "hello" });
  await home.settled();
  const all = ["a", "b", "c", "large", "touched"];
  assertEquals(await home.deposit(), { stored: all, opened: all });
  assertEquals(await home.deposit(), { stored: [], opened: [] });
  const looked = await home.deposit({ verify: true });
  assertEquals(looked, { stored: [], opened: all });

  await home.write({ a: "longer", b: "HELLO" });
  const before = await Deno.stat(home.path("c"));
  await home.write({ c: "HELLO" });
  await Deno.utime(home.path("c"), before.atime!, before.mtime!);
  await Deno.utime(home.path("touched"), 1, 1);
  // Without a time of change the third one looks as it did.
  const seen = before.ctime === null ? ["a", "b"] : ["a", "b", "c"];
  if (before.ctime === null) await home.write({ c: "hello" });
  const changed = await home.deposit();
  assertEquals(changed.stored, seen);
  assertEquals((await home.listed()).b, digestOf("HELLO"));
  const touched = (await Array.fromAsync(home.link.list({ prefix: "F/touched" })))[0]!;
  assertEquals([touched.modifiedAt, touched.version], [1000, 1]);
});

Deno.test("what another machine did at the depot counts more than what is remembered", async () => {
  await using depot = await startServer();
  await using home = await Home.of(depot.server);
  await home.write({ gone: "hello", replaced: "hello", kept: "hello", large: LARGE });
  await home.settled();
  await home.deposit({ replicas: 1 });
  assertEquals((await home.deposit()).opened, []);
  await home.link.remove("F/gone");
  const other = join(home.root.path, "other");
  await Deno.writeTextFile(other, "other");
  const { atime, mtime } = await Deno.stat(home.path("replaced"));
  await Deno.utime(other, atime!, mtime!);
  await home.link.depositFile("F/replaced", other);
  await home.link.deposit("F/kept", new Blob(["hello"]));
  const { stored } = await home.deposit();
  assertEquals(stored, ["gone", "replaced"]);
  assertEquals((await home.listed()).replaced, digestOf("hello"));
  const [kept] = await Array.fromAsync(home.link.list({ prefix: "F/kept" }));
  assertEquals(kept!.modifiedAt, (await Deno.stat(home.path("kept"))).mtime!.getTime());

  assertEquals((await home.deposit({ replicas: 2 })).stored, []);
  const wanted = (await Array.fromAsync(home.link.list())).map(({ replicas }) => replicas);
  assertEquals(wanted, wanted.map(() => ({ wanted: 2, live: 2 })));
});

Deno.test("nothing is remembered for another identity, nor for another depot", async () => {
  await using depot = await startServer();
  await using other = await startServer();
  await using home = await Home.of(depot.server);
  await home.write({ a: "hello", large: LARGE });
  await home.settled();
  await home.deposit();
  using first = home.link;
  await Deno.remove(join(home.root.path, "identity"), { recursive: true });
  for (const server of [depot.server, other.server]) {
    using link = await Home.meet(server, home.root.path);
    home.link = link;
    assertEquals((await home.deposit()).stored, ["a", "large"]);
  }
  home.link = first;
  assertEquals(await home.deposit(), { stored: [], opened: [] });
});

Deno.test("a file that is written right after its deposit is not taken for unchanged", async () => {
  await using depot = await startServer();
  await using home = await Home.of(depot.server);
  await home.write({ a: "hello" });
  const { atime, mtime } = await Deno.stat(home.path("a"));
  await home.deposit();
  await home.write({ a: "HELLO" });
  await Deno.utime(home.path("a"), atime!, mtime!);
  assertEquals((await home.deposit()).stored, ["a"]);
  assertEquals((await home.listed()).a, digestOf("HELLO"));
});

Deno.test("a damaged memory and a killed client cost time, and nothing else", async () => {
  await using depot = await startServer();
  await using home = await Home.of(depot.server);
  await home.write(Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`f${at}`, `${at}`])));
  await home.settled();
  const words = ["--server", `127.0.0.1:${depot.server.port}`, "deposit", home.path("")];
  const options = { home: home.root.path };
  const status = async () => {
    await using client = new Program("client", words, options);
    return { code: await client.status(), last: client.lines.at(-1) };
  };
  await using killed = new Program("client", [...words, "--connections", "1"], options);
  await killed.line("stored", 100);
  if (!onWindows) assertEquals(await killed.end("SIGKILL"), 137);
  const { code, last } = await status();
  assertEquals([code, /^300 files: \d+ stored, \d+ unchanged$/.test(last!)], [0, true]);

  const remembered = join(home.root.path, "deposito", "deposited");
  const [name, ...more] = filesBelow(remembered);
  assertEquals(more, []);
  if (!onWindows) assertEquals((await Deno.stat(join(remembered, name!))).mode! & 0o777, 0o600);
  await Deno.truncate(join(remembered, name!), 2_000);
  await using again = new Program("client", words, options);
  await again.line("is not used");
  await again.line("300 files: 0 stored, 300 unchanged");
  assertEquals(await again.status(), 0);
  assertEquals((await status()).last, "300 files: 0 stored, 300 unchanged");
});
