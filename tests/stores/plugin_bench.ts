/** What the tests of plugins share: the example away from the project, and broken ones made of it. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Timer } from "../../stores/answers.ts";
import { openPlugin } from "../../stores/plugin.ts";
import type { PlaceEvent, Store } from "../../stores/store.ts";
import { DEPOT, temporaryFolder } from "../disk/bench.ts";

const EXAMPLES = fileURLToPath(new URL("../../examples/", import.meta.url));

/** The files of the example, which stand alone. */
export const EXAMPLE_FILES = ["folder_store.js", "folder_files.js"];

/** So that a test of what never comes is short. Milliseconds. */
const LIMITS = { openMs: 300, readyMs: 300, answerMs: 100, workMs: 100, closeMs: 100 };

/** Time that only runs while a plugin hangs: what it really does may take as long as it takes. */
class HangingTime {
  readonly #waiting = new Set<() => void>();
  #hanging: (() => void)[] = [];

  readonly timer: Timer = (late, ms) => {
    let running: ReturnType<typeof setTimeout> | undefined;
    const run = () => running ??= setTimeout(late, ms);
    this.#waiting.add(run);
    if (this.#hanging.length > 0) run();
    return () => {
      this.#waiting.delete(run);
      clearTimeout(running);
    };
  };

  /** A plugin hangs from now on, until `goOn` is called. */
  hang(goOn: () => void): void {
    this.#hanging.push(goOn);
    for (const run of this.#waiting) run();
  }

  goOn(): void {
    for (const goOn of this.#hanging) goOn();
    this.#hanging = [];
  }
}

/** Copies the example to where an author would have a store: anywhere. */
export async function copyExample(folder: string): Promise<void> {
  for (const name of EXAMPLE_FILES) await Deno.copyFile(join(EXAMPLES, name), join(folder, name));
}

/** A folder with the example in it, and with plugins that a test writes. */
export class PluginFolder implements AsyncDisposable {
  readonly warnings: string[] = [];
  readonly #time = new HangingTime();
  #count = 0;

  private constructor(private readonly folder: AsyncDisposable & { path: string }) {
    Object.assign(globalThis, { hang: (goOn: () => void) => this.#time.hang(goOn) });
  }

  static async make(): Promise<PluginFolder> {
    const folder = await temporaryFolder();
    await copyExample(folder.path);
    return new PluginFolder(folder);
  }

  get path(): string {
    return this.folder.path;
  }

  /** What stands after `--store`, with a new and empty directory as the medium. */
  spec(module: string): string {
    const dir = join(this.path, `disk${this.#count++}`);
    return `${join(this.path, module)}?dir=${encodeURIComponent(dir)}&name=usb&zone=desk`;
  }

  /**
   * A module with this text, whose `good(options, context)` makes the example's store; who awaits
   * its `never` hangs until `goOn`.
   */
  async write(text: string): Promise<string> {
    const name = `plugin${this.#count++}.js`;
    const head =
      `import good from "./folder_store.js";\nconst never = { then: (goOn) => hang(goOn) };\n`;
    await Deno.writeTextFile(join(this.path, name), head + text);
    return name;
  }

  /** A module that makes the example's store, and then changes it: `change` is a function's body. */
  writeChanged(change: string): Promise<string> {
    return this.write(`
      export const contract = 1;
      export default async (options, context) => {
        const store = await good(options, context);
        ${change}
        return store;
      };`);
  }

  /** As `writeChanged`, for the place that the store tells of. */
  writeChangedPlace(change: string): Promise<string> {
    return this.writeChanged(`
      const { places } = store;
      store.places = async function* (signal) {
        for await (const event of places(signal)) {
          const { place } = event;
          if (place) { ${change} }
          yield event;
        }
      };`);
  }

  /** Opens the module's store; what hung in an earlier one goes on. */
  async open(module: string): Promise<Store> {
    this.goOn();
    return await openPlugin(this.spec(module), {
      context: {
        depot: DEPOT,
        known: () => undefined,
        warn: (message) => void this.warnings.push(message),
      },
      base: this.path,
      taken: new Map(),
      limits: { ...LIMITS, timer: this.#time.timer },
    });
  }

  /** What hangs does so no longer. */
  goOn(): void {
    this.#time.goOn();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.goOn();
    await this.folder[Symbol.asyncDispose]();
  }
}

/** All events up to `ready`. */
export async function untilReady(store: Store): Promise<PlaceEvent[]> {
  const events: PlaceEvent[] = [];
  for await (const event of store.places(new AbortController().signal)) {
    events.push(event);
    if (event.type === "ready") break;
  }
  return events;
}
