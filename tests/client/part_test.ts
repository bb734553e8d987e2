import { basename } from "node:path";
import { digestOf } from "../../lib/content/digest.ts";
import { LocalError, type StoredFile } from "../../lib/client/mod.ts";
import { download } from "../../lib/client/download.ts";
import { complaint } from "../../lib/terminal/complaint.ts";
import { partPath } from "../../lib/client/output_path.ts";
import { Part } from "../../lib/client/part.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../assert.ts";
import { smallDisk, whyNoSmallDisk } from "../server/small_disk.ts";
import { contentLine, ScriptedDepot, someBytes, TempFolder } from "./scripted_depot.ts";

const onWindows = Deno.build.os === "windows";
const DATA = someBytes(1_000_000);

const FILE: StoredFile = {
  name: "a",
  size: DATA.length,
  digest: digestOf(DATA),
  version: 1,
  depositedAt: 0,
  replicas: { wanted: 1, live: 1 },
  places: [],
  modifiedAt: null,
  executable: false,
};

const namesIn = (folder: TempFolder) =>
  Array.from(Deno.readDirSync(folder.path), ({ name }) => name).sort();

/** Gives the file; `meanwhile` is done after its first half. */
function depotWith(meanwhile: () => Promise<void>): ScriptedDepot {
  return new ScriptedDepot(async (peer) => {
    await peer.hello();
    const line = await peer.expect(/^comando:recuperar/);
    const from = Number(/posicao:(\d+)/.exec(line)![1]);
    await peer.say(contentLine({ size: FILE.size, digest: FILE.digest }));
    await peer.sendBlock(DATA.subarray(from, 500_000));
    await meanwhile();
    await peer.sendBlock(DATA.subarray(500_000));
    await peer.sendEnd(FILE.digest);
  });
}

/** Until the part has something in it. */
async function filled(part: string): Promise<void> {
  while (!((await Deno.stat(part).catch(() => null))?.size)) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

Deno.test("a part that was replaced meanwhile does not get the name", {
  ignore: onWindows,
}, async () => {
  const harms = [
    async (part: string) => {
      await Deno.remove(part);
      await Deno.writeTextFile(part, "begun by another");
    },
    (part: string) => Deno.remove(part),
  ];
  for (const harm of harms) {
    for (const force of [false, true]) {
      await using folder = new TempFolder();
      const path = `${folder.path}/a`;
      const part = partPath(path, FILE.digest);
      await using depot = depotWith(async () => {
        await filled(part);
        await harm(part);
      });
      using sessions = depot.sessions();
      const error = await assertRejects(
        () => download(sessions, FILE, { path, force }),
        LocalError,
      );
      assertEquals([error.code, namesIn(folder).includes("a")], ["arquivo_mudou", false]);
    }
  }
});

Deno.test("a retrieval to what is called as a part is refused", async () => {
  await using folder = new TempFolder();
  await using depot = new ScriptedDepot();
  using sessions = depot.sessions();
  const path = partPath(`${folder.path}/b`, "ab".repeat(32));
  const error = await assertRejects(
    () => download(sessions, FILE, { path, force: true }),
    LocalError,
    "--output",
  );
  assertEquals(error.code, "caminho_recusado");
});

Deno.test("a part that is a second name of a user's file is not written to", {
  ignore: onWindows,
}, async () => {
  await using folder = new TempFolder();
  const mine = await folder.file("mine", "precious");
  const path = `${folder.path}/a`;
  await Deno.link(mine, partPath(path, FILE.digest));
  await using depot = depotWith(() => Promise.resolve());
  using sessions = depot.sessions();
  await download(sessions, FILE, { path });
  assertEquals(await Deno.readTextFile(mine), "precious");
  assertEquals(digestOf(await Deno.readFile(path)), FILE.digest);
});

Deno.test("a part that is left over beside an equal file goes away", async () => {
  await using folder = new TempFolder();
  const path = await folder.file("a", DATA);
  await folder.file(basename(partPath(path, FILE.digest)), "begun");
  await using depot = new ScriptedDepot();
  using sessions = depot.sessions();
  assertEquals((await download(sessions, FILE, { path })).outcome, "same");
  assertEquals(namesIn(folder), ["a"]);
});

Deno.test(
  "what is neither a file nor a link is never replaced",
  { ignore: onWindows },
  async () => {
    await using folder = new TempFolder();
    const path = `${folder.path}/a`;
    await new Deno.Command("mkfifo", { args: [path] }).output();
    await using depot = new ScriptedDepot();
    using sessions = depot.sessions();
    for (const force of [true, false]) {
      const error = await assertRejects(
        () => download(sessions, FILE, { path, force }),
        LocalError,
        "neither a file nor a folder",
      );
      assertEquals(error.code, "ja_existe");
    }
    assert((await Deno.lstat(path)).isFifo);
  },
);

Deno.test("waiting for a part that is being filled says so, and ends when it is told to", async () => {
  await using folder = new TempFolder();
  const path = `${folder.path}/part`;
  await using _first = await Part.open(path);
  const stopping = new AbortController();
  const reasons: string[] = [];
  const onWait = (why: string) => {
    reasons.push(why);
    stopping.abort(new RangeError("stopped"));
  };
  await assertRejects(
    () => Part.open(path, { signal: stopping.signal, onWait }),
    RangeError,
    "stopped",
  );
  assertMatch(reasons.join(), /^waiting for another retrieval/);
});

const whyNot = await whyNoSmallDisk();

Deno.test("a part that cannot be written on says where it is", {
  ignore: whyNot !== null,
}, async () => {
  await using disk = await smallDisk(1);
  const path = `${disk.path}/part`;
  await using part = await Part.open(path);
  const error = await assertRejects(() => part.write(someBytes(2_000_000)), Error);
  assertEquals(
    complaint(error),
    `${path}: No space left on device; make room there; the same command goes on where it was`,
  );
});

Deno.test("a large part that cannot be written on says where it is, and keeps what came", {
  ignore: await whyNoSmallDisk("ext4") !== null,
}, async () => {
  await using disk = await smallDisk(64, "ext4");
  const path = `${disk.path}/part`;
  {
    await using part = await Part.open(path);
    const block = someBytes(1_048_576);
    const fill = async () => {
      while (true) await part.write(block);
    };
    const error = await assertRejects(fill, Error);
    assertEquals(
      complaint(error),
      `${path}: No space left on device; make room there; the same command goes on where it was`,
    );
  }
  assert((await Deno.stat(path)).size > 40_000_000);
});
