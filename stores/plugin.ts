/**
 * `--store ./my_store.js?option=…`: a store out of a module that the operator names. Others write it,
 * so nothing that it says is taken on trust: what is wrong before its `ready` refuses the start, what
 * is wrong later fails a call or keeps out a place, and is said. README.md is for its author.
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { inTime, PLUGIN_LIMITS, type PluginLimits, reasonOf } from "./answers.ts";
import { PluginEvents } from "./plugin_events.ts";
import { isText, requireMethods, requireThat } from "./plugin_shapes.ts";
import { CONTRACT, type PlaceEvent, type Store, type StoreContext, StoreRefused } from "./store.ts";

/** What a plugin's default export is. `options`: what stood after the `?`. */
export type StoreMaker = (
  options: URLSearchParams,
  context: StoreContext,
) => Store | Promise<Store>;

export interface OpenPluginOptions {
  context: StoreContext;
  /** What a relative path is relative to. */
  base: string;
  /** By id, which store has a place, over all plugins of a depot. */
  taken: Map<string, Store>;
  limits?: PluginLimits;
}

/** Opens the store of `PATH?options`. Throws `StoreRefused`. */
export async function openPlugin(spec: string, options: OpenPluginOptions): Promise<Store> {
  const { base, context, limits = PLUGIN_LIMITS } = options;
  const mark = spec.indexOf("?");
  const path = resolve(base, mark < 0 ? spec : spec.slice(0, mark));
  const query = new URLSearchParams(mark < 0 ? "" : spec.slice(mark + 1));
  try {
    const store = await inTime(
      async () => {
        const make = makerOf(await import(pathToFileURL(path).href));
        return await make(query, context);
      },
      limits.openMs,
      limits,
    );
    await requireStore(store, limits);
    return new PluginStore(store, path, { ...options, limits });
  } catch (error) {
    const why = await isThere(path) ? reasonOf(error) : "there is no such file. Check the path";
    throw new StoreRefused(`Could not open the store ${path}: ${why}`, { cause: error });
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}

function makerOf(module: { contract?: unknown; default?: unknown }): StoreMaker {
  if (module.contract !== CONTRACT) {
    const theirs = module.contract === undefined ? "no contract" : `contract ${module.contract}`;
    throw new Error(`it is written for ${theirs}, and this program has contract ${CONTRACT}`);
  }
  requireThat(typeof module.default === "function", "its default export makes no store");
  return module.default as StoreMaker;
}

async function requireStore(store: Store, limits: PluginLimits): Promise<void> {
  try {
    requireMethods(store, ["places", Symbol.asyncDispose], "the store that it made");
    requireThat(isText(store.kind), "the store that it made must have a text as its kind");
  } catch (error) {
    // What it opened already is let go of, as far as that goes.
    await inTime(() => store?.[Symbol.asyncDispose]?.(), limits.closeMs, limits).catch(() => {});
    throw error;
  }
}

class PluginStore implements Store {
  readonly kind: string;
  readonly renew?: (address: string) => Promise<string>;
  readonly #store: Store;
  readonly #path: string;
  readonly #options: OpenPluginOptions & { limits: PluginLimits };

  constructor(
    store: Store,
    path: string,
    options: OpenPluginOptions & { limits: PluginLimits },
  ) {
    this.kind = store.kind;
    this.#store = store;
    this.#path = path;
    this.#options = options;
    if (typeof store.renew === "function") this.renew = (address) => this.#renew(address);
  }

  places(signal: AbortSignal): AsyncGenerator<PlaceEvent> {
    const { context, limits, taken } = this.#options;
    const about = { path: this.#path, warn: context.warn, limits, taken };
    return new PluginEvents(this.#store, about).until(signal);
  }

  async #renew(address: string): Promise<string> {
    try {
      const { limits } = this.#options;
      const id = await inTime(() => this.#store.renew!(address), limits.openMs, limits);
      requireThat(isText(id), "it told no id of the new place");
      return id;
    } catch (error) {
      throw new StoreRefused(`Could not renew ${address}: ${reasonOf(error)}`, { cause: error });
    }
  }

  /** A plugin that does not end must not keep the others from it. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { context, limits } = this.#options;
    try {
      await inTime(() => this.#store[Symbol.asyncDispose](), limits.closeMs, limits);
    } catch (error) {
      context.warn(`Could not close the store ${this.#path}: ${reasonOf(error)}`);
    }
  }
}
