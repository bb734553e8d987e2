import { digestOf } from "../../../lib/content/digest.ts";
import type { SmallContent } from "../../../lib/disk/small/border.ts";
import { commitGroup } from "../../../lib/disk/small/group.ts";
import { KeptFolders } from "../../../lib/disk/small/kept_folders.ts";
import { assert, assertEquals } from "../../assert.ts";
import { exists, getText, open, temporaryFolder } from "../bench.ts";

const ON_WINDOWS = Deno.build.os === "windows";

function contentOf(text: string): SmallContent {
  const bytes = new TextEncoder().encode(text);
  return { id: crypto.randomUUID(), digest: digestOf(bytes), bytes };
}

/** Texts whose contents lie in folders of which at least one has two. */
const TEXTS = Array.from({ length: 40 }, (_, index) => `text ${index}`);

/** What is done to the disk in this process, in order; a sync is seen when it ends. */
class Steps implements Disposable {
  readonly seen: string[] = [];
  readonly #undo: (() => void)[] = [];

  constructor() {
    const { prototype } = Deno.FsFile;
    const seen = this.seen;
    const { rename } = { rename: Deno.renameSync };
    this.#replace(
      prototype,
      "writeSync",
      (write) =>
        function (this: Deno.FsFile, bytes: Uint8Array) {
          seen.push(`write ${this.statSync().ino}`);
          return write.call(this, bytes);
        },
    );
    for (const name of ["syncData", "sync"] as const) {
      this.#replace(prototype, name, (sync) =>
        async function (this: Deno.FsFile) {
          const { ino } = this.statSync();
          seen.push(`begin ${name} ${ino}`);
          await sync.call(this);
          seen.push(`end ${name} ${ino}`);
        });
    }
    this.#replace(Deno, "renameSync", () => (from: string | URL, to: string | URL) => {
      seen.push(`rename ${Deno.statSync(from).ino}`);
      rename(from, to);
    });
  }

  [Symbol.dispose](): void {
    for (const undo of this.#undo) undo();
  }

  #replace<T extends object, K extends keyof T>(owner: T, name: K, make: (old: T[K]) => T[K]) {
    const old = owner[name];
    owner[name] = make(old);
    this.#undo.push(() => owner[name] = old);
  }
}

Deno.test({
  name: "each content of a group is written, synced, named, and its folder synced, in this order",
  ignore: ON_WINDOWS,
  async fn() {
    await using folder = await temporaryFolder();
    await using disk = await open(folder.path);
    using folders = new KeptFolders();
    const contents = TEXTS.map(contentOf);
    using steps = new Steps();
    const outcomes = await commitGroup({ layout: disk.layout, folders }, contents);
    const { seen } = steps;
    const first = (step: string) => {
      assert(seen.includes(step), `${step} is not among ${seen}`);
      return seen.indexOf(step);
    };
    const shards = new Set<number>();
    for (const { digest } of contents) {
      const { ino } = Deno.statSync(disk.layout.content(digest));
      const shard = Deno.statSync(disk.layout.shard(digest)).ino!;
      shards.add(shard);
      const order = [
        first(`write ${ino}`),
        first(`begin syncData ${ino}`),
        first(`end syncData ${ino}`),
        first(`rename ${ino}`),
        first(`begin sync ${shard}`),
        first(`end sync ${shard}`),
      ];
      assertEquals(order, order.toSorted((a, b) => a - b));
    }
    assert(shards.size < contents.length, "some share a folder");
    const synced = seen.filter((step) => step.startsWith("begin sync ")).length;
    assertEquals(synced, shards.size, "a folder is synced once");
    assertEquals(outcomes, contents.map(() => ({ value: "durable" })));
    const texts = await Promise.all(contents.map(({ digest }) => getText(disk, digest)));
    assertEquals(texts, TEXTS);
  },
});

Deno.test("a content of a group that fails fails alone, and one without its folder comes back", async () => {
  await using folder = await temporaryFolder();
  await using disk = await open(folder.path);
  using folders = new KeptFolders();
  const contents = ["before", "in the way", "homeless", "after"].map(contentOf);
  const [before, inTheWay, homeless, after] = contents;
  Deno.mkdirSync(`${disk.layout.content(inTheWay!.digest)}/folder`, { recursive: true });
  Deno.removeSync(disk.layout.shard(homeless!.digest), { recursive: true });
  const outcomes = await commitGroup({ layout: disk.layout, folders }, contents);
  assertEquals(outcomes[0], { value: "durable" });
  assert("error" in outcomes[1]! && outcomes[1].error.message.startsWith("Could not commit "));
  assertEquals(outcomes[2], { value: "left" });
  assertEquals(outcomes[3], { value: "durable" });
  assertEquals(await getText(disk, before!.digest), "before");
  assertEquals(await getText(disk, after!.digest), "after");
  assert(!await exists(disk.layout.content(homeless!.digest)));
});

Deno.test("a content takes the place of a rotten copy, and its part that of an older one", async () => {
  await using folder = await temporaryFolder();
  await using disk = await open(folder.path);
  using folders = new KeptFolders();
  const content = contentOf("good");
  await Deno.writeTextFile(disk.layout.content(content.digest), "rotten");
  await Deno.writeTextFile(disk.layout.part(content.id), "an older part that is longer");
  assertEquals(await commitGroup({ layout: disk.layout, folders }, [content]), [{
    value: "durable",
  }]);
  assertEquals(await getText(disk, content.digest), "good");
  assert(!await exists(disk.layout.part(content.id)));
});
