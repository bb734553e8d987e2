// @ts-check
/**
 * A whole store for Deposito, to copy and change: replicas as files in one folder. The other half,
 * folder_files.js, reads and writes the files.
 *
 *     deposito server --store './folder_store.js?dir=/mnt/usb&name=usb&zone=desk'
 *
 * Neither imports anything of Deposito: the types are comments, for editors and `deno check`. What
 * a store promises is in stores/store.ts; stores/README.md says how to test your own. On disk:
 *
 *     place.json            which place of which depot this is; written last, so the rest is there
 *     contents/ab/<digest>  replicas
 *     parts/<upload>        uploads that did not commit
 *     aside/<digest>.<ms>   copies moved out of the way, and when
 *
 * @import { Place, ReadRange, Store, StoreContext } from "../stores/store.ts"
 */
import { createHash } from "node:crypto";
import * as fs from "node:fs/promises";
import { basename, dirname, isAbsolute, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  folderReader,
  folderWriter,
  ifThere,
  named,
  namesIn,
  pieces,
  prepare,
  readMark,
  syncFolder,
  writeMark,
} from "./folder_files.js";

/** The contract that this store is written for; a program that has another one refuses it. */
export const contract = 1;

const LOOK_EVERY_MS = 2_000;
const OPTIONS = ["dir", "name", "zone"];

/** Ids and digests are checked where they become names of files. */
const ID = /^[0-9A-Za-z-]{1,64}$/;
const DIGEST = /^[0-9a-f]{64}$/;
const SHARD = /^[0-9a-f]{2}$/;
const ASIDE = /^[0-9a-f]{64}\.[0-9]{1,15}$/;

/**
 * Called once, at the start. What it throws stops the server and is shown to the operator.
 * @param {URLSearchParams} options what stood after the `?`
 * @param {StoreContext} context
 * @returns {Promise<Store>}
 */
export default async function folderStore(options, context) {
  const unknown = [...options.keys()].find((key) => !OPTIONS.includes(key));
  if (unknown) throw new Error(`unknown option ${unknown}; known are ${OPTIONS.join(", ")}`);
  const given = options.get("dir") ?? "";
  // Where the server runs need not be where its operator stands.
  if (!isAbsolute(given)) throw new Error("the option dir must be an absolute path");
  const dir = await ifThere(fs.realpath(given)) ?? given;
  const found = await readMark(dir);
  if (found && found.depot !== context.depot) throw new Error(`${dir} is of depot ${found.depot}`);
  // A known place without its mark is a disk that is not mounted, not a new one: make nothing.
  if (found || !context.known(dir)) await prepare(dir, context.depot);
  else context.warn(`${dir} has no place.json: is its disk mounted? The place joins when it is`);

  const closing = new AbortController();
  return {
    kind: "folder",
    async *places(signal) {
      const ending = AbortSignal.any([signal, closing.signal]);
      let id = "";
      for (let looks = 0; !ending.aborted; looks++) {
        const mark = await readMark(dir).catch(() => null);
        if (id !== "" && mark?.place !== id) {
          yield { type: "left", id, why: "lost" };
          id = "";
        } else if (id === "" && mark?.depot === context.depot) {
          id = mark.place;
          const zone = options.get("zone") || `disk-${(await ifThere(fs.stat(dir)))?.dev}`;
          const name = options.get("name") || basename(dir);
          yield { type: "joined", place: folderPlace(dir, { id, name, zone }) };
        }
        // Also when nothing joined: the server listens from then on.
        if (looks === 0 && !ending.aborted) yield { type: "ready" };
        await sleep(LOOK_EVERY_MS, null, { signal: ending }).catch(() => {});
      }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(closing.abort()),
  };
}

/** @param {string} dir @param {{ id: string, name: string, zone: string }} about @returns {Place} */
function folderPlace(dir, about) {
  /** Uploads that have a writer. @type {Set<string>} */
  const writing = new Set();
  let lastAside = 0;
  let marking = Promise.resolve();

  /** Throws `Unreachable` unless the place is where it was: an empty mount point is not it. */
  const confirm = async () => {
    if ((await readMark(dir).catch(() => null))?.place === about.id) return;
    throw named("Unreachable", `Could not use ${dir}: its place.json is not there`);
  };
  /** @param {string} id */
  const part = (id) => join(dir, "parts", checked(id, ID));
  /** @param {string} digest */
  const content = (digest) => join(dir, "contents", checked(digest, DIGEST).slice(0, 2), digest);
  /** Set-aside copies of a content, the newest last. @param {string} digest */
  const copies = async (digest) => {
    const names = await namesIn(join(dir, "aside"), ASIDE);
    return names.filter((name) => name.startsWith(digest)).map((name) => join(dir, "aside", name));
  };
  /** @param {string} digest @param {ReadRange} range */
  const get = async (digest, range) => {
    range.signal.throwIfAborted();
    const source = range.aside ? (await copies(digest)).at(-1) : content(digest);
    const file = source === undefined ? null : await ifThere(fs.open(source, "r"));
    if (file) return await folderReader(file, range);
    // `null` says that there is none, and nobody can say that of a disk that is away.
    await confirm();
    return null;
  };

  return {
    ...about,
    address: dir,
    // This process reads the medium itself, so the depot's checks of each 1 MiB are proof enough.
    trusted: true,
    get,
    async room() {
      await confirm();
      const { blocks, bavail, bsize } = await fs.statfs(dir);
      return { capacity: blocks * bsize, free: bavail * bsize };
    },
    async begin({ id, size = 0, resume, signal }) {
      signal.throwIfAborted();
      const path = part(id);
      if (writing.has(id)) throw new Error(`Could not begin ${id}: it is being written`);
      writing.add(id);
      try {
        const { free } = await this.room();
        const kept = resume ? (await ifThere(fs.stat(path)))?.size ?? 0 : 0;
        if (size - kept > free) throw named("Full", `Could not begin: ${dir} has ${free} bytes`);
        const file = await fs.open(path, kept > 0 ? "r+" : "w+", 0o600);
        const release = () => writing.delete(id);
        return folderWriter(file, {
          part: path,
          content,
          position: kept,
          signal,
          confirm,
          release,
        });
      } catch (error) {
        writing.delete(id);
        throw error;
      }
    },
    async hash(digest, { prefix, signal }) {
      await using reader = await get(digest, { from: 0, signal });
      if (!reader) return null;
      const hash = createHash("sha256").update(prefix);
      for await (const piece of pieces(reader)) hash.update(piece);
      return hash.digest("hex");
    },
    async delete(digest) {
      await confirm();
      await fs.rm(content(digest), { force: true });
    },
    async setAside(digest) {
      await confirm();
      const newest = Number((await copies(digest)).at(-1)?.split(".").at(-1) ?? 0);
      // A name of its own for each, whatever the clock does: no copy takes the place of another.
      lastAside = Math.max(Date.now(), newest + 1, lastAside + 1);
      await ifThere(fs.rename(content(digest), join(dir, "aside", `${digest}.${lastAside}`)));
      // The new name first: after a power cut in between there are two names and not none.
      await syncFolder(join(dir, "aside"));
      await ifThere(syncFolder(dirname(content(digest))));
    },
    async *asides() {
      await confirm();
      const names = await namesIn(join(dir, "aside"), ASIDE);
      for (const [at, name] of names.entries()) {
        const [digest = "", since] = name.split(".");
        if (names[at + 1]?.startsWith(digest)) continue;
        const info = await ifThere(fs.stat(join(dir, "aside", name)));
        if (info) yield { digest, size: info.size, since: Number(since) };
      }
    },
    async dropAside(digest) {
      await confirm();
      for (const copy of await copies(digest)) await fs.rm(copy, { force: true });
    },
    async *list({ after = "", signal }) {
      signal.throwIfAborted();
      const contents = join(dir, "contents");
      for (const shard of await namesIn(contents, SHARD)) {
        if (shard < after.slice(0, 2)) continue;
        // One of 256 folders is in memory at a time.
        for (const digest of await namesIn(join(contents, shard), DIGEST)) {
          signal.throwIfAborted();
          const info = digest > after ? await ifThere(fs.stat(content(digest))) : null;
          if (info) yield { digest, size: info.size };
        }
      }
      // A list that the disk left in the middle of is not the whole one.
      await confirm();
    },
    async *uploads() {
      await confirm();
      for (const id of await namesIn(join(dir, "parts"), ID)) {
        const info = writing.has(id) ? null : await ifThere(fs.stat(part(id)));
        if (info) yield { id, bytes: info.size };
      }
    },
    async discard(id) {
      if (writing.has(id)) throw new Error(`Could not discard ${id}: it is being written`);
      await fs.rm(part(id), { force: true });
    },
    async mark() {
      const found = await readMark(dir);
      return found && { depot: found.depot, sequence: found.sequence };
    },
    async setMark(mark) {
      await confirm();
      // One after the other: the temporary name is the same.
      const done = marking.then(() => writeMark(dir, { ...mark, place: about.id }));
      marking = done.catch(() => {});
      await done;
    },
  };
}

/** @param {string} name @param {RegExp} shape */
function checked(name, shape) {
  if (shape.test(name)) return name;
  throw new TypeError(`Could not use ${JSON.stringify(name)} as a name`);
}
