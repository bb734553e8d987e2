import type { ChunkBuffers } from "./chunk_buffers.ts";
import type { Clock } from "./clock.ts";
import { type ContentToRead, NoGoodCopy } from "./content_reader.ts";
import type { Lane } from "./lane.ts";
import { Lanes } from "./lanes.ts";
import { chunksAtOnce, isStalled, Pace, windowOf } from "./ranges.ts";
import type { Source } from "./source_order.ts";

/** While a chunk is waited for, a look at who reads it so often. Milliseconds. */
const LOOK_MS = 50;
/**
 * A disk that has not given a chunk for so long hangs, and another is read. What others look after may
 * be behind a slow line, and is let go of by who speaks with it. Milliseconds.
 */
const HUNG_MS = 5_000;
/** Who lets go waits so long for reads that do not end, as of a disk that hangs. Milliseconds. */
const LEAVE_MS = 1_000;

export interface ChunkStreamOptions {
  content: ContentToRead;
  buffers: ChunkBuffers;
  clock: Clock;
  /** Indexes of the first and the last chunk to read. */
  first: number;
  last: number;
  /** A copy does not answer, and another is read in its place. */
  onHung(place: string): void;
}

interface Filled {
  bytes: Uint8Array;
  buffer: Uint8Array;
}

/** A chunk that is read, or that waits until those before it are handed out. */
interface Asked {
  index: number;
  /** Those that read it, in the order of being asked; without those that could not. */
  lanes: Lane[];
  isHere: boolean;
  arrival: PromiseWithResolvers<Filled>;
}

/**
 * The chunks of a content in order, read ahead: one from the copy that is tried first, or several
 * from several copies where `Pace` finds that this pays. Each is checked, and read from whichever
 * copy has it, as `ContentReader` does. What is held at once fits in the buffers.
 */
export class ChunkStream implements AsyncDisposable {
  #sources: Source[] = [];
  #lanes: Lanes;
  /** Copies that others overtook. */
  #slow = new Set<Source>();
  /** Chunks that came from each copy since their number changed. */
  #came = new Map<Source, number>();
  #asked = new Map<number, Asked>();
  #nextToAsk: number;
  #nextToGive: number;
  #given: Uint8Array | null = null;
  #pace = new Pace();
  #work = new Set<Promise<void>>();
  #closed = false;
  #abort = () => this.#stop(this.options.content.signal.reason);

  constructor(private readonly options: ChunkStreamOptions) {
    this.#nextToAsk = this.#nextToGive = options.first;
    const { sources, signal } = options.content;
    this.#lanes = new Lanes(options.content);
    signal.addEventListener("abort", this.#abort);
    if (sources.first) this.#readFrom([sources.first]);
  }

  /** The next chunk, valid until the one after it is asked for. Throws `NoGoodCopy`. */
  async next(): Promise<Uint8Array> {
    const { buffers, clock, content } = this.options;
    content.signal.throwIfAborted();
    if (this.#sources.length === 0) throw new NoGoodCopy("Could not read: there is no copy now");
    if (this.#given) buffers.give(this.#given);
    this.#given = null;
    this.#ask();
    const beganAt = clock.monotonic();
    const { bytes, buffer } = await this.#arrived(this.#askedFor(this.#nextToGive));
    this.#asked.delete(this.#nextToGive++);
    this.#given = buffer;
    const at = clock.monotonic();
    this.#adapt(at, at - beganAt);
    this.#ask();
    return bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.options.content.signal.removeEventListener("abort", this.#abort);
    this.#closed = true;
    if (this.#work.size === 0) return await this.#lanes[Symbol.asyncDispose]();
    this.#stop();
    // No copy is closed under a read.
    const ended = Promise.all(this.#work).then(() => this.#lanes[Symbol.asyncDispose]());
    if (await this.#settles(ended, LEAVE_MS)) await ended;
  }

  #stop(reason?: unknown): void {
    this.#closed = true;
    this.#lanes.stop(reason);
    for (const { lanes, arrival } of this.#asked.values()) {
      if (lanes.length === 0) arrival.reject(reason);
    }
  }

  #askedFor(index: number): Asked {
    const present = this.#asked.get(index);
    if (present) return present;
    const arrival = Promise.withResolvers<Filled>();
    // A failure is met when its turn comes.
    arrival.promise.catch(() => {});
    const asked: Asked = { index, lanes: [], isHere: false, arrival };
    this.#asked.set(index, asked);
    return asked;
  }

  /** Every lane that is free gets the next chunk, while there is a buffer for it. */
  #ask(): void {
    if (this.#closed) return;
    const { buffers, last } = this.options;
    // One is left for a chunk that is asked of another copy, too.
    const spare = buffers.limit > windowOf(1) ? 1 : 0;
    for (const lane of this.#lanes.free) {
      const buffer = this.#nextToAsk <= last ? buffers.take(spare) : null;
      if (!buffer) return;
      this.#start(lane, this.#askedFor(this.#nextToAsk++), buffer);
    }
  }

  #start(lane: Lane, asked: Asked, buffer: Uint8Array): void {
    asked.lanes.push(lane);
    const done = this.#read(lane, asked, buffer).finally(() => this.#work.delete(done));
    this.#work.add(done);
  }

  async #read(lane: Lane, asked: Asked, buffer: Uint8Array): Promise<void> {
    const { buffers, clock, content } = this.options;
    const now = () => clock.monotonic();
    const onlyThis = this.#sources.length > 1;
    try {
      const bytes = await lane.read(asked.index, buffer, { onlyThis, now });
      // It is another one where a copy failed.
      const filled = { bytes, buffer: new Uint8Array(bytes.buffer) };
      if (asked.isHere) buffers.give(filled.buffer);
      else this.#take(asked, lane, filled);
    } catch (error) {
      buffers.give(new Uint8Array(buffer.length));
      asked.lanes = asked.lanes.filter((other) => other !== lane);
      if (asked.lanes.length === 0) asked.arrival.reject(error);
    }
    this.#lanes.hasRead(lane);
    this.#fit();
    if (content.sources.hasFailed(lane.source)) this.#leave(lane.source);
    this.#ask();
  }

  /** A chunk is here. Who was asked for it before is too slow to be read beside the others. */
  #take(asked: Asked, lane: Lane, filled: Filled): void {
    asked.isHere = true;
    asked.arrival.resolve(filled);
    this.#came.set(lane.source, (this.#came.get(lane.source) ?? 0) + 1);
    for (const earlier of asked.lanes.slice(0, asked.lanes.indexOf(lane))) {
      earlier.stop();
      this.#slow.add(earlier.source);
      this.#lanes.letGo(earlier);
      this.#leave(earlier.source);
    }
  }

  async #arrived(asked: Asked): Promise<Filled> {
    const { promise } = asked.arrival;
    const { hasOthers } = this.options.content.sources;
    while (!asked.isHere && (hasOthers || !this.#isReadAlone())) {
      if (await this.#settles(promise, this.#isReadAlone() ? HUNG_MS : LOOK_MS)) break;
      this.#hurry(asked);
      this.#turnFromHung(asked);
    }
    return await promise;
  }

  #isReadAlone(): boolean {
    return this.#sources.length === 1 && !this.#lanes.areLeaving;
  }

  /** Whether `work` ends within `ms`, for good or bad. */
  async #settles(work: Promise<unknown>, ms: number): Promise<boolean> {
    const stop = new AbortController();
    const late = this.options.clock.sleep(ms, stop.signal).then(() => false);
    const isSettled = await Promise.race([work.then(() => true, () => true), late]);
    stop.abort();
    return isSettled;
  }

  /** Asks another copy as well for a chunk that all wait for, when the first takes far too long. */
  #hurry(asked: Asked): void {
    const { buffers, clock } = this.options;
    const [first, second] = asked.lanes;
    if (!first || second || this.#closed) return;
    const readMs = first.readingMs(clock.monotonic());
    const other = this.#lanes.free.find(({ source, usualMs }) =>
      source !== first.source && usualMs !== null && isStalled(readMs, usualMs)
    );
    const buffer = other ? buffers.take() : null;
    if (other && buffer) this.#start(other, asked, buffer);
  }

  /** Goes on from another copy at the chunk that the copies which are read do not give. */
  #turnFromHung(asked: Asked): void {
    const { buffers, clock, content: { sources }, onHung } = this.options;
    const hung = asked.lanes.at(-1);
    if (!hung?.source.place.trusted || this.#closed) return;
    if (hung.readingMs(clock.monotonic()) < HUNG_MS) return;
    if (this.#sources.includes(hung.source)) {
      const others = sources.from()
        .filter((source) => source !== hung.source && !sources.hasFailed(source));
      // One that was slow may be fast again, unless it is still waited for.
      const instead = others.find((source) => !this.#slow.has(source)) ??
        others.find((source) => !this.#lanes.areReading(source));
      if (!instead) return;
      onHung(hung.source.place.id);
      this.#slow.add(hung.source);
      this.#readFrom([instead]);
      // The one that it holds does not come back soon.
      buffers.resize(buffers.limit + 1);
    }
    const [lane] = this.#lanes.free;
    const buffer = lane ? buffers.take() : null;
    if (lane && buffer) this.#start(lane, asked, buffer);
  }

  /** After each chunk that is handed out: from how many copies it goes on. */
  #adapt(at: number, waitedMs: number): void {
    const { buffers, last } = this.options;
    const sources = this.#sources;
    const left = last + 1 - this.#nextToAsk;
    const others = this.#others();
    const wish = this.#pace.note({ at, waitedMs, left, others: others.length });
    const wanted = buffers.areWanted ? 1 : wish;
    if (wanted > sources.length) {
      this.#readFrom([...sources, ...others.slice(0, wanted - sources.length)]);
    } else if (wanted < sources.length) {
      const came = (source: Source) => this.#came.get(source) ?? 0;
      this.#readFrom([...sources].sort((a, b) => came(b) - came(a)).slice(0, wanted));
    } else {
      this.#pace.set(sources.length);
    }
  }

  #others(): Source[] {
    return this.options.content.sources.besides
      .filter((source) => !this.#sources.includes(source) && !this.#slow.has(source));
  }

  /** A copy is not read any more, unless there is no other. */
  #leave(source: Source): void {
    if (!this.#sources.includes(source)) return;
    const rest = this.#sources.filter((other) => other !== source);
    const { first } = this.options.content.sources;
    this.#readFrom(rest.length > 0 || !first ? rest : [first]);
  }

  /** Goes on with these copies; as before where there is no memory for more. */
  #readFrom(sources: Source[]): void {
    const { buffers } = this.options;
    const window = windowOf(sources.length);
    if (buffers.limit < window && !buffers.resize(window)) {
      return this.#pace.set(this.#sources.length);
    }
    this.#sources = sources;
    this.#came.clear();
    this.#pace.set(sources.length);
    this.#lanes.serve(sources, chunksAtOnce(sources.length) / sources.length);
    this.#fit();
  }

  /** The window shrinks when nobody reads any more who was asked for a chunk in the larger one. */
  #fit(): void {
    const { buffers } = this.options;
    if (!this.#lanes.areLeaving) buffers.resize(windowOf(this.#sources.length));
  }
}
