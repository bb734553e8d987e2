import { Full, type Place, type PlaceWriter } from "../../stores/store.ts";
import type { Sum } from "../content/content_sum.ts";
import type { Hashers, Summing } from "./hashing/hashers.ts";
import { allEnded } from "../worker/all_ended.ts";
import { Ticks } from "./ticks.ts";
import { type Kept, mostCommon, readKept } from "./kept_part.ts";
import { LegWatch, STALLED_MS } from "./leg_watch.ts";
import { messageOf } from "./log.ts";
import type { Look, Reservation } from "./rooms.ts";

/** No place could take the bytes; the message says what the last one said. */
export class NoPlaceLeft extends Error {
  override readonly name = "NoPlaceLeft";
}

/** A place held the others up. */
class HeldUp extends Error {
  override readonly name = "HeldUp";
}

/** Places that are being written to are looked at once a second. */
const LOOKS = new Ticks(1_000);

/** One place of an upload, while it can still be written to. */
interface Leg {
  place: Place;
  writer: PlaceWriter;
  room: Reservation;
  watch: LegWatch;
}

export interface UploadOptions {
  /** Who hashes the bytes; not given where it is known what they come to. */
  hashers?: Hashers | undefined;
  /** Bytes that will come, as their client says. */
  size?: number | null;
  /** Why a place is not among the legs. */
  failure?: unknown;
  /** Monotonic milliseconds. */
  now?: () => number;
  /** Told of a place that fails. */
  onFailed?: (place: string) => unknown;
}

/**
 * The bytes of one deposit on their way to several places at once. A place that fails is dropped
 * and the others go on. Disposed without `commit` or `keep`: nothing stays anywhere.
 */
export class Upload implements AsyncDisposable {
  /** `null` before there are bytes. */
  #summing: Summing | null = null;
  /** Of what was kept of an earlier attempt. */
  #keptDigest: string | null = null;
  #legs: Leg[];
  #position = 0;
  #lastFailure: unknown;

  readonly #now: () => number;

  constructor(legs: Leg[], private readonly options: UploadOptions = {}) {
    this.#legs = legs;
    this.#lastFailure = options.failure ?? null;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Bytes that every place still in it has. */
  get position(): number {
    return this.#position;
  }

  get places(): string[] {
    return this.#legs.map((leg) => leg.place.id);
  }

  /** SHA-256 of the bytes that were kept of an earlier attempt, if it goes on from them. */
  get keptDigest(): string | null {
    return this.#keptDigest;
  }

  /** What its bytes come to; none come after. */
  async sum(): Promise<Sum> {
    return await this.#begunSumming().sum();
  }

  /**
   * Goes on from what all places kept, or from `most` when that is less: reads it again everywhere,
   * and drops the places whose bytes are not those that most have. Places that the depot reads
   * itself are believed before any number of others.
   */
  async resume(most: number): Promise<void> {
    const kept = Math.min(most, ...this.#legs.map((leg) => leg.writer.position));
    await this.#onEach((leg) => leg.writer.rewind(kept));
    if (kept === 0) return;
    const read = new Map<Leg, Kept>();
    await this.#onEach(async (leg) => read.set(leg, await readKept(leg.writer)));
    const right = mostCommon([...read].map(([{ place }, { digest }]) => [digest, place.trusted]));
    await this.#onEach((leg) => {
      if (read.get(leg)!.digest !== right) throw new Error("What it kept of the upload differs");
      leg.room.used(kept);
    });
    const { sum, digest } = read.get(this.#legs[0]!)!;
    this.#summing = this.options.hashers?.resume(sum) ?? null;
    this.#keptDigest = digest;
    this.#position = kept;
  }

  /** Drops what was kept: the client sends everything again. */
  async restart(): Promise<Upload> {
    await this.#onEach(async (leg) => {
      await leg.writer.rewind(0);
      leg.room.extend(this.#position);
    });
    const again = new Upload(this.#legs, this.options);
    this.#legs = [];
    await this[Symbol.asyncDispose]();
    return again;
  }

  /** Appends `chunk` on every place. Throws `NoPlaceLeft` when the last one failed. */
  async write(chunk: Uint8Array): Promise<void> {
    const written = this.#onEach((leg) => this.#writeTo(leg, chunk));
    const summed = this.options.hashers && this.#begunSumming().update(chunk);
    this.#position += chunk.length;
    if (summed) await allEnded([written, summed]);
    else await written;
  }

  /** Throws when the place fails, or holds the others up for nothing (leg_watch.ts). */
  async #writeTo(leg: Leg, chunk: Uint8Array): Promise<void> {
    const { writer, room, watch } = leg;
    watch.begin(this.#now());
    try {
      await LOOKS.watch(writer.write(chunk), () => this.#judge(leg));
    } finally {
      watch.end(this.#now());
    }
    const why = this.#judge(leg);
    if (why) throw why;
    room.used(chunk.length);
  }

  /** Why a place is not waited for any longer, if it is not. */
  #judge(leg: Leg): HeldUp | null {
    const others = this.#legs.filter((other) => other !== leg);
    const why = leg.watch.judge(this.#now(), others.flatMap(({ watch }) => watch.speed ?? []));
    return why === null ? null : new HeldUp(`Dropped ${leg.place.name}: ${why}`);
  }

  /** Holds room for `bytes` more on every place; one without so much is dropped. */
  async extendRoom(bytes: number, look: Look): Promise<void> {
    const free = new Map(look.candidates().map((place) => [place.id, place.free]));
    await this.#onEach(({ place, room }) => {
      if ((free.get(place.id) ?? 0) < bytes) throw new Full(`No room on ${place.name}`);
      room.extend(bytes);
    });
  }

  /**
   * Makes the bytes the replica of `content`, durably, on every place; resolves to those that did.
   * `onDurable` is told how many have by now.
   */
  async commit(
    content: { digest: string; size: number },
    onDurable?: (places: number) => void,
  ): Promise<string[]> {
    let durable = 0;
    await this.#onEach(async (leg) => {
      await leg.writer.commit(content);
      onDurable?.(++durable);
    });
    const done = this.places;
    await this[Symbol.asyncDispose]();
    return done;
  }

  /** Keeps the bytes for a resume. */
  async keep(): Promise<void> {
    await this.#onEach((leg) => leg.writer.keep()).catch(() => {});
    await this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const legs = this.#legs;
    this.#legs = [];
    this.#summing?.[Symbol.dispose]();
    await Promise.all(legs.map(closeLeg));
  }

  #begunSumming(): Summing {
    return this.#summing ??= this.options.hashers!.begin(this.options.size ?? null);
  }

  /** Runs `work` on all places at once; those where it throws are out. */
  async #onEach(work: (leg: Leg) => unknown): Promise<void> {
    await Promise.all(this.#legs.map(async (leg) => {
      try {
        await work(leg);
      } catch (error) {
        this.#lastFailure = error;
        this.options.onFailed?.(leg.place.id);
        this.#legs = this.#legs.filter((other) => other !== leg);
        const closing = closeLeg(leg);
        // What it was given may still be on its way into it.
        if (!(error instanceof HeldUp)) await closing;
      }
    }));
    if (this.#legs.length > 0) return;
    throw new NoPlaceLeft(`No place took the bytes: ${messageOf(this.#lastFailure)}`, {
      cause: this.#lastFailure,
    });
  }
}

/** What neither committed nor was kept is dropped by its place. */
async function closeLeg({ writer, room }: Leg): Promise<void> {
  room[Symbol.dispose]();
  try {
    await writer[Symbol.asyncDispose]();
  } catch {
    // The place may be gone; what it has of the upload is found and dropped when it comes back.
  }
}

/** Opens `id` on a place; the room for all of `size` is held by `room`. */
export async function openLeg(
  place: Place,
  room: Reservation,
  upload: { id: string; size?: number; resume: boolean; signal: AbortSignal },
): Promise<Leg> {
  const since = performance.now();
  const begun = place.begin(upload);
  try {
    const isLate = () => performance.now() - since >= STALLED_MS;
    const late = () => isLate() ? new HeldUp(`No answer from ${place.name}`) : null;
    const writer = await LOOKS.watch(begun, late);
    return { place, room, writer, watch: new LegWatch(writer) };
  } catch (error) {
    room[Symbol.dispose]();
    // One that comes too late.
    begun.then((writer) => writer[Symbol.asyncDispose]()).catch(() => {});
    throw error;
  }
}
