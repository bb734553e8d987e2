/** Commands against the real server, each as the words that a user types. */
import { join } from "node:path";
import { Identities } from "../../lib/client/identity.ts";
import { connect, LocalError } from "../../lib/client/mod.ts";
import { parseFlags } from "../../lib/terminal/arguments.ts";
import { CLIENT_FLAGS, CLIENT_WORDS } from "../../lib/terminal/client_flags.ts";
import { splitCommand } from "../../lib/terminal/split_command.ts";
import type { Context } from "../../lib/terminal/commands/command.ts";
import { runCommand } from "../../lib/terminal/run_command.ts";
import type { FailureJson } from "../../lib/terminal/json.ts";
import type { Outlet } from "../../lib/terminal/output.ts";
import type { ScreenOptions } from "../../lib/terminal/screen.ts";
import { Stopped } from "../../lib/terminal/stopping.ts";
import { UsageError } from "../../lib/terminal/values.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../assert.ts";
import { RunningServer, temporaryRoot } from "../server/running_server.ts";
import { eventually } from "../server/waiting.ts";
import { digestOf } from "../../lib/content/digest.ts";
import {
  offerLine,
  type Peer,
  receiptLine,
  ScriptedDepot,
  TempFolder,
} from "../client/scripted_depot.ts";
import { KeptScreen } from "./kept_screen.ts";

const onWindows = Deno.build.os === "windows";

/** What a command left. */
interface Ran {
  status: number;
  out: string;
  err: string;
  bytes: Uint8Array;
}

/** A user at a folder of their own, and a depot with three places. */
class User implements AsyncDisposable {
  stdin: Uint8Array = new Uint8Array();
  confirm: Context["confirm"] = null;
  signal: AbortSignal = new AbortController().signal;
  screen: Partial<ScreenOptions> = {};
  /** Another machine's. */
  identityFolder: string | null = null;

  private constructor(
    private readonly root: AsyncDisposable & { path: string },
    private readonly server: RunningServer,
  ) {}

  static async start(flags: Record<string, string> = {}): Promise<User> {
    const root = temporaryRoot();
    await Deno.mkdir(join(root.path, "user"));
    const places = ["d1", "d2", "d3"];
    return new User(root, await RunningServer.start(root.path, { places, flags }));
  }

  path(...parts: string[]): string {
    return join(this.root.path, "user", ...parts);
  }

  async file(name: string, data: string | Uint8Array): Promise<void> {
    await Deno.mkdir(join(this.path(name), ".."), { recursive: true });
    await Deno.writeFile(this.path(name), typeof data === "string" ? encode(data) : data);
  }

  /** Other bytes in place of a copy. */
  async spoil(place: string, digest: string): Promise<void> {
    const path = join("contents", digest.slice(0, 2), digest);
    await Deno.writeTextFile(this.server.inside(place, path), "HELLO");
  }

  async run(...args: string[]): Promise<Ran> {
    const { command, rest } = splitCommand(args, CLIENT_WORDS)!;
    const { flags, words } = parseFlags({ ...CLIENT_FLAGS, ...command.flags }, rest);
    const kept = new KeptScreen({ quiet: (flags as { quiet: boolean }).quiet, ...this.screen });
    const written: Uint8Array[] = [];
    const identityFolder = this.identityFolder ?? join(this.root.path, "config");
    const address = { hostname: "127.0.0.1", port: this.server.port };
    const link = await connect(address, { identityFolder });
    using _link = link;
    const context: Context = {
      screen: kept.screen,
      json: (flags as { json: boolean }).json,
      signal: this.signal,
      link: () => Promise.resolve(link),
      server: null,
      identities: () => new Identities(identityFolder),
      path: (text) => text.startsWith("/") ? text : this.path(text),
      stdin: new Blob([this.stdin as BlobPart]).stream(),
      stdout: {
        write: (data) => {
          written.push(data.slice());
          return Promise.resolve(data.length);
        },
      },
      confirm: this.confirm,
    };
    const status = await runCommand(command, { flags, words }, context);
    const bytes = new Uint8Array(await new Blob(written as BlobPart[]).arrayBuffer());
    return { status, out: kept.out, err: kept.err, bytes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    await this.root[Symbol.asyncDispose]();
  }
}

const encode = (text: string) => new TextEncoder().encode(text);

Deno.test(
  "a folder goes in and comes back with one command each",
  { ignore: onWindows },
  async () => {
    await using user = await User.start();
    const odd = "we|ird: 100% 😀\n" + "n".repeat(200);
    for (const name of ["F/a", "F/sub/b", "F/sub/deep/c", `F/${odd}`]) await user.file(name, name);
    await user.file("F/zero", "");
    await user.file("F/big", crypto.getRandomValues(new Uint8Array(60_000)));
    await Deno.chmod(user.path("F/a"), 0o755);
    await Deno.utime(user.path("F/a"), 1, new Date(981_173_106_789));
    await Deno.mkdir(user.path("F/empty"));
    await Deno.symlink("a", user.path("F/link"));

    const deposited = await user.run("deposit", "F", "--replicas", "2");
    assertEquals(deposited.status, 0);
    assertMatch(deposited.out, /^stored F\/a \(3 B\): 2 of 2 on d\d, d\d$/m);
    assertMatch(deposited.err, /not kept: .*empty: an empty folder\n/);
    assertMatch(deposited.err, /not kept: .*link: a link\n/);
    assertMatch(deposited.err, /^6 files stored, 2 not kept$/m);

    const retrieved = await user.run("retrieve", "F/", "--output", "out");
    assertEquals([retrieved.status, retrieved.err], [0, "6 files retrieved\n"]);
    for (const name of ["a", "sub/b", "sub/deep/c", odd, "zero", "big"]) {
      assertEquals(
        await Deno.readFile(user.path("out/F", name)),
        await Deno.readFile(user.path("F", name)),
      );
    }
    const { mode, mtime } = await Deno.stat(user.path("out/F/a"));
    assertEquals([mode! & 0o111, mtime!.getTime()], [0o111, 981_173_106_789]);
    assertEquals((await Deno.stat(user.path("out/F/sub/b"))).mode! & 0o111, 0);

    await Deno.writeTextFile(user.path("out/F/zero"), "changed");
    const again = await user.run("retrieve", "--all", "--output", "out");
    assertEquals(again.status, 1);
    assertMatch(again.err, /could not retrieve F\/zero: .*--force/);
    assertEquals(again.out.match(/^left /gm)!.length, 5);
    assertEquals((await user.run("retrieve", "--all", "--output", "out", "--force")).status, 0);
    assertEquals(await Deno.readTextFile(user.path("out/F/zero")), "");

    const removed = await user.run("remove", "F/", "--yes", "--json");
    assertEquals(JSON.parse(removed.out).removed.length, 6);
    assertEquals((await user.run("list", "--json")).out, "[]\n");
  },
);

Deno.test("names, outputs and standard streams are what the words say", async () => {
  await using user = await User.start();
  await user.file("x/a.txt", "hello");
  assertEquals((await user.run("deposit", "x/a.txt")).status, 0);
  assertEquals((await user.run("deposit", "x/a.txt", "--name", "docs/")).status, 0);
  assertEquals((await user.run("deposit", "x", "--name", "other/y/")).status, 0);
  user.stdin = crypto.getRandomValues(new Uint8Array(65_000));
  assertEquals((await user.run("deposit", "-", "--name", "--odd")).status, 0);
  const { out } = await user.run("list", "--json");
  const names = JSON.parse(out).map(({ name }: { name: string }) => name);
  assertEquals(names, ["--odd", "a.txt", "docs/a.txt", "other/y/a.txt"]);

  const piped = await user.run("retrieve", "--output", "-", "--", "--odd");
  assertEquals([piped.bytes, piped.out], [user.stdin, ""]);
  await user.run("retrieve", "docs/a.txt", "--output", "b.txt");
  assertEquals(await Deno.readTextFile(user.path("b.txt")), "hello");
  await Deno.mkdir(user.path("dir"));
  await user.run("retrieve", "docs/a.txt", "--output", "dir");
  assertEquals(await Deno.readTextFile(user.path("dir/docs/a.txt")), "hello");
  await user.run("retrieve", "a.txt");
  assertEquals(await Deno.readTextFile(user.path("a.txt")), "hello");
});

Deno.test("JSON of every command is what scripts were promised", async () => {
  await using user = await User.start();
  await user.file("a.txt", "hello");
  const deposited = await user.run("deposit", "a.txt", "absent", "--json", "--replicas", "2");
  assertEquals(deposited.status, 1);
  const [stored, failed] = JSON.parse(deposited.out);
  assertEquals(Object.keys(stored), [
    "name",
    "size",
    "sha256",
    "version",
    "depositedAt",
    "replicas",
    "places",
    "unchanged",
  ]);
  assertEquals([stored.name, stored.size, stored.replicas], ["a.txt", 5, { wanted: 2, live: 2 }]);
  assertEquals([failed.name, Object.keys(failed.error)], ["absent", ["code", "message"]]);

  const retrieved = await user.run("retrieve", "a.txt", "absent", "--output", "out", "--json");
  const [file, none] = JSON.parse(retrieved.out);
  assertEquals([retrieved.status, file.path], [1, user.path("out/a.txt")]);
  assertEquals([none.name, none.error.code], ["absent", "nao_encontrado"]);

  const changed = await user.run("replicas", "a.txt", "3", "--json");
  assertEquals([changed.status, JSON.parse(changed.out).replicas], [0, { wanted: 3, live: 3 }]);
  const { files, bytes, places, repair, scrub } = JSON.parse(
    (await user.run("status", "--json")).out,
  );
  assertEquals([files, bytes, places.length, places[0].state], [1, 5, 3, "online"]);
  const counts = ["queued", "running", "deficit", "damaged", "aside", "short", "waiting"];
  assertEquals(Object.keys(repair), counts);
  assertEquals([scrub.checked, scrub.periodMs], [1, 7 * 24 * 3_600_000]);
  const short = await user.run("list", "--short", "--json");
  assertEquals([short.status, JSON.parse(short.out)], [0, []]);
  const status = JSON.parse((await user.run("status", "a.txt", "--json")).out);
  assertEquals(status.repair, { state: "complete", inMs: null });
  assertEquals(status.copies.map(({ state }: { state: string }) => state), [
    "good",
    "good",
    "good",
  ]);
  assertMatch(JSON.parse((await user.run("id", "--json")).out).id, /^[0-9a-f-]{36}$/);
  const removed = await user.run("remove", "a.txt", "absent", "--yes", "--json");
  const { removed: names, failed: failures } = JSON.parse(removed.out);
  assertEquals([removed.status, names, failures[0].name], [1, ["a.txt"], "absent"]);
});

Deno.test("more replicas than places are refused with what is possible, or fewer are taken", async () => {
  await using user = await User.start();
  await user.file("a.txt", "hello");
  const refused = await user.run("deposit", "a.txt", "--replicas", "4");
  assertEquals(refused.status, 1);
  assertMatch(refused.err, /ask for 3, or deposit it with --allow-fewer\n$/);
  const fewer = await user.run("deposit", "a.txt", "--replicas", "4", "--allow-fewer");
  assertEquals(fewer.status, 0);
  assertMatch(fewer.out, /3 of 4 on .*, the rest when holders or disks come/);
  // The number stays; nobody asked for it now, so it is no reason to refuse, and is not hidden.
  const again = await user.run("deposit", "a.txt");
  assertEquals(again.status, 3);
  assertMatch(again.out, /3 of 4 on .*, the rest when holders or disks come/);
});

Deno.test("fewer copies than asked are a status of their own, unless they were allowed", async () => {
  await using folder = new TempFolder();
  const path = await folder.file("a", "hello");
  const digest = digestOf("hello");
  const script = async (peer: Peer) => {
    await peer.hello();
    while (await peer.connection.readLine() !== null) {
      await peer.connection.readLine();
      await peer.body();
      await peer.say(offerLine(), receiptLine({ digest, size: 5, wanted: 3, replicas: 2 }));
    }
  };
  await using depot = new ScriptedDepot(script);
  using link = depot.link();
  const run = async (...args: string[]) => {
    const { command, rest } = splitCommand(["deposit", path, ...args], CLIENT_WORDS)!;
    const kept = new KeptScreen();
    const call = parseFlags({ ...CLIENT_FLAGS, ...command.flags }, rest);
    const status = await runCommand(command, call, {
      screen: kept.screen,
      json: false,
      signal: new AbortController().signal,
      link: () => Promise.resolve(link),
      server: null,
      identities: () => {
        throw new LocalError("identidade", "There is no folder");
      },
      path: (text) => text,
      stdin: new ReadableStream(),
      stdout: Deno.stdout,
      confirm: null,
    });
    return [status, /fewer copies than asked/.test(kept.err)];
  };
  assertEquals(await run(), [3, true]);
  assertEquals(await run("--wait", "2"), [0, false]);
  assertEquals(await run("--allow-fewer"), [0, true]);
});

Deno.test("a folder that is deposited again says what was stored and what is unchanged", async () => {
  await using user = await User.start();
  for (const name of ["F/a", "F/b", "F/c"]) await user.file(name, name);
  assertEquals((await user.run("deposit", "F")).err, "3 files stored\n");
  await user.file("F/b", "changed");
  const again = await user.run("deposit", "F", "--replicas", "2");
  assertEquals([again.status, again.err], [0, "3 files: 1 stored, 2 unchanged\n"]);
  assertMatch(again.out, /^stored F\/b \(7 B\): 2 of 2 on d\d, d\d\n$/);
  const json = JSON.parse((await user.run("deposit", "F", "--verify", "--json")).out);
  assertEquals(
    json.map((file: Record<string, unknown>) => [file.name, file.unchanged, file.replicas]),
    ["F/a", "F/b", "F/c"].map((name) => [name, true, { wanted: 2, live: 2 }]),
  );
  const fewer = await user.run("deposit", "F", "--replicas", "9", "--allow-fewer", "--quiet");
  assertEquals([fewer.status, fewer.out], [0, ""]);
  assertMatch(fewer.err, /^deposito: 3 files with fewer copies than asked/);
});

Deno.test(
  "what would be refused for every file is refused once, and each file is told of in JSON",
  { ignore: onWindows },
  async () => {
    await using user = await User.start();
    for (let index = 0; index < 100; index++) await user.file(`F/${index}`, `${index}`);
    await Deno.symlink("0", user.path("F/link"));
    const refused = await user.run("deposit", "F", "--replicas", "9");
    assertEquals([refused.status, refused.out], [1, ""]);
    assertMatch(refused.err, /^deposito: not kept: .*link: a link\n/);
    assertMatch(refused.err, /\ndeposito: 100 files not deposited: .* only 3 .*; first: .*F\/0\n/);
    assertMatch(refused.err, /\n0 files stored, 100 failed, 1 not kept\n$/);
    assertEquals(refused.err.split("\n").length, 4);
    const unnamed = await user.run("deposit", "F", "--name", "a//b");
    assertEquals(unnamed.status, 1);
    assertMatch(unnamed.err, /^deposito: could not deposit F: .*empty part; choose another.*\n$/);
    const codes = (out: string) => {
      const elements: { name: string; error?: { code: string } }[] = JSON.parse(out);
      return [...Map.groupBy(elements, ({ error }) => error?.code)].map(([code, of]) =>
        `${of.length} ${code}`
      ).sort();
    };
    const json = await user.run("deposit", "F", "--replicas", "9", "--json");
    assertEquals(codes(json.out), ["1 nao_guardado", "100 poucos_locais"]);
    const kept = await user.run("deposit", "F", "--json");
    assertEquals([kept.status, codes(kept.out)], [0, ["1 nao_guardado", "100 undefined"]]);

    user.signal = AbortSignal.abort(new Stopped(130));
    const ended = await user.run("deposit", "F", "--replicas", "2", "--json");
    assertEquals([ended.status, codes(ended.out)], [130, ["1 nao_guardado", "100 interrompido"]]);
    const unlisted = await user.run("retrieve", "F/1", "F/", "--json");
    assertEquals([unlisted.status, codes(unlisted.out)], [130, ["100 interrompido"]]);
    user.signal = new AbortController().signal;

    const changed = await user.run("replicas", "F/", "9");
    assertMatch(
      changed.err,
      /^deposito: 100 files not changed: .* ask for no more, .*; first: F\/0\n$/,
    );
    const nowhere = await user.run("retrieve", "F/", "--output", "F/0");
    assertMatch(nowhere.err, /^deposito: 100 files not retrieved: .*F\/0 is no folder.*\n0 files/);
    await user.run("retrieve", "F/", "--output", "out");
    await Deno.remove(user.path("out/F/1"));
    const again = await user.run("retrieve", "F/", "--output", "out");
    assertEquals(again.err, "1 file retrieved, 99 already there\n");
    const unchanged = JSON.parse((await user.run("retrieve", "F/1", "--json")).out)[0].unchanged;
    assertEquals(unchanged, true);

    let writes = 0;
    const stdout: Outlet = {
      writeSync: ({ length }) => {
        if (writes++ > 0) throw new Deno.errors.BrokenPipe("Broken pipe");
        return length;
      },
    };
    user.screen = { stdout };
    const unread = await user.run("list", "--json");
    assertEquals([unread.status, unread.err, writes], [141, "", 2]);
  },
);

Deno.test("several files are removed after a yes only", async () => {
  await using user = await User.start();
  await user.file("F/a", "1");
  await user.file("F/b", "2");
  await user.run("deposit", "F");
  await assertRejects(() => user.run("remove", "F/"), UsageError, "Missing --yes");
  await assertRejects(() => user.run("remove", "F/a", "F/b"), UsageError, "Missing --yes");
  const asked: string[] = [];
  user.confirm = (question) => Promise.resolve(asked.push(question) > 1);
  assertEquals((await user.run("remove", "F/")).status, 1);
  assertEquals(JSON.parse((await user.run("list", "--json")).out).length, 2);
  assertEquals((await user.run("remove", "F/a", "F/b")).status, 0);
  assertEquals(asked, ["Remove 2 files?", "Remove 2 files?"]);
  const none = await user.run("remove", "F/", "--yes");
  assertEquals([none.status, /no file below it/.test(none.err)], [1, true]);
});

Deno.test("words that cannot be meant are refused before anything is done", async () => {
  await using user = await User.start();
  await user.file("x/a", "1");
  await user.file("y/a", "2");
  const wrong: [string[], string][] = [
    [["deposit"], "Missing PATH"],
    [["deposit", "-"], "Missing --name"],
    [["deposit", "x/a", "y/a"], "Two paths would be named a"],
    [["deposit", "x/a", "y/a", "--name", "b"], "--name is for one PATH"],
    [["deposit", "x/a", "--replicas", "0"], "is no number of replicas"],
    [["deposit", "x/a", "--replicas", "two"], "is no number of replicas"],
    [["retrieve"], "Missing NAME"],
    [["retrieve", "a", "--all"], "--all takes no NAME"],
    [["retrieve", "a/", "--output", "-"], "standard output holds one file"],
    [["replicas", "3"], "Missing words"],
    [["list", "a", "b"], "one PREFIX/ at most"],
    [["status", "a", "b"], "one NAME at most"],
    [["id", "x"], "takes no words"],
    [["id", "--force"], "--force needs --import"],
    [["id", "--import", "me.txt", "--output", "x"], "--output needs --export"],
  ];
  for (const [words, complaint] of wrong) {
    await assertRejects(() => user.run(...words), UsageError, complaint);
  }
  assertEquals((await user.run("list", "--json")).out, "[]\n");
});

Deno.test("a file that cannot become a path is named, and the others come", async () => {
  await using user = await User.start();
  await user.file("a", "1");
  await user.run("deposit", "a");
  await user.run("deposit", "a", "--name", "a/b");
  const { status, err } = await user.run(
    "retrieve",
    "a",
    "a/b",
    "--output",
    "out/",
    "--connections",
    "1",
  );
  assertEquals(status, 1);
  assertMatch(err, /could not retrieve a\/b: .*no folder: move it away/);
  assert((await Deno.stat(user.path("out/a"))).isFile);
});

Deno.test("what was removed is listed and comes back, or is gone for ever after a yes", async () => {
  await using user = await User.start({ "keep-removed": "24h" });
  await user.file("F/a", "1");
  await user.file("F/b", "2");
  await user.run("deposit", "F");
  await user.file("F/a", "three");
  await user.run("deposit", "F/a", "--name", "F/a");
  assertMatch((await user.run("restore", "F/c")).err, /see what can be .*list --removed`$/m);
  const removed = await user.run("remove", "F/", "--yes");
  assertMatch(removed.err, /until \d{4}-.*restore.*brings back/);
  const { out } = await user.run("list", "--removed", "F/");
  assertMatch(out, /^NAME +VERSION +SIZE +REMOVED +KEPT UNTIL\nF\/a +1 +1 B.*\nF\/a +2 +5 B/);
  const listed = JSON.parse((await user.run("list", "--removed", "--json")).out);
  assertEquals(
    listed.map(({ name, version }: { name: string; version: number }) => [name, version]),
    [
      ["F/a", 1],
      ["F/a", 2],
      ["F/b", 1],
    ],
  );
  assertMatch(listed[0].keptUntil, /^\d{4}-.*Z$/);

  user.signal = AbortSignal.abort(new Stopped(130));
  const ended = await user.run("restore", "F/", "--json");
  assertEquals(
    [ended.status, JSON.parse(ended.out).map(({ name, error }: FailureJson) => [name, error.code])],
    [130, [["F/a", "interrompido"], ["F/b", "interrompido"]]],
  );
  user.signal = new AbortController().signal;
  const restored = await user.run("restore", "F/");
  assertEquals(restored.err, "2 files restored\n");
  assertEquals([restored.status, restored.out.match(/^restored version/gm)?.length], [0, 2]);
  const left = await user.run("restore", "F/");
  assertEquals([left.status, left.out], [0, ""]);
  assertMatch(left.err, /left 1 name with a file; --force replaces/);
  const taken = await user.run("restore", "F/a", "--version", "1");
  assertEquals(taken.status, 1);
  assertMatch(taken.err, /could not restore F\/a: .*--force/);
  const first = await user.run("restore", "F/a", "--version", "1", "--force", "--json");
  assertEquals([JSON.parse(first.out)[0].size, JSON.parse(first.out)[0].version], [1, 3]);
  const absent = await user.run("restore", "none", "--json");
  const [{ error }] = JSON.parse(absent.out);
  assertEquals([absent.status, error.code], [1, "nao_encontrado"]);
  assertMatch(error.message, /list --removed`$/);

  await assertRejects(() => user.run("remove", "F/a", "--forever"), UsageError, "Missing --yes");
  const asked: string[] = [];
  user.confirm = (question) => Promise.resolve(asked.push(question) > 0);
  assertEquals((await user.run("remove", "F/", "--forever")).status, 0);
  assertEquals(asked, ["Remove 2 files for ever?"]);
  assertEquals((await user.run("list", "--removed", "--json")).out, "[]\n");
});

Deno.test("a folder's name without its / is answered with what to type", async () => {
  await using user = await User.start({ "keep-removed": "24h" });
  await user.file("web/a", "1");
  await user.file("web/b", "2");
  await user.file("webby", "3");
  await user.run("deposit", "web", "webby");
  const commands = [
    ["retrieve", "web"],
    ["retrieve", "web", "--output", "-"],
    ["remove", "web"],
    ["replicas", "web", "2"],
    ["rename", "web", "net"],
  ];
  for (const words of commands) {
    const { status, err } = await user.run(...words);
    assertEquals(status, 1);
    assertMatch(err, /There is no such file; did you mean "web\/" \(2 files\)\?\n/, words[0]);
  }
  assertMatch((await user.run("retrieve", "we")).err, /no such file; see the names with/);
  const [{ error }] = JSON.parse((await user.run("retrieve", "web", "--json")).out);
  assertEquals(error.code, "nao_encontrado");
  assertMatch(error.message, /did you mean "web\/"/);
  await user.run("remove", "web/", "--yes");
  assertMatch((await user.run("restore", "web")).err, /; did you mean "web\/" \(2 files\)\?\n/);
});

Deno.test("rename takes a file or a folder to another name", async () => {
  await using user = await User.start({ "keep-removed": "24h" });
  await user.file("F/a", "1");
  await user.file("F/b", "2");
  await user.run("deposit", "F");
  assertEquals((await user.run("rename", "F/a", "c")).out, "renamed F/a to c\n");
  assertEquals((await user.run("rename", "c", "F/")).out, "renamed c to F/c\n");
  assertEquals((await user.run("rename", "F/", "G/")).out, "renamed 2 files, F/ to G/\n");
  const taken = await user.run("rename", "G/b", "G/c");
  assertEquals(taken.status, 1);
  assertMatch(taken.err, /a file G\/c already; give --force/);
  const forced = await user.run("rename", "G/b", "G/c", "--force", "--json");
  assertEquals(JSON.parse(forced.out), { from: "G/b", to: "G/c", files: 1, replaced: 1 });
  const absent = await user.run("rename", "none", "x", "--json");
  assertEquals([absent.status, JSON.parse(absent.out).error.code], [1, "nao_encontrado"]);
  await assertRejects(() => user.run("rename", "a"), UsageError, "rename OLD NEW");
  await assertRejects(() => user.run("rename", "F/", "G"), UsageError, "ends in /: G/");
  await assertRejects(() => user.run("restore", "F/", "--version", "1"), UsageError, "one NAME");
});

Deno.test("status --verify looks at each copy, says how it is, and bad ones are made anew", async () => {
  await using user = await User.start();
  await user.file("a", "hello");
  await user.run("deposit", "a", "--replicas", "3");
  const good = await user.run("status", "a", "--verify");
  assertEquals(good.status, 0);
  assertMatch(
    good.out,
    /^verified a \(5 B\): 3 of 3 .*\n\nPLACE +COPY +TOOK +ZONE\nd\d +good +\d+\.\d s/,
  );
  await user.spoil("d2", digestOf("hello"));
  const bad = await user.run("status", "a", "--verify", "--json");
  assertEquals(bad.status, 3);
  const { copies } = JSON.parse(bad.out);
  const states = copies.map(({ name, state }: { name: string; state: string }) => [name, state]);
  assertEquals(states.sort(), [["d1", "good"], ["d2", "damaged"], ["d3", "good"]]);
  await eventually("it is made anew", async () => {
    return (await user.run("status", "a", "--verify")).status === 0;
  });
  await assertRejects(() => user.run("status", "--verify"), UsageError, "--verify needs a NAME");
});

Deno.test("an identity goes to another machine as a file, and replaces no other unasked", async () => {
  await using user = await User.start();
  await user.file("a", "hello");
  await user.run("deposit", "a");
  const { out: id } = await user.run("id");
  assertEquals((await user.run("id", "--export", "--output", "me.txt")).status, 0);
  if (!onWindows) assertEquals((await Deno.stat(user.path("me.txt"))).mode! & 0o777, 0o600);
  const again = await user.run("id", "--export", "--output", "me.txt");
  assertEquals([again.status, /is there already/.test(again.err)], [1, true]);
  const printed = await user.run("id", "--export");
  assertEquals(printed.out, await Deno.readTextFile(user.path("me.txt")));
  assertMatch(printed.err, /this machine only/);

  user.identityFolder = user.path("other machine");
  const refused = await user.run("id", "--import", "me.txt");
  assertEquals(refused.status, 1);
  assertMatch(refused.err, /Nothing was imported: .*another identifier.*--force/);
  assertEquals((await user.run("list", "--json")).out, "[]\n");
  user.stdin = encode(printed.out);
  const imported = await user.run("id", "--import", "-", "--force");
  assertEquals([imported.status, imported.out], [0, `remembered ${id}`]);
  assertMatch(imported.err, /remembered before is now in .*\.old\.json/);
  assertEquals((await user.run("id")).out, id);
  assertMatch((await user.run("list")).out, /^a /m);
  assertEquals((await user.run("id", "--import", "me.txt", "--json")).status, 0);

  await user.file("wrong.txt", printed.out.replace(/host:127/, "host:128"));
  const wrong = await user.run("id", "--import", "wrong.txt", "--json");
  assertEquals([wrong.status, JSON.parse(wrong.out).error.code], [1, "identidade"]);
  assertEquals((await user.run("id", "--import", "absent.txt")).status, 1);
  await assertRejects(() => user.run("id", "--output", "x"), UsageError, "needs --export");
});
