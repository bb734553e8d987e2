/**
 * A plugin's place, as the depot may rely on it: what it answers has the contract's shape, or the
 * call fails. That a plugin keeps its promises about what is on the medium, nobody can check here.
 */
import type { Answers } from "./answers.ts";
import { ascending, isAmount, isHash, isId, isSize, isText, requireThat } from "./plugin_shapes.ts";
import { PluginReader, PluginWriter } from "./plugin_streams.ts";
import type { AsideCopy, Mark, Place, PlaceReader, PlaceWriter, ReadRange, Room } from "./store.ts";

export interface PluginPlaceOptions {
  answers: Answers;
  /** What is thrown in place of what failed while the place joins. */
  explain(error: unknown): unknown;
}

/** Stands between the depot and a plugin's place, which has passed `requirePlace`. */
export class PluginPlace implements Place {
  readonly id: string;
  readonly name: string;
  readonly zone: string;
  readonly address: string;
  readonly trusted: boolean;
  readonly machine?: string;
  readonly #place: Place;
  readonly #answers: Answers;
  readonly #explain: (error: unknown) => unknown;

  constructor(place: Place, { answers, explain }: PluginPlaceOptions) {
    this.id = place.id;
    this.name = place.name;
    this.zone = place.zone;
    this.address = place.address;
    this.trusted = place.trusted;
    if (place.machine !== undefined) this.machine = place.machine;
    this.#place = place;
    this.#answers = answers;
    this.#explain = explain;
  }

  async room(): Promise<Room> {
    const { capacity, free } = Object(await this.#answers.ask("room", () => this.#place.room()));
    requireThat(isAmount(capacity) && isAmount(free), "room() answered no numbers of bytes");
    return { capacity, free };
  }

  async begin(upload: Parameters<Place["begin"]>[0]): Promise<PlaceWriter> {
    const writer = await this.#answers.ask("begin", () => this.#place.begin(upload));
    return new PluginWriter(writer, upload, this.#answers);
  }

  async get(digest: string, range: ReadRange): Promise<PlaceReader | null> {
    const reader = await this.#answers.ask("get", () => this.#place.get(digest, range));
    return reader === null ? null : new PluginReader(reader, range, this.#answers);
  }

  /** As long as it takes: a content may be of any size. */
  async hash(
    digest: string,
    options: { prefix: Uint8Array; signal: AbortSignal },
  ): Promise<string | null> {
    const hash = await this.#answers.until(
      options.signal,
      "hash",
      () => this.#place.hash(digest, options),
    );
    requireThat(hash === null || isHash(hash), "hash() answered no SHA-256");
    return hash;
  }

  delete(digest: string): Promise<void> {
    return this.#answers.ask("delete", () => this.#place.delete(digest));
  }

  setAside(digest: string): Promise<void> {
    return this.#answers.work("setAside", () => this.#place.setAside(digest));
  }

  asides(): AsyncIterable<AsideCopy> {
    const check = ascending<AsideCopy>("asides");
    return this.#answers.each("asides", () => this.#place.asides(), (aside) => {
      requireThat(isAmount(Object(aside).since), "asides() does not tell since when");
      return check(aside);
    });
  }

  dropAside(digest: string): Promise<void> {
    return this.#answers.ask("dropAside", () => this.#place.dropAside(digest));
  }

  list(
    options: { after?: string; signal: AbortSignal },
  ): AsyncIterable<{ digest: string; size: number }> {
    const check = ascending<{ digest: string; size: number }>("list", options.after);
    return this.#answers.each("list", () => this.#place.list(options), check);
  }

  uploads(): AsyncIterable<{ id: string; bytes: number }> {
    return this.#answers.each("uploads", () => this.#place.uploads(), (item) => {
      const { id, bytes } = Object(item);
      requireThat(isId(id) && isSize(bytes), "uploads() told of something that is no upload");
      return { id, bytes };
    });
  }

  discard(uploadId: string): Promise<void> {
    return this.#answers.ask("discard", () => this.#place.discard(uploadId));
  }

  mark(): Promise<Mark | null> {
    return this.#joining(async () => {
      const mark = await this.#answers.ask("mark", () => this.#place.mark());
      if (mark === null) return null;
      const { depot, sequence } = Object(mark);
      requireThat(isText(depot) && isSize(sequence), "mark() answered neither a mark nor null");
      return { depot, sequence };
    });
  }

  setMark(mark: Mark): Promise<void> {
    return this.#joining(() => this.#answers.ask("setMark", () => this.#place.setMark(mark)));
  }

  async #joining<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw this.#explain(error);
    }
  }
}
