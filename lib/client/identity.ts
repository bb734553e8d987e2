/**
 * What this machine remembers of who it is, one file a depot:
 *
 *     <folder>/<depot id>.json     {"version":1,"depot":UUID,"id":UUID}
 *     <folder>/addresses/<key>     the depot that answered at an address last: a hint
 *     <folder>/lock                held while an identifier is made
 *
 * The identifier is all that it takes to read the files, so only the user can read it. It is on
 * disk before anything is deposited under it, and is never replaced by another.
 */
import { join } from "node:path";
import { validate as isUuid } from "@std/uuid/v4";
import { LocalError, messageOf } from "./errors.ts";
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

/** The remembered identifiers. */
export class Identities {
  #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The identifier at a depot; `null`: none is remembered. Throws `identidade`. */
  async of(depot: string): Promise<string | null> {
    const path = this.#path(depot);
    const text = await readIfThere(path);
    if (text === null) return null;
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
    const path = this.#path(depot);
    const text = JSON.stringify({ version: 1, depot, id }) + "\n";
    await this.#writeNew(path, text);
    return await this.of(depot) ?? id;
  }

  /** The depot that answered there last, to be believed only when it answers again. */
  async hint(address: Address): Promise<string | null> {
    const text = await readIfThere(this.#hintPath(address));
    return text !== null && isUuid(text.trim()) ? text.trim() : null;
  }

  /** A hint that cannot be kept is not missed. */
  async setHint(address: Address, depot: string): Promise<void> {
    if (await this.hint(address) === depot) return;
    const path = this.#hintPath(address);
    const draft = `${path}.${crypto.randomUUID()}`;
    try {
      await Deno.mkdir(join(this.#folder, "addresses"), { recursive: true, mode: 0o700 });
      await Deno.writeTextFile(draft, depot + "\n", { createNew: true, mode: 0o600 });
      await Deno.rename(draft, path);
    } catch {
      await Deno.remove(draft).catch(() => {});
    }
  }

  /** Runs `work` while no other process on this machine makes an identifier. */
  async locked<T>(work: () => Promise<T>): Promise<T> {
    await this.#makeFolder();
    const options = { create: true, write: true, mode: 0o600 };
    using lock = await Deno.open(join(this.#folder, "lock"), options);
    await lock.lock(true);
    return await work();
  }

  /** Where an identifier is kept, to tell the user. */
  pathOf(depot: string): string {
    return this.#path(depot);
  }

  #path(depot: string): string {
    if (!isUuid(depot)) throw new TypeError("Expected a depot's identifier");
    return join(this.#folder, `${depot}.json`);
  }

  #hintPath({ hostname, port }: Address): string {
    const host = hostname.toLowerCase().replace(/[^a-z0-9.-]/g, "_").slice(0, 200);
    return join(this.#folder, "addresses", `${host}_${port}`);
  }

  async #makeFolder(): Promise<void> {
    try {
      await Deno.mkdir(this.#folder, { recursive: true, mode: 0o700 });
      if (Deno.build.os !== "windows") await Deno.chmod(this.#folder, 0o700);
    } catch (cause) {
      throw new LocalError(
        "identidade",
        `Could not use ${this.#folder} to remember your identifier: ${messageOf(cause)}`,
        { cause },
      );
    }
  }

  /** All of it under its name, on disk, or nothing; what is there already stays. */
  async #writeNew(path: string, text: string): Promise<void> {
    const draft = `${path}.${crypto.randomUUID()}`;
    {
      using file = await Deno.open(draft, { createNew: true, write: true, mode: 0o600 });
      const bytes = new TextEncoder().encode(text);
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
      await file.sync();
    }
    try {
      await Deno.link(draft, path);
    } catch (error) {
      // Without links the lock alone keeps two writers apart.
      if (!(error instanceof Deno.errors.AlreadyExists)) return await Deno.rename(draft, path);
    }
    await Deno.remove(draft);
    await syncFolder(this.#folder);
  }
}

async function syncFolder(path: string): Promise<void> {
  // Windows cannot open a folder to sync it.
  if (Deno.build.os === "windows") return;
  using folder = await Deno.open(path);
  await folder.sync();
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
