/** A place that keeps only which contents it has, for very many of them. */
import { createHash } from "node:crypto";
import {
  type Mark,
  type Place,
  type PlaceReader,
  type PlaceWriter,
  type ReadRange,
  Unreachable,
} from "../../../stores/store.ts";

/** The bytes of every content, once. */
export type Library = Map<string, Uint8Array>;

export class LightPlace implements Place {
  readonly name: string;
  readonly zone: string;
  readonly address: string;
  readonly trusted = false;
  /** Bytes of the replicas that it has. */
  used = 0;
  /** Bytes that were ever written to it. */
  written = 0;
  isAway = false;
  readonly #digests = new Set<string>();
  #sorted: string[] | null = null;
  #mark: Mark | null = null;

  constructor(
    readonly id: string,
    private readonly library: Library,
    private readonly capacity: number,
  ) {
    this.name = this.zone = id;
    this.address = `light:${id}`;
  }

  get digests(): ReadonlySet<string> {
    return this.#digests;
  }

  // deno-lint-ignore require-await
  async room() {
    this.#reach();
    return { capacity: this.capacity, free: this.capacity - this.used };
  }

  // deno-lint-ignore require-await
  async begin(): Promise<PlaceWriter> {
    this.#reach();
    let position = 0;
    return {
      get position() {
        return position;
      },
      async *prefix() {},
      rewind: (to) => Promise.resolve(void (position = to)),
      write: async (chunk) => {
        await this.room();
        this.written += chunk.length;
        position += chunk.length;
      },
      // deno-lint-ignore require-await
      commit: async ({ digest }) => {
        this.#reach();
        this.#put(digest);
      },
      keep: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  // deno-lint-ignore require-await
  async get(digest: string, { from, length, aside }: ReadRange): Promise<PlaceReader | null> {
    this.#reach();
    if (aside || !this.#digests.has(digest)) return null;
    const bytes = this.library.get(digest)!;
    let at = from;
    const end = length === undefined ? bytes.length : Math.min(bytes.length, from + length);
    return {
      size: bytes.length,
      // deno-lint-ignore require-await
      read: async (target) => {
        this.#reach();
        const part = bytes.subarray(at, Math.min(end, at + target.length));
        target.set(part);
        at += part.length;
        return part.length;
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  // deno-lint-ignore require-await
  async hash(digest: string, { prefix }: { prefix: Uint8Array }): Promise<string | null> {
    this.#reach();
    if (!this.#digests.has(digest)) return null;
    return createHash("sha256").update(prefix).update(this.library.get(digest)!).digest("hex");
  }

  // deno-lint-ignore require-await
  async delete(digest: string): Promise<void> {
    this.#reach();
    if (!this.#digests.delete(digest)) return;
    this.used -= this.library.get(digest)!.length;
    this.#sorted = null;
  }

  // deno-lint-ignore require-await
  async setAside(digest: string): Promise<void> {
    if (!this.#digests.has(digest)) return;
    throw new Error(`Nothing goes bad here, and yet ${digest} is set aside`);
  }

  async *asides() {}

  dropAside(): Promise<void> {
    return Promise.resolve();
  }

  async *list({ after = "" }: { after?: string }) {
    this.#reach();
    this.#sorted ??= [...this.#digests].sort();
    for (const digest of this.#sorted) {
      if (digest > after) yield { digest, size: this.library.get(digest)!.length };
    }
  }

  async *uploads() {}

  discard(): Promise<void> {
    return Promise.resolve();
  }

  mark(): Promise<Mark | null> {
    return Promise.resolve(this.#mark);
  }

  // deno-lint-ignore require-await
  async setMark(mark: Mark): Promise<void> {
    this.#reach();
    this.#mark = mark;
  }

  #put(digest: string): void {
    if (this.#digests.has(digest)) return;
    this.#digests.add(digest);
    this.used += this.library.get(digest)!.length;
    this.#sorted = null;
  }

  #reach(): void {
    if (this.isAway) throw new Unreachable(`Could not use ${this.name}: it is away`);
  }
}
