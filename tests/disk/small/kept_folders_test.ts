import { KeptFolders } from "../../../lib/disk/small/kept_folders.ts";
import { assertEquals, assertRejects, assertThrows } from "../../assert.ts";
import { temporaryFolder } from "../bench.ts";

/** Windows syncs no folders. */
const ignore = Deno.build.os === "windows";

/** The inodes of what this process syncs, in order. */
class Syncs implements Disposable {
  readonly seen: (number | null)[] = [];
  readonly #sync = Deno.FsFile.prototype.sync;
  /** Thrown by the next sync. */
  failure: Error | null = null;

  constructor() {
    const see = (file: Deno.FsFile) => {
      this.seen.push(file.statSync().ino);
      const { failure } = this;
      this.failure = null;
      return failure ? Promise.reject(failure) : this.#sync.call(file);
    };
    Deno.FsFile.prototype.sync = function () {
      return see(this);
    };
  }

  [Symbol.dispose](): void {
    Deno.FsFile.prototype.sync = this.#sync;
  }
}

/** How many folders this process opens while `action` runs. */
async function opens(action: () => Promise<void>): Promise<number> {
  const { openSync } = Deno;
  let count = 0;
  Deno.openSync = (...args) => {
    count++;
    return openSync(...args);
  };
  try {
    await action();
  } finally {
    Deno.openSync = openSync;
  }
  return count;
}

Deno.test({
  name: "a folder is opened once for many syncs, and anew when another has its path",
  ignore,
  async fn() {
    await using temporary = await temporaryFolder();
    using folders = new KeptFolders();
    using syncs = new Syncs();
    const path = `${temporary.path}/shard`;
    Deno.mkdirSync(path);
    const first = Deno.statSync(path).ino;
    const sync = () => folders.open(path)();
    assertEquals([await opens(sync), await opens(sync)], [1, 0]);
    Deno.renameSync(path, `${path}.old`);
    Deno.mkdirSync(path);
    const second = Deno.statSync(path).ino;
    assertEquals([await opens(sync), await opens(sync)], [1, 0]);
    assertEquals(syncs.seen, [first, first, second, second]);
    Deno.removeSync(path);
    assertThrows(() => folders.open(path), Deno.errors.NotFound);
  },
});

Deno.test({
  name: "a folder whose sync failed is opened anew for the next",
  ignore,
  async fn() {
    await using temporary = await temporaryFolder();
    using folders = new KeptFolders();
    using syncs = new Syncs();
    const sync = () => folders.open(temporary.path)();
    await sync();
    syncs.failure = new Error("the disk is broken");
    await assertRejects(sync, Error, "the disk is broken");
    assertEquals(await opens(sync), 1);
  },
});

Deno.test({
  name: "folders that nobody syncs any more are closed",
  ignore,
  async fn() {
    await using temporary = await temporaryFolder();
    using folders = new KeptFolders(1);
    const sync = () => folders.open(temporary.path)();
    await sync();
    folders.rest();
    while (await opens(sync) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  },
});
