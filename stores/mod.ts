/** From what the operator typed after `--store` to stores. */
import { isAbsolute, resolve } from "node:path";
import { clientsStore, type Lenders } from "./clients.ts";
import { fsStore } from "./fs.ts";
import { openPlugin } from "./plugin.ts";
import { type Store, type StoreContext, StoreRefused } from "./store.ts";

/** Opens one store for all specs of its kind; `values` are what stood after the colon. */
type Opener = (values: string[], options: OpenStoresOptions) => Promise<Store>;

/** The stores that come with the program, by kind. */
const KINDS: Record<string, Opener> = {
  fs: (values, { context, base }) => fsStore({ directories: directories(values, base), context }),
  clients: (_values, { lenders }) => {
    if (lenders) return Promise.resolve(clientsStore(lenders));
    throw new StoreRefused("Could not open the store clients: nobody can connect here");
  },
};

/** `NAME:…` or `NAME`; a single letter is a Windows drive. */
const KIND = /^([a-z][a-z0-9]+)(:|$)/;

/** Kinds that are written without a colon: there is nothing to say of them. */
const BARE: ReadonlySet<string> = new Set(["clients"]);

/** What makes a spec a module's path and not a kind. */
const PLUGIN_PATH = /^\.{0,2}[/\\]/;

export interface OpenStoresOptions {
  context: StoreContext;
  /** What relative paths are relative to. */
  base: string;
  /** Who lends room, for `clients`. */
  lenders?: Lenders;
}

/** The directories that those of `specs` name which are of the kind `fs`, as absolute paths. */
export function directoriesOf(specs: string[], base: string): string[] {
  const own = specs.filter((spec) => spec.startsWith("fs:"));
  return directories(own.map((spec) => spec.slice("fs:".length)), base);
}

function directories(values: string[], base: string): string[] {
  return values.flatMap((value) => value.split(",")).filter((path) => path !== "")
    .map((path) => resolve(base, path));
}

/** Opens what one `--store` asks for. Throws as `openStores` does. */
export async function openStore(spec: string, options: OpenStoresOptions): Promise<Store> {
  return (await openStores([spec], options))[0]!;
}

/**
 * Opens what all `--store` ask for: one store for each kind (so that directories of several `fs:`
 * are checked against each other) and one for each plugin. Throws `StoreRefused`, and then none is
 * left open.
 */
export async function openStores(specs: string[], options: OpenStoresOptions): Promise<Store[]> {
  await using opened = new AsyncDisposableStack();
  const stores: Store[] = [];
  for (const open of openers(specs)) stores.push(opened.use(await open(options)));
  opened.move();
  return stores;
}

function openers(specs: string[]): ((options: OpenStoresOptions) => Promise<Store>)[] {
  const plugins = specs.filter(isPlugin);
  const taken = new Map<string, Store>();
  const byKind = Map.groupBy(specs.filter((spec) => !isPlugin(spec)), kindOf);
  return [
    ...[...byKind].map(([kind, same]) => {
      const values = same.map((spec) => spec.slice(kind.length + 1));
      return (options: OpenStoresOptions) => KINDS[kind]!(values, options);
    }),
    ...plugins.map((spec) => (options: OpenStoresOptions) =>
      openPlugin(spec, { ...options, taken })
    ),
  ];
}

function isPlugin(spec: string): boolean {
  return PLUGIN_PATH.test(spec) || isAbsolute(spec);
}

function kindOf(spec: string): string {
  const [, kind = "", colon] = KIND.exec(spec) ?? [];
  if (Object.hasOwn(KINDS, kind) && (colon === "") === BARE.has(kind)) return kind;
  const kinds = Object.keys(KINDS).map((known) => BARE.has(known) ? known : `${known}:`).join(", ");
  throw new StoreRefused(
    `Could not open the store ${spec}: known are ${kinds} and the path of a module, ./store.js`,
  );
}
