/**
 * What this machine remembers of who it is, one file a depot:
 *
 *     <folder>/<depot id>.json     {"version":1,"depot":UUID,"id":UUID}
 *     <folder>/addresses/<key>     the depots that have answered at an address, the last one first
 *     <folder>/lock                held while an identifier is made
 *
 * The identifier is all that it takes to read the files, so only the user can read it. It is on
 * disk before anything is deposited under it, and is never replaced by another: at most the user has
 * it moved to `<depot id>.<8 digits>.old.json`.
 */
import { join } from "node:path";
import { syncFolder } from "../disk/durable.ts";
import { isUuid } from "../protocol/mod.ts";
import { LocalError, messageOf } from "./errors.ts";
import { lockFile } from "./lock.ts";
import type { Address } from "./session.ts";

type Environment = (name: string) => string | undefined;

/** Where this system keeps the settings of a user's programs, with this program's folder. */
export function identityFolder(
  environment: Environment,
  system: typeof Deno.build.os = Deno.build.os,
): string {
  const home = environment("HOME") ?? environment("USERPROFILE");
  const inHome = (...parts: string[]) => home && join(home, ...parts);
  const base = environment("XDG_CONFIG_HOME") || {
    windows: environment("APPDATA") ?? inHome("AppData", "Roaming"),
    darwin: inHome("Library", "Application Support"),
    other: inHome(".config"),
  }[system === "windows" || system === "darwin" ? system : "other"];
  if (base) return join(base, "deposito");
  throw new LocalError(
    "identidade",
    "Could not find your settings folder: set HOME or XDG_CONFIG_HOME, or give --id",
  );
}

/** Depots that are remembered of one address, at most. */
const DEPOTS_OF_AN_ADDRESS = 16;

/** The remembered identifiers. */
export class Identities {
  /** Where they are, and other things that this machine remembers. */
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** The identifier at a depot; `null`: none is remembered. Throws `identidade`. */
  async of(depot: string): Promise<string | null> {
    const path = this.pathOf(depot);
    const text = await readIfThere(path);
    if (text === null) return null;
    await makePrivate(path);
    try {
      const { version, id } = JSON.parse(text);
      if (version === 1 && typeof id === "string" && isUuid(id)) return id;
    } catch {
      // Said below.
    }
    throw new LocalError(
      "identidade",
      `${path} is damaged: put it back from a copy, or remove it and give --id`,
    );
  }

  /**
   * Remembers `id` for `depot`, durably, unless one is remembered already. Resolves to the one that
   * is remembered now. Call it with the lock held.
   */
  async remember(depot: string, id: string): Promise<string> {
    const present = await this.of(depot);
    if (present !== null) return present;
    const path = this.pathOf(depot);
    const text = JSON.stringify({ version: 1, depot, id }) + "\n";
    await this.#writeNew(path, text);
    return await this.of(depot) ?? id;
  }

  /**
   * Moves a remembered identifier away, unless it is `id`. Resolves to where it is then, or `null`.
   * Call it with the lock held.
   */
  async moveAway(depot: string, id: string): Promise<string | null> {
    const path = this.pathOf(depot);
    const present = await this.of(depot).catch(() => "damaged");
    if (present === null || present === id) return null;
    const away = path.replace(/json$/, `${crypto.randomUUID().slice(0, 8)}.old.json`);
    try {
      await Deno.rename(path, away);
    } catch (cause) {
      throw cannotRemember(path, cause);
    }
    return away;
  }

  /** The depot that answered there last, to be believed only when it answers again. */
  async hint(address: Address): Promise<string | null> {
    return (await this.#depotsAt(address))[0] ?? null;
  }

  /** Whether that depot has answered there before. */
  async knows(address: Address, depot: string): Promise<boolean> {
    return (await this.#depotsAt(address)).includes(depot);
  }

  /** Remembers who answered there. Throws `identidade`. */
  async setHint(address: Address, depot: string): Promise<void> {
    const known = await this.#depotsAt(address);
    if (known[0] === depot) return;
    const depots = [depot, ...known.filter((other) => other !== depot)];
    const text = depots.slice(0, DEPOTS_OF_AN_ADDRESS).join("\n") + "\n";
    const path = this.#hintPath(address);
    const draft = `${path}.${crypto.randomUUID()}`;
    try {
      await Deno.mkdir(join(this.folder, "addresses"), { recursive: true, mode: 0o700 });
      await Deno.writeTextFile(draft, text, { createNew: true, mode: 0o600 });
      await Deno.rename(draft, path);
    } catch (cause) {
      await Deno.remove(draft).catch(() => {});
      throw cannotRemember(path, cause);
    }
  }

  /** Runs `work` while no other process on this machine makes an identifier. */
  async locked<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#makeFolder();
    const options = { create: true, write: true, mode: 0o600 };
    const path = join(this.folder, "lock");
    using lock = await Deno.open(path, options).catch((cause) => {
      throw cannotRemember(path, cause);
    });
    await lockFile(lock, { signal });
    return await work();
  }

  /** Where an identifier is kept, to tell the user. */
  pathOf(depot: string): string {
    if (!isUuid(depot)) throw new TypeError("Expected a depot's identifier");
    return join(this.folder, `${depot}.json`);
  }

  #hintPath({ hostname, port }: Address): string {
    const host = hostname.toLowerCase().replace(/[^a-z0-9.-]/g, "_").slice(0, 200);
    return join(this.folder, "addresses", `${host}_${port}`);
  }

  async #depotsAt(address: Address): Promise<string[]> {
    const text = await readIfThere(this.#hintPath(address));
    return (text ?? "").split("\n").filter((line) => isUuid(line));
  }

  async #makeFolder(): Promise<void> {
    try {
      await Deno.mkdir(this.folder, { recursive: true, mode: 0o700 });
      if (Deno.build.os !== "windows") await Deno.chmod(this.folder, 0o700);
    } catch (cause) {
      throw cannotRemember(this.folder, cause);
    }
  }

  /** All of it under its name, on disk, or nothing; what is there already stays. */
  async #writeNew(path: string, text: string): Promise<void> {
    const draft = `${path}.${crypto.randomUUID()}`;
    try {
      await this.#writeDraft(draft, text);
      await Deno.link(draft, path).catch(async (error) => {
        // Without links the lock alone keeps two writers apart.
        if (!(error instanceof Deno.errors.AlreadyExists)) await Deno.rename(draft, path);
      });
      await syncFolder(this.folder);
    } catch (cause) {
      throw cannotRemember(path, cause);
    } finally {
      await Deno.remove(draft).catch(() => {});
    }
  }

  async #writeDraft(draft: string, text: string): Promise<void> {
    using file = await Deno.open(draft, { createNew: true, write: true, mode: 0o600 });
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    await file.sync();
  }
}

/** Who copied the file may have let others read it. */
async function makePrivate(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  const { mode } = await Deno.stat(path).catch(() => ({ mode: null }));
  if (mode !== null && (mode & 0o077) !== 0) await Deno.chmod(path, 0o600).catch(() => {});
}

function cannotRemember(path: string, cause: unknown): LocalError {
  const words = `Could not use ${path} to remember your identifier: ${messageOf(cause)}`;
  const advice = "make it writable, or set XDG_CONFIG_HOME to a folder that is";
  return new LocalError("identidade", `${words}; ${advice}`, { cause });
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw new LocalError("identidade", `Could not read ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
